"""What a forward hands on to its backward may be any object; a reader that fails costs the reading, not the check."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import nn

from gradproof import Code, Reference, crosscheck, normal

TEXT = """
from dataclasses import dataclass
import numpy as np

@dataclass
class Cache:
    x: np.ndarray

class Plain:
    def __init__(self, x):
        self.x = x

def forward(x, W):
    return x @ W, CACHE(x)

def backward(dout, cache, W):
    return dout @ W.T, cache.x.T @ dout * FACTOR
"""


class Linear(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.W = nn.Parameter(torch.zeros(3, 4))

    def forward(self, x):
        return x @ self.W


def loaded(folder: Path, text: str) -> ModuleType:
    name = f"handed_on_{folder.name}_{len(list(folder.iterdir()))}"
    path = folder / f"{name}.py"
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def checked(folder: Path, cache: str, factor: str):
    module = loaded(folder, TEXT.replace("CACHE", cache).replace("FACTOR", factor))
    reference = Reference(Linear, {"x": normal(5, 3)})
    return crosscheck(Code(module.forward, module.backward), reference, trials=50)


@pytest.mark.parametrize("cache", ["Cache", "Plain"])
def test_object_that_holds_arrays_is_followed(tmp_path: Path, cache: str) -> None:
    assert checked(tmp_path, cache, "1").ok
    assert [one.equation for one in checked(tmp_path, cache, "2").wrong] == ["dLoss_dW"]


def test_reader_that_fails_costs_the_reading_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> bool:
        raise ValueError("the truth value of an array is ambiguous")

    monkeypatch.setattr("gradproof.code.reading.blocks.same", broken)
    monkeypatch.setattr("gradproof.code.selfcheck.same", broken)
    assert checked(tmp_path, "Cache", "1").ok


def test_list_of_numbers_is_an_array(tmp_path: Path) -> None:
    text = """
def loss_and_grad(x, W, t):
    y = sum(a * w for a, w in zip(x, W))
    return 0.5 * (y - t) ** 2, [(y - t) * a * FACTOR for a in x]
"""

    class Dot(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.W = nn.Parameter(torch.zeros(3))

        def forward(self, x, t):
            return 0.5 * (x @ self.W - t) ** 2

    def verdicts(factor: str) -> list[str]:
        module = loaded(tmp_path, text.replace("FACTOR", factor))
        code = Code(module.loss_and_grad, results=("Loss", "dLoss_dW"))
        return [
            one.verdict for one in crosscheck(code, Reference(Dot, {"x": normal(3), "t": normal()}), trials=50).results
        ]

    assert set(verdicts("1")) == {"agrees"}
    assert "disagrees" in verdicts("2")

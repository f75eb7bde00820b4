"""Right code is never accused by the way it was read: what the functions give when they are called decides."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from gradproof import Code, Reference, crosscheck, normal
from gradproof.check.case import Case, make_case
from gradproof.code import load_file
from gradproof.code.load import read_code

TEXT = """
def step(X, W):
    loss = 0.5 * (X @ W).sum() ** 2
    dW = (X @ W).sum() * X.sum(axis=0)[:, None] * FACTOR
    return loss, dW
"""
STORED = """
import numpy as np


class Layer:
    params = ("W",)

    def __init__(self, W):
        self.W = W

    def zero(self):
        for name in self.params:
            setattr(self, "grad_" + name, np.zeros_like(getattr(self, name)))

    def backward(self, X, g):
        self.grad_W += X.T @ g


def step(X, W):
    layer = Layer(W)
    layer.zero()
    out = X @ layer.W
    layer.backward(X, np.full(out.shape, out.sum()) * FACTOR)
    return 0.5 * out.sum() ** 2, layer.grad_W
"""


class Model(nn.Module):
    """Half the square of a sum."""

    def __init__(self) -> None:
        super().__init__()
        self.W = nn.Parameter(torch.zeros(3, 1))

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return 0.5 * (X @ self.W).sum() ** 2


REFERENCE = Reference(Model, inputs={"X": normal(4, 3)})


def case_of(folder: Path, text: str, factor: float) -> Case:
    """A case of a text with a factor."""
    path = folder / "step.py"
    path.write_text(text.replace("FACTOR", str(factor)), encoding="utf-8")
    code = Code(load_file(path).step, results=("Loss", "dLoss_dW"))
    return make_case(read_code(code, REFERENCE), REFERENCE)


def misread(case: Case) -> Case:
    """The case with a gradient that was read as twice what it is."""
    (own,) = [one for one in case.derivation.equations if one.name == "dLoss_dW"]

    def doubled(*given: object) -> object:
        return 2 * own.function(*given)

    equations = (*(one for one in case.derivation.equations if one is not own), replace(own, function=doubled))
    return replace(case, derivation=replace(case.derivation, equations=equations))


def test_right_code_that_was_misread_is_judged_as_it_runs(tmp_path: Path) -> None:
    result = crosscheck(misread(case_of(tmp_path, TEXT, 1)), trials=60)
    assert result.ok
    assert [one.verdict for one in result.results if one.equation == "dLoss_dW"] == ["agrees"]


@pytest.mark.parametrize("text", [TEXT, STORED])
def test_wrong_code_stays_wrong(text: str, tmp_path: Path) -> None:
    result = crosscheck(case_of(tmp_path, text, 3), trials=60, repair=False)
    assert [one.equation for one in result.wrong] == ["dLoss_dW"]


def test_attribute_that_is_set_by_its_name_accuses_nothing(tmp_path: Path) -> None:
    assert crosscheck(case_of(tmp_path, STORED, 1), trials=60).ok

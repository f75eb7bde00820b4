"""A fix does not put the value that an argument happens to have in the place of its name."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import torch
from torch import nn

from gradproof import Code, Reference, crosscheck, normal
from gradproof.repair.program.numbers import puts_in_values

OLD = "def f(g, x, beta=0.5):\n    return g * x + beta * x\n"


@pytest.mark.parametrize(
    ("new", "refused"),
    [
        ("    return 0.5 * g * x + 0.5 * x\n", True),
        ("    return 0.5 * g * x + beta * x\n", False),
        ("    return g * x / 2 + beta * x\n", False),
        ("    return g * x + x\n", False),
    ],
)
def test_value_in_the_place_of_its_name_is_seen(tmp_path: Path, new: str, refused: bool) -> None:
    path = tmp_path / "f.py"
    path.write_text(OLD, encoding="utf-8")
    assert puts_in_values(path, OLD.splitlines(keepends=True)[0] + new, {"beta": 0.5}) is refused


@pytest.mark.parametrize(
    ("new", "refused"),
    [
        ("    return np.where(x > 0, g, g / 5)\n", True),
        ("    return np.where(x > 0, g, 0.2 * g)\n", True),
        ("    return np.where(x > 0, g, 0.8 * g)\n", True),
        ("    return np.where(x > 0, g, slope * g)\n", False),
        ("    return np.where(x > 0, g, g / 4)\n", False),
    ],
)
def test_value_of_an_argument_is_not_put_in_where_its_name_is_missing(tmp_path: Path, new: str, refused: bool) -> None:
    head = "def f(g, x, slope=0.2):\n"
    path = tmp_path / "f.py"
    path.write_text(f"{head}    return np.where(x > 0, g, 0)\n", encoding="utf-8")
    assert puts_in_values(path, head + new, {"slope": 0.2}) is refused


@pytest.mark.parametrize(
    ("new", "refused"), [("np.sign(r) / n", True), ("DELTA * np.sign(r) / n", False), ("np.sign(r)", False)]
)
def test_a_name_for_1_is_not_lost_beside_another_edit(tmp_path: Path, new: str, refused: bool) -> None:
    head = "DELTA = 1.0\ndef f(r, n):\n"
    path = tmp_path / "f.py"
    path.write_text(f"{head}    return DELTA * np.sign(r)\n", encoding="utf-8")
    assert puts_in_values(path, f"{head}    return {new}\n", {"DELTA": 1.0}) is refused


MANUAL = """
import numpy as np

def loss_and_grad(x, w, t, beta=0.5):
    s = x @ w
    loss = 0.5 * np.sum((s - t) ** 2) + beta * np.sum(w ** 4)
    dw = x.T @ (2 * (s - t)) + beta * 4 * w ** 3
    return loss, dw
"""


class Penalized(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.zeros(3, 2))

    def forward(self, x, t):
        return 0.5 * ((x @ self.w - t) ** 2).sum() + 0.5 * (self.w**4).sum()


def test_fix_keeps_the_argument(tmp_path: Path) -> None:

    (tmp_path / "penalized.py").write_text(MANUAL, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("penalized", tmp_path / "penalized.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    code = Code(module.loss_and_grad, values={"beta": 0.5})
    reference = Reference(Penalized, {"x": normal(4, 3), "t": normal(4, 2)})
    (wrong,) = crosscheck(code, reference, trials=60).wrong
    assert wrong.equation == "dLoss_dw"
    assert wrong.fix
    assert "beta" in wrong.fix


@pytest.mark.parametrize("factor", ["0", "2"])
def test_fix_neither_does_nothing_nor_writes_into_the_caller_s_array(factor: str, tmp_path: Path) -> None:
    space: dict[str, object] = {}
    text = f"""
def forward(x):
    return x * 1.0


def backward(dout):
    dx = dout * 1.0
    dx[0] *= {factor}
    return dx
"""
    path = tmp_path / "entry.py"
    path.write_text(text, encoding="utf-8")
    exec(compile(text, str(path), "exec"), space)

    class Same(nn.Module):
        def forward(self, x):
            return x * 1.0

    code = Code(space["forward"], space["backward"])
    (wrong,) = crosscheck(code, Reference(Same, {"x": normal(4)}), trials=60).wrong
    assert wrong.equation == "dLoss_dx"
    assert "*= 1" not in wrong.fix
    assert "dout[0]" not in wrong.fix
    assert not wrong.fix.startswith("(-")

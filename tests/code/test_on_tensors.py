"""Code that computes on torch tensors without autograd: handed tensors, its results held to account as arrays."""

from __future__ import annotations

import pytest
import torch
from code_setup import written
from torch import nn

from gradproof import Code, Reference, crosscheck, normal
from gradproof.code.load import read_code
from gradproof.code.program.tensors import with_arrays
from gradproof.errors import GradproofError

TEXT = """
    import torch


    class Layer:
        def __init__(self, W):
            self.W, self.library = W, torch

        def forward(self, x):
            self.x, self.a = x, torch.tanh(x @ self.W)
            return self.a.square().mean()

        def backward(self):
            dz = 2 * self.a / self.a.numel() * (1 - self.a ** 2)
            self.dW = self.x.t() @ dz
            return dz @ self.W.t()
"""


class Model(nn.Module):
    """(5, 3) -> loss."""

    def __init__(self):
        super().__init__()
        self.W = nn.Parameter(torch.zeros(3, 4))

    def forward(self, x):
        return torch.tanh(x @ self.W).square().mean()


REFERENCE = Reference(Model, {"x": normal(5, 3)})


def of(folder, text):
    code = Code("Layer.forward", "Layer.backward", results=("dLoss_dx",))
    return read_code(code, REFERENCE, module=written(folder, text))


def test_right_code_on_tensors_agrees(tmp_path) -> None:
    result = crosscheck(of(tmp_path, TEXT), REFERENCE, trials=30)
    assert {one.equation for one in result.results if one.verdict == "agrees"} == {"Loss", "dLoss_dW", "dLoss_dx"}


@pytest.mark.parametrize("slip", [("(1 - self.a ** 2)", "(1 - self.a)"), ("self.a.numel()", "self.a.shape[0]")])
def test_wrong_code_on_tensors_is_caught_and_mended_in_its_words(tmp_path, slip) -> None:
    result = crosscheck(of(tmp_path, TEXT.replace(*slip)), REFERENCE, trials=30)
    assert {one.equation for one in result.wrong} == {"dLoss_dW", "dLoss_dx"}
    assert any(one.fix.startswith("dz = ") for one in result.wrong)


def test_code_that_fails_on_arrays_and_on_tensors_is_refused(tmp_path) -> None:
    with pytest.raises(GradproofError, match="no_such_thing"):
        of(tmp_path, TEXT.replace("torch.tanh(x @ self.W)", "torch.no_such_thing(x @ self.W)"))


def test_only_tensors_are_exchanged() -> None:
    class Held:
        def __init__(self) -> None:
            self.library, self.part, self.own = torch, (torch.ones(2), "text"), self

    made = with_arrays(Held())
    assert made.library is torch
    assert made.own is made
    assert made.part[0].tolist() == [1.0, 1.0]
    assert made.part[1] == "text"

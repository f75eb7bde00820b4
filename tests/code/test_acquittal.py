"""Which local variables are blamed: those that would make something right, and spoil nothing that is."""

from __future__ import annotations

from pathlib import Path

import torch
from code_setup import written
from torch import nn

from gradproof import Code, Reference, crosscheck, normal

TWO_LAYERS = """
def forward(X, W1, W2, shift):
    H = X @ W1 + shift
    C = H - H.mean(axis=0)
    loss = (C @ W2).sum() + 0.5 * ((C @ W2) ** 2).sum()
    return loss, (X, H, C, W2)


def backward(cache):
    X, H, C, W2 = cache
    dS = 1 + C @ W2
    dW2 = C.T @ dS
    dC = dS @ W2.T
    dH = dC - dC.mean(axis=0)
    dW1 = X.T @ dH
    dshift = dH.sum(axis=0)
    return dW1, dW2, dshift
"""


class TwoLayers(nn.Module):
    """The sum of a gradient by columns is 0 behind a centring, whatever stands above it."""

    def __init__(self) -> None:
        super().__init__()
        self.W1, self.W2 = nn.Parameter(torch.zeros(3, 4)), nn.Parameter(torch.zeros(4, 2))
        self.shift = nn.Parameter(torch.zeros(4))
        self.H, self.C = nn.Identity(), nn.Identity()

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        H = self.H(X @ self.W1 + self.shift)
        S = self.C(H - H.mean(dim=0)) @ self.W2
        return S.sum() + 0.5 * (S**2).sum()


def verdicts(folder: Path, text: str) -> dict[str, str]:
    module = written(folder, text)
    symbols = {"H": "H", "C": "C"}
    reference = Reference(TwoLayers, inputs={"X": normal(5, 3)}, symbols=symbols)
    code = Code(module.forward, module.backward)
    return {one.equation: one.verdict for one in crosscheck(code, reference, trials=60, repair=False).results}


def test_wrong_variable_is_blamed_though_a_result_behind_it_is_right_whatever_it_is(tmp_path: Path) -> None:
    found = verdicts(tmp_path, TWO_LAYERS.replace("dC = dS @ W2.T", "dC = 2 * dS @ W2.T"))
    assert found["dLoss_dC"] == "disagrees"
    assert {found["dLoss_dH"], found["dLoss_dW1"]} == {"inherits"}


def test_variable_that_is_divided_later_is_not_blamed_for_the_slip_of_another(tmp_path: Path) -> None:
    text = TWO_LAYERS.replace("dC = dS @ W2.T", "dC = 2 * dS @ W2.T").replace(
        "dH = dC - dC.mean(axis=0)", "dH = (dC - dC.mean(axis=0)) / 2"
    )
    found = verdicts(tmp_path, text.replace("dW2 = C.T @ dS", "dW2 = 3 * C.T @ dS"))
    assert found["dLoss_dW2"] == "disagrees"
    assert found.get("dLoss_dC", "agrees") == "agrees"
    assert found["dLoss_dW1"] == "agrees"

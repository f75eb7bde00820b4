"""A check that could not have failed is not called agreement."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from torch import nn

from gradproof import Reference, crosscheck, integers, normal, uniform


class Gate(nn.Module):
    """(3,) -> loss."""

    def __init__(self):
        super().__init__()
        self.relu = nn.ReLU()

    def forward(self, X):
        return self.relu(X).exp().sum()


def A(X):
    return X * (X > 0)


def dLoss_dA(A):
    return np.exp(A)


def dLoss_dX(dLoss_dA, X):
    return dLoss_dA * (X > 0)


def dLoss_dX__forgotten(dLoss_dA):
    return dLoss_dA * 1.0


SWITCHING = Reference(Gate, {"X": normal(3)}, {"A": "relu"})
ALWAYS_ON = replace(SWITCHING, inputs={"X": uniform(1, 2, (3,))})


def verdicts(reference, *functions):
    return {one.equation: one for one in crosscheck(list(functions), reference, trials=200).results}


def test_mask_that_switches_leaves_agreement_alone():
    found = verdicts(SWITCHING, A, dLoss_dA, dLoss_dX)
    assert {one.verdict for one in found.values()} == {"agrees"}


def test_mask_that_never_switches_is_inconclusive():
    found = verdicts(ALWAYS_ON, A, dLoss_dA, dLoss_dX)
    assert {name: one.verdict for name, one in found.items()} == {
        "A": "inconclusive",
        "dLoss_dA": "agrees",
        "dLoss_dX": "inconclusive",
    }
    assert "comes out the same in all" in found["dLoss_dX"].diagnosis


def test_forgotten_mask_of_a_unit_that_is_always_on_is_not_called_right():
    assert verdicts(SWITCHING, A, dLoss_dA, dLoss_dX__forgotten)["dLoss_dX__forgotten"].verdict == "disagrees"
    one = verdicts(ALWAYS_ON, A, dLoss_dA, dLoss_dX__forgotten)["dLoss_dX__forgotten"]
    assert one.verdict == "inconclusive"
    assert one.diagnosis.startswith("torch's threshold_backward")


@pytest.mark.parametrize(("rows", "verdict"), [(1, "inconclusive"), (4, "agrees")])
def test_batch_of_one_row_is_inconclusive(rows, verdict):
    class Mean(nn.Module):
        def forward(self, X):
            return (X**2).mean(dim=0).sum()

    def dLoss_dX(X):
        return 2 * X / X.shape[0]

    one = verdicts(Reference(Mean, {"X": normal(rows, 3)}), dLoss_dX)["dLoss_dX"]
    assert one.verdict == verdict


def test_mask_that_switches_at_one_of_several_sizes_is_enough():
    functions = [A, dLoss_dA, dLoss_dX]
    result = crosscheck(functions, [ALWAYS_ON, replace(SWITCHING, model=lambda: Gate())], trials=200)
    assert {one.verdict for one in result.results} == {"agrees"}


def test_index_of_torch_that_could_count_from_the_end_is_no_comparison_to_switch():
    class Row(nn.Module):
        def forward(self, X, t):
            return (X[t] ** 2).sum()

    def dLoss_dX(X, t):
        gradient = np.zeros_like(X)
        gradient[t] = 2 * X[t]
        return gradient

    reference = Reference(Row, {"X": normal(4, 3), "t": integers(0, 4)})
    assert verdicts(reference, dLoss_dX)["dLoss_dX"].verdict == "agrees"

"""A check that could not have failed is not called agreement."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
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


class Mean(nn.Module):
    def forward(self, X):
        return (X**2).mean(dim=0).sum()


@pytest.mark.parametrize("rows", [1, 4])
def test_batch_of_one_row_that_is_right_for_more_agrees(rows):
    def dLoss_dX(X):
        return 2 * X / X.shape[0]

    assert verdicts(Reference(Mean, {"X": normal(rows, 3)}), dLoss_dX)["dLoss_dX"].verdict == "agrees"


@pytest.mark.parametrize(("rows", "verdict"), [(1, "inconclusive"), (4, "disagrees")])
def test_batch_of_one_row_that_hides_a_forgotten_mean_is_not_called_right(rows, verdict):
    def dLoss_dX(X):
        return 2 * X

    one = verdicts(Reference(Mean, {"X": normal(rows, 3)}), dLoss_dX)["dLoss_dX"]
    assert one.verdict == verdict
    assert ("with 3 rows its values are wrong" in one.diagnosis) == (rows == 1)


def test_parameter_of_one_row_hides_nothing():
    class Shift(nn.Module):
        def __init__(self):
            super().__init__()
            self.b = nn.Parameter(torch.zeros(1, 3))

        def forward(self, X):
            return X + self.b

    def Y(X, b):
        return X + b

    def dLoss_db(dLoss_dY):
        return dLoss_dY.sum(axis=0, keepdims=True)

    found = verdicts(Reference(Shift, {"X": normal(4, 3)}), Y, dLoss_db)
    assert {one.verdict for one in found.values()} == {"agrees"}


def test_guard_that_is_never_reached_is_a_remark():
    class Entropy(nn.Module):
        def forward(self, p, y):
            return nn.functional.binary_cross_entropy(p, y, reduction="sum")

    def Loss(p, y):
        q = np.clip(p, 1e-12, 1 - 1e-12)
        return -np.sum(y * np.log(q) + (1 - y) * np.log(1 - q))

    def dLoss_dp(p, y):
        q = np.clip(p, 1e-12, 1 - 1e-12)
        return (q - y) / (q * (1 - q))

    inputs = {"p": uniform(0.01, 0.99, (4, 3)), "y": uniform(0, 1, (4, 3))}
    found = verdicts(Reference(Entropy, inputs), Loss, dLoss_dp)
    assert {one.verdict for one in found.values()} == {"agrees"}
    assert "its other side was not checked" in found["dLoss_dp"].diagnosis


def test_comparison_that_no_draw_can_turn_is_a_remark():
    class Root(nn.Module):
        def forward(self, X):
            return (X**2).sum().sqrt()

    def dLoss_dX(X):
        n = np.sqrt((X**2).sum())
        return X / np.where(n > 0, n, 1.0)

    one = verdicts(Reference(Root, {"X": normal(3)}), dLoss_dX)["dLoss_dX"]
    assert one.verdict == "agrees"
    assert one.diagnosis.startswith("a comparison in it comes out the same in all 200 trials")


def test_rarest_branch_is_told():
    found = verdicts(SWITCHING, A, dLoss_dA, dLoss_dX)
    assert 0.5 < found["dLoss_dX"].rarest_branch < 1
    assert np.isnan(found["dLoss_dA"].rarest_branch)


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

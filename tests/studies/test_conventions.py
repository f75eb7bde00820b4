"""On the kinks the two sides may have different conventions, which is told and is no error."""

from __future__ import annotations

import numpy as np
from torch import nn

from gradproof import Reference, normal
from gradproof.check.case import make_case
from gradproof.proof.proving import prove_case
from gradproof.studies.conventions import conventions_of


class Gate(nn.Module):
    """(2,) -> (2,)."""

    def __init__(self):
        super().__init__()
        self.relu = nn.ReLU()

    def forward(self, X):
        return self.relu(X)


REFERENCE = Reference(Gate, {"X": normal(2)})


def as_torch(X, dLoss_dY):
    return dLoss_dY * (X > 0)


def other_side(X, dLoss_dY):
    return dLoss_dY * np.where(X >= 0, 1.0, 0.0)


def case(function):
    return make_case({"dLoss_dX": function}, REFERENCE)


def test_conventions_of_relu_at_zero_are_those_of_torch():
    found = conventions_of(case(as_torch), seed=1)
    assert len(found.reached) == 2
    assert found.different == ()


def test_conventions_another_value_at_zero_is_told_though_it_is_proved():
    other = case(other_side)
    assert prove_case(other, seed=1).count("PROVED") == 1
    found = conventions_of(other, seed=1)
    assert len(found.different) == 2
    kink = found.different[0].kink
    assert kink.where.endswith("= 0")
    assert (kink.expected == 0).any()
    assert (kink.found != kink.expected).any()

"""The order of equal values is a matter of the implementation: no accusation, no doubt about what does not use it."""

from __future__ import annotations

import numpy as np
from torch import nn

from gradproof import Reference, crosscheck, normal


class SortedUpper(nn.Module):
    def __init__(self):
        super().__init__()
        self.u = nn.Identity()

    def forward(self, x, w):
        u = self.u(x.triu())
        return (u.sort(-1)[0] * w).sum() + (u**2).sum()


REFERENCE = Reference(SortedUpper, {"x": normal(4, 4), "w": normal(4, 4)}, symbols={"u": "u"})


def last_first(x, w):
    """The gradient that hands on to equal values in the other order than a stable sort."""
    u = np.triu(x)
    order = u.shape[-1] - 1 - np.argsort(u[:, ::-1], axis=-1, kind="stable")
    slope = np.zeros_like(u)
    np.put_along_axis(slope, order, w, axis=-1)
    return slope + 2 * u


def verdicts(factor):
    def u(x):
        return factor * np.triu(x)

    def dLoss_du(x, w):
        return last_first(x, w)

    results = crosscheck([u, dLoss_du], REFERENCE, trials=60)
    return {one.equation: one.verdict for one in results.results}


def test_other_order_of_equal_values_is_no_mistake():
    assert verdicts(1.0) == {"u": "agrees", "dLoss_du": "inconclusive"}


def test_mistake_beside_equal_values_is_seen():
    assert verdicts(2.0)["u"] == "disagrees"

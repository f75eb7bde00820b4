"""A call that returns a value and stores state on the way: what reading loses, the whole program keeps."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gradproof import Code, Reference, crosscheck, normal


class Regression:
    factor = 2.0

    def __init__(self, w):
        self.w = w

    def predict(self, x):
        self.x = x
        return x @ self.w

    def cost(self, y, t):
        self.residual = y - t
        return np.sum(self.residual**2)

    def slope(self):
        return self.factor * self.x.T @ self.residual


class Slipped(Regression):
    factor = 1.0


def train(w, x, t):
    model = Regression(w)
    cost = model.cost(model.predict(x), t)
    return cost, model.slope()


def train_slipped(w, x, t):
    model = Slipped(w)
    cost = model.cost(model.predict(x), t)
    return cost, model.slope()


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.w = torch.nn.Parameter(torch.zeros(3))

    def forward(self, x, t):
        return ((x @ self.w - t) ** 2).sum()


@pytest.mark.parametrize(("function", "verdict"), [(train, "agrees"), (train_slipped, "disagrees")])
def test_state_that_a_call_stores_in_passing_is_kept(function, verdict):
    reference = Reference(Model, inputs={"x": normal(5, 3), "t": normal(5)})
    result = crosscheck(Code(function, results=("Loss", "dLoss_dw")), reference, trials=50, repair=False)
    assert {one.equation: one.verdict for one in result.results}["dLoss_dw"] == verdict

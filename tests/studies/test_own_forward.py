"""Where code and reference compute different functions, what is right for the code's own is not accused."""

from __future__ import annotations

import numpy as np
from torch import nn

from gradproof import Reference, crosscheck, normal


class Mean(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(4, 3, bias=False)

    def forward(self, x, t):
        return ((self.lin(x) - t) ** 2).mean()


REFERENCE = Reference(Mean, {"x": normal(5, 4), "t": normal(5, 3)}, {"W": "lin.weight", "y": "lin"})


def y(x, W):
    return x @ W.T


def Loss(y, t):
    return ((y - t) ** 2).sum() / 2


def dLoss_dy(y, t):
    return y - t


def dLoss_dW(dLoss_dy, x):
    return dLoss_dy.T @ x


def found(*functions):
    result = crosscheck(list(functions), REFERENCE, trials=60, repair=False)
    return {one.equation: one for one in result.results}, result


def test_gradient_of_another_loss_is_right_for_it_and_the_loss_is_told_first():
    one, result = found(y, Loss, dLoss_dy, dLoss_dW)
    assert {name: o.verdict for name, o in one.items()} == {
        "y": "agrees",
        "Loss": "disagrees",
        "dLoss_dy": "inherits",
        "dLoss_dW": "inherits",
    }
    assert one["Loss"].diagnosis.startswith(
        "the code and the reference compute different functions: the code's Loss is 7.5 times the reference's"
    )
    assert one["dLoss_dy"].inherits_from == ("Loss",)
    assert not result.ok


def test_gradient_that_is_wrong_for_both_losses_is_accused():
    def twice(y, t):
        return 2 * (y - t)

    space = {"_twice": twice}
    exec("def dLoss_dy(y, t):\n    return _twice(y, t)", space)
    one, _ = found(y, Loss, space["dLoss_dy"], dLoss_dW)
    assert one["dLoss_dy"].verdict == "disagrees"


def test_wrong_gradient_beside_the_same_loss_is_accused():
    def loss_of(y, t):
        return np.mean((y - t) ** 2)

    space = {"_loss": loss_of}
    exec("def Loss(y, t):\n    return _loss(y, t)", space)
    one, _ = found(y, space["Loss"], dLoss_dy, dLoss_dW)
    assert (one["Loss"].verdict, one["dLoss_dy"].verdict) == ("agrees", "disagrees")

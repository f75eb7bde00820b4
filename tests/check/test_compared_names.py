"""A green check has compared gradients: short names are read, unknown ones are errors with the way out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from gradproof import GradproofError, Reference, crosscheck, normal
from gradproof.truth.sources import looks_like, named_gradient


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.W3 = nn.Parameter(torch.empty(3, 4))

    def forward(self, x):
        return ((x @ self.W3.T) ** 2).sum()


REFERENCE = Reference(Layer, {"x": normal(5, 4)})


def right_w(x, W3):
    return 2 * (x @ W3.T).T @ x


def right_x(x, W3):
    return 2 * (x @ W3.T) @ W3


def loss_of(x, W3):
    return np.sum((x @ W3.T) ** 2)


def check(**rules):
    space = {f"_{name}": rule for name, rule in rules.items()}
    for name in rules:
        exec(f"def {name}(x, W3):\n    return _{name}(x, W3)", space)
    return crosscheck([space[name] for name in rules], REFERENCE, trials=60, repair=False)


@pytest.mark.parametrize("names", [("dW3", "gx"), ("grad_W3", "g_x"), ("W3_grad", "d_x"), ("deltaW3", "x_bar")])
def test_short_names_of_gradients_are_read_and_compared(names):
    result = check(**dict(zip(names, (right_w, right_x), strict=True)))
    assert result.ok
    assert [one.diagnosis for one in result.results] == ["read as dLoss_dW3", "read as dLoss_dx"]
    assert [one.kind for one in result.results] == ["derivative", "derivative"]
    assert not check(**dict(zip(names, (right_w, lambda x, W3: 3 * right_x(x, W3)), strict=True))).ok


@pytest.mark.parametrize(
    ("name", "way_out"),
    [
        ("J", r'Reference\(loss="J"\)'),
        ("dJ_dx", r'Reference\(loss="J"\)'),
        ("dW4", "which has: x, W3"),
        ("dLoss_dZ", "the reference has no Z"),
        ("W3_new", "the reference has no optimizer"),
    ],
)
def test_unknown_result_is_an_error_with_the_way_out(name, way_out):
    with pytest.raises(GradproofError, match=way_out):
        check(**{name: right_x})


def test_forward_values_alone_are_ok_and_said():
    result = check(Loss=loss_of)
    assert result.ok
    assert result.sentence == "1 of 1 equations agree; no gradient among these"


def test_random_reference_is_refused():
    class Dropped(nn.Module):
        def forward(self, x):
            return nn.functional.dropout(x, 0.5, training=True)

    def dLoss_dx(dLoss_dY):
        return dLoss_dY

    with pytest.raises(GradproofError, match=r"the reference is random: .*eval\(\)"):
        crosscheck([dLoss_dx], Reference(Dropped, {"x": normal(3)}), trials=60)


def test_parameters_that_nobody_drew_never_reach_the_model():
    class Undrawn(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(torch.full((3,), torch.nan))

        def forward(self, x):
            if torch.isnan(self.w).any():
                raise RuntimeError("run on parameters that were never drawn")
            return x * self.w

    def Y(x, w):
        return x * w

    assert crosscheck([Y], Reference(Undrawn, {"x": normal(3)}), trials=60).ok


@pytest.mark.parametrize("name", ["x", "gamma", "g", "d", "dt", "dout"])
def test_names_that_are_no_gradients_are_left_alone(name):
    assert named_gradient(name, ["x", "W3", "dt"]) is None
    assert looks_like(name) == ""

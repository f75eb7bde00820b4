"""Losses of torch that run otherwise for many trials than for one, or that refuse to be differentiated by a target."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gradproof import Reference, bernoulli, crosscheck, normal


class CrossEntropy(torch.nn.Module):
    def forward(self, x, t):
        return torch.nn.functional.binary_cross_entropy_with_logits(x, t)


def right(x, t):
    return (1 / (1 + np.exp(-x)) - t) / x.size


def slipped(x, t):
    return (1 / (1 + np.exp(-x)) - t) / x.size * (1 + 1e-9)


def check(function, std):
    reference = Reference(CrossEntropy, inputs={"x": normal(3, 2, std=std), "t": bernoulli(0.5, 3, 2)})
    return crosscheck({"dLoss_dx": function}, reference, trials=300, repair=False)


@pytest.mark.parametrize("std", [1, 8, 60, 300])
def test_right_gradient_of_a_saturated_model_is_not_accused(std):
    assert check(right, std).results[0].verdict == "agrees"


@pytest.mark.parametrize("std", [1, 8])
def test_wrong_gradient_of_a_saturated_model_is_seen(std):
    assert check(slipped, std).results[0].verdict == "disagrees"


def test_right_gradient_of_a_saturated_model_without_a_tape_is_not_accused(monkeypatch):
    monkeypatch.setattr("gradproof.check.bounds.TruthBounds._replay", lambda *args: {})
    assert check(right, 8).results[0].verdict == "agrees"


class SoftMargin(torch.nn.Module):
    def forward(self, x, t):
        return torch.nn.functional.soft_margin_loss(x, t)


@pytest.mark.parametrize(("factor", "verdict"), [(1, "agrees"), (1 + 1e-9, "disagrees")])
def test_loss_that_refuses_to_be_differentiated_by_its_target(factor, verdict):
    reference = Reference(SoftMargin, inputs={"x": normal(4, 3), "t": normal(4, 3)})

    def gradient(x, t):
        return -t / (1 + np.exp(t * x)) / x.size * factor

    result = crosscheck({"dLoss_dx": gradient}, reference, trials=300, repair=False)
    assert result.results[0].verdict == verdict


class Softplus(torch.nn.Module):
    def forward(self, x):
        return torch.nn.functional.softplus(x)


@pytest.mark.parametrize(("factor", "verdict"), [(1, "agrees"), (1 + 1e-9, "disagrees")])
def test_softplus_that_torch_cuts_off_is_held_to_what_it_leaves_out(factor, verdict):
    reference = Reference(Softplus, inputs={"x": normal(4, 3, std=12)}, output="y")

    def gradient(x, dLoss_dy):
        return dLoss_dy / (1 + np.exp(-x)) * factor

    result = crosscheck({"dLoss_dx": gradient}, reference, trials=300, repair=False)
    assert result.results[0].verdict == verdict


class Determinant(torch.nn.Module):
    """A step that has a rule beside one that has none."""

    def __init__(self):
        super().__init__()
        self.above = torch.nn.Identity()

    def forward(self, x):
        return self.above(torch.tanh(x)).sum() + torch.linalg.det(x)


def test_what_has_rules_has_a_rigorous_bound_beside_what_has_none():
    reference = Reference(Determinant, inputs={"x": normal(3, 3)}, symbols={"h": "above"})

    def h(x):
        return np.tanh(x)

    def dLoss_dx(x, h):
        return 1 - h**2 + np.linalg.det(x) * np.linalg.inv(x).T

    kinds = {one.equation: one.bound_kind for one in crosscheck([h, dLoss_dx], reference, trials=100).results}
    assert kinds == {"h": "rigorous", "dLoss_dx": "sampled"}

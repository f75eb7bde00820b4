"""Recurrences whose rigorous bounds explode: a sampled bound takes their place, tells right from wrong, and says so."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gradproof import CheckResult, Reference, crosscheck, normal
from gradproof.check.bounds.bounded import Bounded
from gradproof.check.bounds.exploding import explodes, may_explode

STEPS, BATCH, HIDDEN = 20, 6, 12


class Recurrence(torch.nn.Module):
    """Steps h = tanh(h U' + x) of states that stay as they are while the sizes of U add up."""

    def __init__(self) -> None:
        super().__init__()
        self.U = torch.nn.Parameter(torch.zeros(HIDDEN, HIDDEN))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = torch.zeros_like(x[0])
        states = []
        for step in x:
            h = torch.tanh(h @ self.U.T + step)
            states.append(h)
        return torch.stack(states)


def H(x, U):
    h = np.zeros_like(x[0])
    states = []
    for t in range(STEPS):
        h = np.tanh(h @ U.T + x[t])
        states.append(h)
    return np.stack(states)


def backwards(H, dLoss_dH, U, factor):
    """The gradient of U, and what reaches each step."""
    carried, total, reached = np.zeros_like(H[0]), np.zeros_like(U), []
    for t in reversed(range(STEPS)):
        dz = (carried + dLoss_dH[t]) * (1 - H[t] ** 2) * factor
        reached.append(dz)
        if t:
            total = total + dz.T @ H[t - 1]
        carried = dz @ U
    return total, np.stack(reached[::-1])


def right(H, dLoss_dH, U):
    return backwards(H, dLoss_dH, U, 1.0)[0]


def checked(gradient, trials: int = 40) -> CheckResult:
    reference = Reference(
        model=Recurrence,
        inputs={"x": normal(STEPS, BATCH, HIDDEN)},
        parameters={"U": normal(HIDDEN, HIDDEN, std=0.6)},
        output="H",
    )
    return crosscheck({"H": H, "dLoss_dU": gradient}, reference, trials=trials, repair=False)


def of_the_gradient(result: CheckResult):
    (gradient,) = (one for one in result.results if one.equation == "dLoss_dU")
    return gradient


def test_crosscheck_long_recurrence_agrees_by_a_sampled_bound_that_is_fine():
    gradient = of_the_gradient(checked(right))
    assert gradient.verdict == "agrees"
    assert gradient.bound_kind == "sampled"
    assert gradient.resolution < 1e-9


@pytest.mark.parametrize("fault", [1e-8, 1e-3])
def test_crosscheck_long_recurrence_with_a_fault_in_each_step_disagrees(fault):
    result = checked(lambda H, dLoss_dH, U: backwards(H, dLoss_dH, U, 1 + fault)[0])
    assert [one.equation for one in result.wrong] == ["dLoss_dU"]


def test_crosscheck_long_recurrence_wrong_in_late_trials_alone_disagrees():
    """What is judged by the bounds of the first trials is not let pass."""

    def late(H, dLoss_dH, U):
        return backwards(H, dLoss_dH, U, 1.0)[0] * np.where(U[0, 0] > 1.0, 1 + 1e-6, 1.0)

    gradient = of_the_gradient(checked(late))
    assert gradient.verdict == "disagrees"
    assert 0 < gradient.disagreeing_trials < 12


def bounded(value: np.ndarray, error: float, *, near: bool = False) -> Bounded:
    return Bounded(value, np.full(value.shape, error), "rigorous", near=np.full(len(value), near))


def test_may_explode_what_near_ties_decide_stays():
    assert not may_explode(bounded(np.ones((3, 4)), 1e-6, near=True), lambda: np.ones(3))


def test_may_explode_cancelled_terms_are_measured_by_what_they_are_made_of():
    tiny, drawn = np.full((3, 4), 1e-17), np.ones(3)
    assert not may_explode(bounded(tiny, 1e-15), lambda: drawn)
    assert may_explode(bounded(tiny, 1e-6), lambda: drawn)


def test_may_explode_sampled_bound_stays():
    one = Bounded(np.ones((3, 4)), np.ones((3, 4)), "sampled")
    assert not may_explode(one, lambda: np.ones(3))


def test_explodes_bound_that_samples_come_near_stays():
    value = np.ones((3, 4))
    assert explodes(bounded(value, 1e-6), np.full((3, 4), 1e-13))
    assert explodes(bounded(value, np.inf), np.full((3, 4), 1e-13))
    assert not explodes(bounded(value, 1e-11), np.full((3, 4), 1e-13))
    assert not explodes(bounded(value, np.inf), np.full((3, 4), np.inf))

"""A step of torch's without a rule is sampled by itself: what is before and after it keeps its rigorous bound."""

import numpy as np
import pytest
import torch
from torch import nn

from gradproof import Reference, crosscheck, normal
from gradproof.arrays.bounds.array import BoundArray
from gradproof.aten import record
from gradproof.check.bounds.by_torch import rule_for
from gradproof.errors import GradproofError


class Flow(nn.Module):
    """A layer of a normalizing flow: torch's own rounding of `1 - tanh(a)**2` is 1e-10 of it where a is about 9."""

    def __init__(self) -> None:
        super().__init__()
        self.W, self.s = nn.Parameter(torch.zeros(3, 3)), nn.Parameter(torch.zeros(3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The loss for `x (5, 3)`."""
        z = torch.tanh(x @ self.W.T + self.s)
        return (-torch.log(1 - z**2).sum(dim=1) - torch.linalg.slogdet(self.W)[1]).mean()


def flow(factor: float, trials: int):
    def dLoss_dW(x, W, s):
        z = np.tanh(x @ W.T + s)
        return (2 * z / len(x)).T @ x - factor * np.linalg.inv(W).T

    def dLoss_ds(x, W, s):
        return (2 * np.tanh(x @ W.T + s) / len(x)).sum(axis=0)

    result = crosscheck([dLoss_dW, dLoss_ds], Reference(Flow, {"x": normal(5, 3)}), trials=trials, repair=False)
    return {one.equation: one for one in result.results}


def test_right_equation_is_not_accused_of_what_torch_rounds_beside_such_a_step():
    found = flow(1.0, 250)
    assert [(one.verdict, one.bound_kind) for one in found.values()] == [("agrees", "sampled"), ("agrees", "rigorous")]
    assert found["dLoss_dW"].resolution < 1e-12


@pytest.mark.parametrize("factor", [-1.0, 1 + 1e-8])
def test_wrong_equation_beside_such_a_step_is_seen(factor):
    found = flow(factor, 50)
    assert (found["dLoss_dW"].verdict, found["dLoss_ds"].verdict) == ("disagrees", "agrees")


def test_step_without_a_rule_has_the_error_of_what_it_is_given():
    tape = record(lambda x: torch.logcumsumexp(x, 0), torch.zeros(4), partial=True)
    assert tape.unruled == ("aten.logcumsumexp.default",)
    values = np.random.default_rng(0).normal(size=(3, 4))
    exact, moved = (tape.run([BoundArray(values, error)], rule_for=rule_for).layers for error in (0.0, 1e-6))
    np.testing.assert_allclose(exact[0], np.log(np.cumsum(np.exp(values), axis=1)), rtol=1e-14)
    assert (exact[1] < 1e-13).all()
    assert ((moved[1] > 1e-7) & (moved[1] < 1e-4)).all()


def test_what_torch_refuses_is_told():
    with pytest.raises(GradproofError, match=r"aten\.logcumsumexp\.default: "):
        rule_for("aten.logcumsumexp.default")(BoundArray(np.zeros((2, 3)), 0.0), "no axis")

"""How many trials a case gets: as many as asked for, as many as there is time for, or as its size allows."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from gradproof import GradproofError, Reference, crosscheck, normal
from gradproof.report.wording import run_line


class Line(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.linear = nn.Linear(size, size, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.linear(x).sum()


def dLoss_dW(x, W):
    return np.tile(x, (W.shape[0], 1))


def dLoss_dW__slowly(x, W):
    slope = np.zeros(W.shape)
    for row in range(W.shape[0]):
        for column in range(W.shape[1]):
            slope[row, column] = float(x[column])
    return slope


def line(size: int) -> Reference:
    return Reference(model=lambda: Line(size), inputs={"x": normal(size)}, symbols={"W": "linear.weight"})


def test_small_case_gets_the_usual_number() -> None:
    result = crosscheck([dLoss_dW], line(3))
    assert (result.trials, result.choice) == (10_000, "")
    assert result.ok


def test_large_case_gets_fewer_and_says_so() -> None:
    result = crosscheck([dLoss_dW], line(150))
    assert 30 <= result.trials < 1000
    assert "trials (as many as its size allows; linear.weight drawn by fan-in" in run_line(result)
    assert result.ok
    assert crosscheck([dLoss_dW], line(150), trials=3).trials == 3


def test_code_that_runs_trial_by_trial_gets_fewer_and_says_so() -> None:
    result = crosscheck([dLoss_dW__slowly], line(20))
    assert 200 <= result.trials < 10_000
    assert result.choice == "dLoss_dW__slowly runs trial by trial"
    assert result.ok


def test_budget_tells_the_number_that_gives_the_same() -> None:
    result = crosscheck([dLoss_dW], line(3), budget=0.01, memory=1_000_000)
    assert result.choice == f"in 0.01 s; --trials {result.trials} gives the same"
    again = crosscheck([dLoss_dW], line(3), trials=result.trials)
    assert again.equations.equals(result.equations)


@pytest.mark.parametrize("wrong", [{"budget": 0}, {"budget": 1.0, "trials": 5}, {"trials": 0}])
def test_extent_that_means_nothing_is_refused(wrong) -> None:
    with pytest.raises(GradproofError, match=r"a budget is a number of seconds|trials is a whole number from 1 on"):
        crosscheck([dLoss_dW], line(3), **wrong)

"""An equation is run for many trials at once only where that is what single trials give, entry by entry.

`axis=1` means another axis once trials stand in front. Beside numbers that are 1e15 times larger what that changes is
less than their rounding, and yet it is all that the other entries are.
"""

import numpy as np
import pytest
import torch
from torch import nn

from gradproof import Reference, crosscheck, normal


class Spread(nn.Module):
    """`Y (4, 4)`: a column of huge numbers, beside what each number of `b` is off a sum of its row or column."""

    def __init__(self, axis: int) -> None:
        super().__init__()
        self.axis = axis

    def forward(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        """The result for `a (4, 1)` and `b (4, 4)`."""
        huge = torch.cat([1e15 * a, torch.zeros(4, 3, dtype=a.dtype)], dim=1)
        return b - b.sum(dim=self.axis, keepdim=True) + huge


def Y(a, b):
    return b - b.sum(axis=1, keepdims=True) + 1e15 * a * np.eye(4, dtype=a.dtype)[:1]


def result_of(axis, dtype):
    inputs = {"a": normal(4, 1), "b": normal(4, 4)}
    return crosscheck([Y], Reference(lambda: Spread(axis), inputs), trials=50, dtype=dtype, repair=False).results[0]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_right_axis_beside_huge_numbers_is_not_accused(dtype):
    assert result_of(1, dtype).verdict == "agrees"


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_wrong_axis_beside_huge_numbers_is_seen(dtype):
    found = result_of(0, dtype)
    assert (found.verdict, found.disagreeing_trials) == ("disagrees", 50)

"""Drawn indices are exact whatever the model does with them, and one step without a rule costs only what reads it."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from gradproof import Reference, crosscheck, integers, normal


class Picked(nn.Module):
    """Columns by drawn places, beside a determinant, which has no rule."""

    def forward(self, x: torch.Tensor, idx: torch.Tensor) -> torch.Tensor:
        return (x[:, idx] ** 2).sum() + torch.linalg.det(x[:3, :3])


def checked(factor: float):
    def dLoss_dx(x, idx):
        slope = np.zeros_like(x)
        np.add.at(slope, (slice(None), idx), 2 * factor * x[:, idx])
        slope[:3, :3] += np.linalg.det(x[:3, :3]) * np.linalg.inv(x[:3, :3]).T
        return slope

    reference = Reference(Picked, {"x": normal(3, 4), "idx": integers(0, 4, 5)})
    return crosscheck([dLoss_dx], reference, trials=60, repair=False, proof=False).results[0]


def test_gradient_by_drawn_indices_agrees() -> None:
    assert checked(1.0).verdict == "agrees"


def test_wrong_gradient_by_drawn_indices_is_no_near_tie() -> None:
    one = checked(1.5)
    assert (one.verdict, one.edge_trials) == ("disagrees", 0)

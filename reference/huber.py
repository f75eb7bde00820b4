"""The Huber loss as plain torch.nn with a threshold that is drawn, at three sets of sizes."""

import torch
from torch import nn

from gradproof import Reference, normal, uniform


class HuberLoss(nn.Module):
    """Y, T (batch, features), delta () -> the mean Huber loss of Y - T."""

    def __init__(self):
        super().__init__()
        self.residual = nn.Identity()

    def forward(self, Y, T, delta):
        R = self.residual(Y - T)
        return torch.where(R.abs() <= delta, R.square() / 2, delta * (R.abs() - delta / 2)).mean()


def at_sizes(batch, features):
    return Reference(
        model=HuberLoss,
        inputs={"Y": normal(batch, features), "T": normal(batch, features), "delta": uniform(0.5, 2.0)},
        symbols={"R": "residual"},
    )


reference = [at_sizes(5, 3), at_sizes(2, 4), at_sizes(3, 2)]

"""A linear model with an L2 penalty as plain torch.nn, at three sets of sizes."""

import torch
from torch import nn

from gradproof import Reference, log_uniform, normal


class Ridge(nn.Module):
    """X (batch, in), T (batch, out), decay () -> mean squared error and penalty."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.linear, self.error, self.penalty = nn.Linear(inputs, outputs), nn.Identity(), nn.Identity()

    def forward(self, X, T, decay):
        error = self.error((self.linear(X) - T).square().mean())
        return error + self.penalty(decay / 2 * self.linear.weight.square().sum())


def at_sizes(batch, inputs, outputs):
    """The reference for one choice of sizes. They differ from each other, so that a transpose shows."""
    return Reference(
        model=lambda: Ridge(inputs, outputs),
        inputs={"X": normal(batch, inputs), "T": normal(batch, outputs), "decay": log_uniform(1e-2, 1.0)},
        optimizer=torch.optim.SGD,
        hyperparameters={"lr": log_uniform(1e-2, 1.0, symbol="eta")},
        symbols={"W": "linear.weight", "b": "linear.bias", "Y": "linear", "E": "error", "penalty": "penalty"},
    )


reference = [at_sizes(5, 3, 2), at_sizes(2, 4, 3), at_sizes(3, 2, 4)]

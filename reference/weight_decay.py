"""A linear model and torch.optim.SGD with weight decay at three sets of sizes; how manual/weight_decay.py is read."""

import torch
from torch import nn

from gradproof import Code, Reference, log_uniform, normal


class LinearModel(nn.Module):
    """X (batch, in), T (batch, out) -> the mean over the batch of the squared error."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.W, self.b = nn.Parameter(torch.zeros(inputs, outputs)), nn.Parameter(torch.zeros(outputs))
        self.Y = nn.Identity()

    def forward(self, X, T):
        return (self.Y(X @ self.W + self.b) - T).square().sum(dim=1).mean()


def at_sizes(batch, inputs, outputs):
    """The reference for one choice of sizes. They differ from each other, so that a transpose shows."""
    return Reference(
        model=lambda: LinearModel(inputs, outputs),
        inputs={"X": normal(batch, inputs), "T": normal(batch, outputs)},
        optimizer=torch.optim.SGD,
        hyperparameters={
            "lr": log_uniform(1e-2, 1.0),
            "weight_decay": log_uniform(1e-2, 1.0, symbol="decay"),
        },
        symbols={"Y": "Y"},
    )


reference = [at_sizes(5, 3, 2), at_sizes(2, 4, 3), at_sizes(3, 2, 4)]
code = Code("train_step")

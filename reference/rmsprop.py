"""Least squares under torch.optim.RMSprop, amid a run."""

import torch
from torch import nn

from gradproof import Code, Reference, log_uniform, normal, uniform


class LeastSquares(nn.Module):
    """X (batch, in), T (batch, out) -> half the squared error, the mean over the batch."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.W = nn.Parameter(torch.zeros(outputs, inputs))

    def forward(self, X, T):
        return ((X @ self.W.T - T) ** 2).sum() / (2 * len(X))


def at_sizes(batch, inputs, outputs):
    """The reference for one choice of sizes; optimizer state is drawn as if steps had been taken before."""
    return Reference(
        model=lambda: LeastSquares(inputs, outputs),
        inputs={"X": normal(batch, inputs), "T": normal(batch, outputs)},
        optimizer=torch.optim.RMSprop,
        hyperparameters={
            "lr": log_uniform(1e-4, 1e-2, symbol="eta"),
            "alpha": uniform(0.8, 0.99),
            "eps": log_uniform(0.03, 0.3, symbol="epsilon"),
        },
        state={"square_avg": uniform(0.1, 1.0)},
        symbols={"S": "W.square_avg"},
    )


reference = [at_sizes(5, 2, 3), at_sizes(2, 4, 3), at_sizes(4, 3, 5)]
code = Code("train_step")

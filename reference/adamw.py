"""Least squares under torch.optim.AdamW, amid a run."""

import numpy as np
import torch
from torch import nn

from gradproof import Code, Reference, integers, log_uniform, normal, uniform


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
        optimizer=torch.optim.AdamW,
        hyperparameters={
            "lr": log_uniform(1e-3, 0.1, symbol="eta"),
            "betas": (uniform(0.8, 0.95, symbol="beta1"), uniform(0.9, 0.99, symbol="beta2")),
            "eps": log_uniform(1e-4, 0.1, symbol="epsilon"),
            "weight_decay": log_uniform(1e-2, 1.0, symbol="lam"),
        },
        state={"exp_avg": normal(), "exp_avg_sq": uniform(0.1, 1.0), "step": integers(0, 20, symbol="t")},
        symbols={"m": "W.exp_avg", "v": "W.exp_avg_sq"},
    )


reference = [at_sizes(5, 2, 3), at_sizes(2, 4, 3), at_sizes(4, 3, 5)]
code = Code(
    "AdamW.backward",
    "AdamW.step",
    constructor={"W": np.zeros((3, 2))},
    names={f"self.{name}": name for name in ("t", "eta", "beta1", "beta2", "epsilon", "lam")},
)

"""starter as plain torch.nn, at two sets of sizes. It shares no code with manual/starter.py: that is the point."""

import torch
from torch import nn

from gradproof import Reference, log_uniform, normal


class Model(nn.Module):
    """X (batch, in), T (batch, out) -> mean squared error. The forward of ONE trial; gradproof runs many at once."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.linear, self.tanh = nn.Linear(inputs, outputs), nn.Tanh()

    def forward(self, X, T):
        return ((self.tanh(self.linear(X)) - T) ** 2).mean()


def at_sizes(batch, inputs, outputs):
    """The reference for one choice of sizes. No two are equal and none is 1, so that a transpose or a sum shows."""
    return Reference(
        model=lambda: Model(inputs, outputs),
        inputs={"X": normal(batch, inputs), "T": normal(batch, outputs)},
        optimizer=torch.optim.SGD,
        hyperparameters={"lr": log_uniform(1e-3, 1.0, symbol="eta")},
        symbols={  # the derivation's names: a parameter by its path, a submodule's output by the submodule's name
            "W": "linear.weight",
            "b": "linear.bias",
            "Z": "linear",
            "A": "tanh",
        },
    )


reference = [at_sizes(batch=5, inputs=3, outputs=2), at_sizes(batch=2, inputs=4, outputs=3)]

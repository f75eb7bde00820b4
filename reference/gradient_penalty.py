"""The gradient penalty of a critic with one hidden layer as plain torch.nn, its steps named, at three sets of sizes."""

import torch
from torch import nn

from gradproof import Reference, normal

STEPS = {"H": "tanh", "D": "slope", "U": "by_Z", "G": "gradient", "length": "length"}


class GradientPenalty(nn.Module):
    """X (batch, in) -> the mean of (|df/dx| - 1)^2 for the critic f(x) = a . tanh(W x + b)."""

    def __init__(self, inputs, hidden):
        super().__init__()
        self.layer, self.tanh, self.a = nn.Linear(inputs, hidden), nn.Tanh(), nn.Parameter(torch.zeros(hidden))
        self.slope, self.by_Z, self.gradient, self.length = (nn.Identity() for _ in range(4))

    def forward(self, X):
        slope = self.slope(1 - self.tanh(self.layer(X)).square())
        G = self.gradient(self.by_Z(self.a * slope) @ self.layer.weight)
        return (self.length(G.square().sum(dim=1).sqrt()) - 1).square().mean()


def at_sizes(batch, inputs, hidden):
    """The reference for one choice of sizes. They differ from each other, so that a transpose shows."""
    return Reference(
        model=lambda: GradientPenalty(inputs, hidden),
        inputs={"X": normal(batch, inputs)},
        symbols={"W": "layer.weight", "b": "layer.bias", "Z": "layer", "a": "a", **STEPS},
    )


reference = [at_sizes(5, 2, 3), at_sizes(2, 4, 3), at_sizes(3, 5, 2)]

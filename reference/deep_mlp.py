"""A network of any depth under mean cross-entropy as plain torch.nn, at three sets of widths."""

from itertools import pairwise

import torch
from torch import nn

from gradproof import Code, Reference, log_uniform, normal, one_hot

LAYERS = 3


class DeepMLP(nn.Module):
    """X (batch, in), T (batch, classes) one-hot -> mean cross-entropy."""

    def __init__(self, *widths):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(*pair) for pair in pairwise(widths)])

    def forward(self, X, T):
        for layer in self.layers[:-1]:
            X = torch.relu(layer(X))
        return -(T * torch.log_softmax(self.layers[-1](X), dim=1)).sum(dim=1).mean()


def at_sizes(batch, *widths):
    """The reference for one choice of widths. They differ from each other, so that a transpose shows."""
    letters = {"W": "weight", "b": "bias"}
    return Reference(
        model=lambda: DeepMLP(*widths),
        inputs={"X": normal(batch, widths[0]), "T": one_hot(batch, classes=widths[-1])},
        optimizer=torch.optim.SGD,
        hyperparameters={"lr": log_uniform(1e-3, 1.0, symbol="eta")},
        symbols={f"{letter}{k + 1}": f"layers.{k}.{name}" for k in range(LAYERS) for letter, name in letters.items()},
    )


reference = [at_sizes(3, 2, 4, 5, 3), at_sizes(5, 4, 2, 3, 6), at_sizes(2, 3, 5, 2, 4)]
code = Code("DeepMLP.train")

"""A ReLU layer and a softmax layer under mean cross-entropy as plain torch.nn, at three sets of sizes."""

import torch
from torch import nn

from gradproof import Reference, log_uniform, normal, one_hot


class SoftmaxMLP(nn.Module):
    """X (batch, in), T (batch, out) one-hot -> mean cross-entropy."""

    def __init__(self, inputs, hidden, classes):
        super().__init__()
        self.layer1, self.relu = nn.Linear(inputs, hidden), nn.ReLU()
        self.layer2, self.softmax = nn.Linear(hidden, classes), nn.Softmax(dim=1)

    def forward(self, X, T):
        P = self.softmax(self.layer2(self.relu(self.layer1(X))))
        return -(T * P.log()).sum(dim=1).mean()


def at_sizes(batch, inputs, hidden, classes):
    """The reference for one choice of sizes. They differ from each other, so that a transpose shows."""
    return Reference(
        model=lambda: SoftmaxMLP(inputs, hidden, classes),
        inputs={"X": normal(batch, inputs), "T": one_hot(batch, classes=classes)},
        optimizer=torch.optim.SGD,
        hyperparameters={"lr": log_uniform(1e-3, 1.0, symbol="eta")},
        symbols={
            "W1": "layer1.weight",
            "b1": "layer1.bias",
            "Z1": "layer1",
            "A1": "relu",
            "W2": "layer2.weight",
            "b2": "layer2.bias",
            "Z2": "layer2",
            "P": "softmax",
        },
        latex={name: f"{name[0]}^{{({name[1]})}}" for name in ("W1", "b1", "Z1", "A1", "W2", "b2", "Z2")},
        constants={"N": batch},
    )


reference = [at_sizes(5, 2, 4, 3), at_sizes(3, 4, 2, 5), at_sizes(2, 3, 5, 4)]

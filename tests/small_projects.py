"""Derivations and references of small projects, which the tests write to disk, and how they look at texts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from click.testing import Result

ROOT = Path(__file__).parent.parent

Write = Callable[..., None]
Run = Callable[..., Result]

NEURON = """
    \"\"\"One neuron with a sigmoid under half the squared error.\"\"\"

    import numpy as np

    def Z(w, x, b):
        return w * x + b

    def A(Z):
        return 1 / (1 + np.exp(-Z))

    def Loss(A, t):
        return (A - t) ** 2 / 2

    def dLoss_dA(A, t):
        return A - t

    def dLoss_dZ(dLoss_dA, A):
        return dLoss_dA * A * (1 - A)

    def dLoss_dw(dLoss_dZ, x):
        return dLoss_dZ * x

    def dLoss_db(dLoss_dZ):
        return dLoss_dZ

    def w_new(w, eta, dLoss_dw):
        return w - eta * dLoss_dw

    def b_new(b, eta, dLoss_db):
        return b - eta * dLoss_db
"""

NEURON_REFERENCE = """
    import torch
    from torch import nn
    from gradproof import Reference, log_uniform, normal

    class Neuron(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear, self.sigmoid = nn.Linear(1, 1), nn.Sigmoid()

        def forward(self, x, t):
            return (self.sigmoid(self.linear(x[None]))[0] - t) ** 2 / 2

    reference = Reference(
        model=Neuron,
        inputs={"x": normal(), "t": normal()},
        optimizer=torch.optim.SGD,
        hyperparameters={"lr": log_uniform(1e-3, 1.0, symbol="eta")},
        symbols={"w": "linear.weight[0, 0]", "b": "linear.bias[0]", "Z": "linear[0]", "A": "sigmoid[0]"},
    )
"""

MATRIX = """
    \"\"\"A linear layer under the sum of squares.\"\"\"

    def Y(X, W):
        return X @ W.T

    def Loss(Y):
        return (Y * Y).sum()

    def dLoss_dY(Y):
        return 2 * Y

    def dLoss_dW(dLoss_dY, X):
        return dLoss_dY.T @ X
"""

MATRIX_REFERENCE = """
    from torch import nn
    from gradproof import Reference, normal

    class Layer(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(3, 2, bias=False)

        def forward(self, X):
            return (self.linear(X) ** 2).sum()

    reference = Reference(model=Layer, inputs={"X": normal(4, 3)}, symbols={"W": "linear.weight", "Y": "linear"})
"""


def flat(text: str) -> str:
    """Text with every run of white space made one blank, so that a test does not depend on where lines break."""
    return " ".join(text.split())

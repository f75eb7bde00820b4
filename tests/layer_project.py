"""A layer of three inputs and two outputs with its loss and updates: a right derivation and its reference."""

from __future__ import annotations

from collections.abc import Callable

from gradproof.case.project import Project

MANUAL = """
import numpy as np

def Z(W, X, b):
    return W @ X + b

def A(Z):
    return np.tanh(Z)

def dLoss_dA(A, T):
    return 2 * (A - T)

def dLoss_dZ(dLoss_dA, A):
    return dLoss_dA * (1 - A**2)

def dLoss_dW(dLoss_dZ, X):
    return np.outer(dLoss_dZ, X)

def dLoss_db(dLoss_dZ):
    return dLoss_dZ

def W_new(W, eta, dLoss_dW):
    return W - eta * dLoss_dW

def b_new(b, eta, dLoss_db):
    return b - eta * dLoss_db
"""

REFERENCE = """
import torch
from torch import nn
from gradproof import Reference, log_uniform, normal

class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear, self.tanh = nn.Linear(3, 2), nn.Tanh()

    def forward(self, X, T):
        return ((self.tanh(self.linear(X)) - T) ** 2).sum()

reference = Reference(
    model=Layer,
    inputs={"X": normal(3), "T": normal(2)},
    optimizer=torch.optim.SGD,
    hyperparameters={"lr": log_uniform(1e-3, 1.0, symbol="eta")},
    symbols={"W": "linear.weight", "b": "linear.bias", "Z": "linear", "A": "tanh"},
)
"""

Writer = Callable[..., Project]

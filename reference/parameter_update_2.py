"""The 2-2-3 network of Parameter Update 2 as plain torch.nn: ReLU nodes 3, 4 and softmax nodes 5, 6, 7."""

import torch
from torch import nn

from gradproof import Reference, log_uniform, normal


class Network(nn.Module):
    """Two inputs, a ReLU layer of two, a softmax layer of three; returns the loss for the class of node 5."""

    def __init__(self):
        super().__init__()
        self.hidden, self.relu = nn.Linear(2, 2), nn.ReLU()
        self.output, self.softmax = nn.Linear(2, 3), nn.Softmax(dim=-1)

    def forward(self, X):
        P = self.softmax(self.output(self.relu(self.hidden(X))))
        return -P[0].log()


reference = Reference(
    model=Network,
    inputs={"X": normal(2)},
    optimizer=torch.optim.SGD,
    hyperparameters={"lr": log_uniform(1e-3, 1.0, symbol="eta")},
    symbols={
        "X1": "X[0]",
        "X2": "X[1]",
        "W13": "hidden.weight[0, 0]",
        "W23": "hidden.weight[0, 1]",
        "W14": "hidden.weight[1, 0]",
        "W24": "hidden.weight[1, 1]",
        "b3": "hidden.bias[0]",
        "b4": "hidden.bias[1]",
        "Y3": "relu[0]",
        "Y4": "relu[1]",
        "W35": "output.weight[0, 0]",
        "W45": "output.weight[0, 1]",
        "W36": "output.weight[1, 0]",
        "W46": "output.weight[1, 1]",
        "W37": "output.weight[2, 0]",
        "W47": "output.weight[2, 1]",
        "b5": "output.bias[0]",
        "b6": "output.bias[1]",
        "b7": "output.bias[2]",
        "Y5": "output[0]",
        "Y6": "output[1]",
        "Y7": "output[2]",
        "P5": "softmax[0]",
        "P6": "softmax[1]",
        "P7": "softmax[2]",
    },
)

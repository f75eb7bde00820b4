"""Gradients in a dictionary and in a tuple."""

import numpy as np


class Dense:
    def __init__(self):
        self.W, self.grads = np.array([[1.0, 2.0], [3.0, -4.0], [0.5, 1.5]]), {}

    def backward(self, x, up):
        self.grads["W"] = x.T @ up
        return up @ self.W.T


def loss_and_grads(W, x):
    loss = float(((x @ W) ** 2).sum())
    return loss, {"W": 2 * x.T @ (x @ W)}

"""A network of any depth as a class with lists of layers: ReLU layers, a softmax layer, mean cross-entropy, SGD.

Any number of layers of any widths, any batch, any targets. Samples are rows; T holds the target's one-hot rows, or
any other rows that sum to 1; a weight is stored as PyTorch stores it, (out, in).

    X (batch, in)     weights[l] (out, in)     biases[l] (out,)     T (batch, classes)     Loss ()

Forward and backward of a layer stand together. The derivative of the ReLU at 0 is taken as 0.
"""

import numpy as np


class Linear:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, X):
        self.X = X
        return X @ self.W.T + self.b

    def backward(self, dLoss_dZ):
        self.dLoss_dW = dLoss_dZ.T @ self.X
        self.dLoss_db = dLoss_dZ.sum(axis=0)
        return dLoss_dZ @ self.W

    def step(self, eta):
        self.W -= eta * self.dLoss_dW
        self.b -= eta * self.dLoss_db


class ReLU:
    def forward(self, Z):
        self.is_on = Z > 0
        return np.where(self.is_on, Z, 0.0)

    def backward(self, dLoss_dA):
        return dLoss_dA * self.is_on

    def step(self, eta):
        pass


class SoftmaxCrossEntropy:
    def forward(self, Z, T):
        E = np.exp(Z - Z.max(axis=1, keepdims=True))
        self.P, self.T = E / E.sum(axis=1, keepdims=True), T
        return -np.sum(T * np.log(self.P)) / T.shape[0]

    def backward(self):
        return (self.P - self.T) / self.T.shape[0]


class DeepMLP:
    """A layer for each pair of a weight and a bias, a ReLU between any two of them."""

    def __init__(self, weights, biases):
        self.layers = []
        for W, b in zip(weights[:-1], biases[:-1], strict=True):
            self.layers += [Linear(W, b), ReLU()]
        self.layers.append(Linear(weights[-1], biases[-1]))
        self.head = SoftmaxCrossEntropy()

    def loss(self, X, T):
        for layer in self.layers:
            X = layer.forward(X)
        return self.head.forward(X, T)

    def backward(self):
        dLoss_dX = self.head.backward()
        for layer in reversed(self.layers):
            dLoss_dX = layer.backward(dLoss_dX)
        return dLoss_dX

    def train(self, X, T, eta):
        """One step; the loss before it, and its gradient by the inputs."""
        Loss = self.loss(X, T)
        dLoss_dX = self.backward()
        for layer in self.layers:
            layer.step(eta)
        return Loss, dLoss_dX

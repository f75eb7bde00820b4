"""One step of a simple recurrent network and its backward pass.

Samples are rows; the weights are stored as PyTorch stores them.

    X (batch, in)    H0, Z, H1 (batch, hidden)    W (hidden, in)    U (hidden, hidden)    b, c (hidden,)

Source: J. L. Elman, "Finding structure in time", Cognitive Science 14 (1990); torch.nn.RNNCell for the two biases.
"""

import numpy as np


def Z(X, W, b, H0, U, c):
    return X @ W.T + b + H0 @ U.T + c


def H1(Z):
    return np.tanh(Z)


def dLoss_dZ(dLoss_dH1, H1):
    return dLoss_dH1 * (1 - H1**2)


def dLoss_dW(dLoss_dZ, X):
    return dLoss_dZ.T @ X


def dLoss_db(dLoss_dZ):
    return dLoss_dZ.sum(axis=0)


def dLoss_dU(dLoss_dZ, H0):
    return dLoss_dZ.T @ H0


def dLoss_dc(dLoss_dZ):
    return dLoss_dZ.sum(axis=0)


def dLoss_dX(dLoss_dZ, W):
    return dLoss_dZ @ W


def dLoss_dH0(dLoss_dZ, U):
    return dLoss_dZ @ U

"""The gradient penalty of a critic, whose own gradient is a derivative of second order.

The critic is f(x) = a . tanh(W x + b); the penalty draws the length of its gradient G = df/dx to one, so the gradients
of the loss go through the derivative of tanh, and need its second derivative -2 tanh (1 - tanh^2).

    X, G (batch, in)      Z, H, D, U (batch, hidden)      length (batch,)      Loss ()
    W (hidden, in)        a, b (hidden,)

D is the derivative of tanh at Z, U the gradient of f by Z.

Source: I. Gulrajani et al., "Improved training of Wasserstein GANs", NIPS 2017, equation (3).
"""

import numpy as np

# Forward


def Z(X, W, b):
    return X @ W.T + b


def H(Z):
    return np.tanh(Z)


def D(H):
    return 1 - H**2


def U(a, D):
    return a * D


def G(U, W):
    return U @ W


def length(G):
    return np.sqrt(np.sum(G**2, axis=1))


def Loss(length):
    return np.mean((length - 1) ** 2)


# Backward


def dLoss_dlength(length):
    return 2 * (length - 1) / length.size


def dLoss_dG(dLoss_dlength, G, length):
    return (dLoss_dlength / length)[:, None] * G


def dLoss_dU(dLoss_dG, W):
    return dLoss_dG @ W.T


def dLoss_da(dLoss_dU, D):
    return np.sum(dLoss_dU * D, axis=0)


def dLoss_dD(dLoss_dU, a):
    return dLoss_dU * a


def dLoss_dH(dLoss_dD, H):
    return -2 * dLoss_dD * H


def dLoss_dZ(dLoss_dH, H):
    return dLoss_dH * (1 - H**2)


def dLoss_dW(dLoss_dZ, X, U, dLoss_dG):
    """The weight is used twice: in the critic, and in its gradient."""
    return dLoss_dZ.T @ X + U.T @ dLoss_dG


def dLoss_db(dLoss_dZ):
    return dLoss_dZ.sum(axis=0)


def dLoss_dX(dLoss_dZ, W):
    return dLoss_dZ @ W

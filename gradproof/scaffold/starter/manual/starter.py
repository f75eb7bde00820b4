"""starter: a linear layer with tanh under mean squared error; gradients and a step of gradient descent.

Samples are rows; W is stored as PyTorch stores it.

    X (batch, in)    W (out, in)    b (out,)    Z, A, T (batch, out)    Loss ()

A function is an equation: its name is the quantity, its parameters are the quantities that it is computed from.
`dA_dB` is the derivative of A with respect to B, in the shape of B where A is the loss; `W_new` is W after the
optimizer's step; `NAME__label` is a second form of the same quantity, checked like the first. A name that starts
with an underscore is a helper of your own. Forward and backward stand in mirrored order.
"""

import numpy as np

# Forward


def Z(X, W, b):
    return X @ W.T + b


def A(Z):
    return np.tanh(Z)


def Loss(A, T):
    return np.mean((A - T) ** 2)


# Backward


def dLoss_dA(A, T):
    return 2 * (A - T) / A.size


def dLoss_dZ__chain(dLoss_dA, A):
    """The chain rule as one writes it down: what comes from above, times tanh' = 1 - tanh^2."""
    return dLoss_dA * (1 - A**2)


def dLoss_dZ(A, T):
    return 2 * (A - T) * (1 - A**2) / A.size


def dLoss_dW(dLoss_dZ, X):
    return dLoss_dZ.T @ X


def dLoss_db(dLoss_dZ):
    return dLoss_dZ.sum(axis=0)


def dLoss_dX(dLoss_dZ, W):
    return dLoss_dZ @ W


# Update by gradient descent


def W_new(W, eta, dLoss_dW):
    return W - eta * dLoss_dW


def b_new(b, eta, dLoss_db):
    return b - eta * dLoss_db

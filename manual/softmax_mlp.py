"""A ReLU layer and a softmax layer under mean cross-entropy: the matrix form of Parameter Update 2.

Any widths, any batch, any targets. Samples are rows; T holds the target's one-hot rows; a weight is stored as
PyTorch stores it, (out, in).

    X (batch, in)      W1 (hidden, in)    b1 (hidden,)    Z1, A1 (batch, hidden)
    T (batch, out)     W2 (out, hidden)   b2 (out,)       Z2, P (batch, out)      Loss ()

Forward and backward of a step stand in mirrored order. The derivative of the ReLU at 0 is taken as 0.
"""

import numpy as np

# Forward


def Z1(X, W1, b1):
    return X @ W1.T + b1


def A1(Z1):
    return np.maximum(Z1, 0)


def Z2(A1, W2, b2):
    return A1 @ W2.T + b2


def P(Z2):
    E = np.exp(Z2 - Z2.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)


def Loss(P, T):
    return -np.sum(T * np.log(P)) / T.shape[0]


# Backward


def dLoss_dP(P, T):
    return -T / P / T.shape[0]


def dLoss_dZ2__chain(dLoss_dP, P):
    """The softmax's own derivative, diagonal and off-diagonal terms, applied to what comes from above."""
    return P * (dLoss_dP - np.sum(dLoss_dP * P, axis=1, keepdims=True))


def dLoss_dZ2(P, T):
    return (P - T) / T.shape[0]


def dLoss_dW2(dLoss_dZ2, A1):
    return dLoss_dZ2.T @ A1


def dLoss_db2(dLoss_dZ2):
    return dLoss_dZ2.sum(axis=0)


def dLoss_dA1(dLoss_dZ2, W2):
    return dLoss_dZ2 @ W2


def dLoss_dZ1(dLoss_dA1, Z1):
    return dLoss_dA1 * (Z1 > 0)


def dLoss_dW1(dLoss_dZ1, X):
    return dLoss_dZ1.T @ X


def dLoss_db1(dLoss_dZ1):
    return dLoss_dZ1.sum(axis=0)


def dLoss_dX(dLoss_dZ1, W1):
    return dLoss_dZ1 @ W1


# Updates by gradient descent


def W2_new(W2, eta, dLoss_dW2):
    return W2 - eta * dLoss_dW2


def b2_new(b2, eta, dLoss_db2):
    return b2 - eta * dLoss_db2


def W1_new(W1, eta, dLoss_dW1):
    return W1 - eta * dLoss_dW1


def b1_new(b1, eta, dLoss_db1):
    return b1 - eta * dLoss_db1

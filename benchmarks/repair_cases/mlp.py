"""A ReLU layer and a softmax layer under mean cross-entropy; weights are stored (in, out)."""

import numpy as np


def Z1(X, W1, b1):
    return X @ W1 + b1


def A1(Z1):
    return np.maximum(Z1, 0)


def Z2(A1, W2, b2):
    return A1 @ W2 + b2


def P(Z2):
    return np.exp(Z2) / np.exp(Z2).sum(axis=1, keepdims=True)


def Loss(T, P):
    return -(T * np.log(P)).sum() / T.shape[0]


def dLoss_dZ2(P, T):
    return (P - T) / T.shape[0]


def dLoss_dW2(A1, dLoss_dZ2):
    return A1.T @ dLoss_dZ2


def dLoss_db2(dLoss_dZ2):
    return dLoss_dZ2.sum(axis=0)


def dLoss_dA1(dLoss_dZ2, W2):
    return dLoss_dZ2 @ W2.T


def dLoss_dZ1(dLoss_dA1, Z1):
    return dLoss_dA1 * (Z1 > 0)


def dLoss_dW1(X, dLoss_dZ1):
    return X.T @ dLoss_dZ1


def dLoss_db1(dLoss_dZ1):
    return dLoss_dZ1.sum(axis=0)


def dLoss_dX(dLoss_dZ1, W1):
    return dLoss_dZ1 @ W1.T


def W1_new(W1, eta, dLoss_dW1):
    return W1 - eta * dLoss_dW1


def b1_new(b1, eta, dLoss_db1):
    return b1 - eta * dLoss_db1


def W2_new(W2, eta, dLoss_dW2):
    return W2 - eta * dLoss_dW2


def b2_new(b2, eta, dLoss_db2):
    return b2 - eta * dLoss_db2

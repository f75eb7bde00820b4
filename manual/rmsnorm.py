"""RMS normalization and its backward pass.

Each row is divided by its root mean square; the mean is not taken out.

    X, Xhat, Y (batch, features)      rms (batch, 1)      gamma (features,)

Source: B. Zhang, R. Sennrich, "Root mean square layer normalization", NeurIPS 2019, equation (4).
"""

import numpy as np

_EPSILON = 1e-6


def rms(X):
    return np.sqrt(np.mean(X**2, axis=1, keepdims=True) + _EPSILON)


def Xhat(X, rms):
    return X / rms


def Y(Xhat, gamma):
    return gamma * Xhat


def dLoss_dgamma(dLoss_dY, Xhat):
    return np.sum(dLoss_dY * Xhat, axis=0)


def dLoss_dXhat(dLoss_dY, gamma):
    return dLoss_dY * gamma


def dLoss_drms(dLoss_dXhat, X, rms):
    return -np.sum(dLoss_dXhat * X, axis=1, keepdims=True) / rms**2


def dLoss_dX(dLoss_dXhat, dLoss_drms, X, rms):
    return dLoss_dXhat / rms + dLoss_drms * X / (X.shape[1] * rms)


def dLoss_dX__closed(dLoss_dXhat, Xhat, rms):
    return (dLoss_dXhat - Xhat * np.mean(dLoss_dXhat * Xhat, axis=1, keepdims=True)) / rms

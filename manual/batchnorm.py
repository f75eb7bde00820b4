"""Batch normalization in training and its backward pass, step by step and in closed form.

Each feature is normalized over the batch by the biased variance.

    X, D, Xhat, Y (batch, features)      mean, var, gamma, beta (features,)

Source: S. Ioffe, C. Szegedy, "Batch normalization: accelerating deep network training by reducing internal covariate
shift", ICML 2015, algorithm 1 and the equations of section 3.
"""

import numpy as np

_EPSILON = 1e-5

# Forward


def mean(X):
    return X.mean(axis=0)


def D(X, mean):
    return X - mean


def var(D):
    return np.mean(D**2, axis=0)


def Xhat(D, var):
    return D / np.sqrt(var + _EPSILON)


def Y(Xhat, gamma, beta):
    return gamma * Xhat + beta


# Backward


def dLoss_dbeta(dLoss_dY):
    return dLoss_dY.sum(axis=0)


def dLoss_dgamma(dLoss_dY, Xhat):
    return np.sum(dLoss_dY * Xhat, axis=0)


def dLoss_dXhat(dLoss_dY, gamma):
    return dLoss_dY * gamma


def dLoss_dvar(dLoss_dXhat, D, var):
    return np.sum(dLoss_dXhat * D, axis=0) * -0.5 * (var + _EPSILON) ** -1.5


def dLoss_dD(dLoss_dXhat, dLoss_dvar, D, var):
    return dLoss_dXhat / np.sqrt(var + _EPSILON) + dLoss_dvar * 2 * D / D.shape[0]


def dLoss_dmean(dLoss_dD):
    return -dLoss_dD.sum(axis=0)


def dLoss_dX(dLoss_dD, dLoss_dmean, X):
    return dLoss_dD + dLoss_dmean / X.shape[0]


def dLoss_dX__closed(dLoss_dXhat, Xhat, var):
    """All paths at once: the part along the ones and the part along Xhat are taken out."""
    plain = dLoss_dXhat - dLoss_dXhat.mean(axis=0) - Xhat * np.mean(dLoss_dXhat * Xhat, axis=0)
    return plain / np.sqrt(var + _EPSILON)

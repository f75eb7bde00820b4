"""Group normalization and its backward pass.

The channels are cut into two groups; each group of each sample is normalized over its channels and positions.

    X, Xhat, Y (batch, channels, positions)      gamma, beta (channels,)
    G, Ghat (batch, groups, channels / groups, positions)      mean, var (batch, groups, 1, 1)

Source: Y. Wu, K. He, "Group normalization", ECCV 2018, equations (1) to (6).
"""

import numpy as np

_GROUPS = 2
_EPSILON = 1e-5

# Forward


def G(X):
    batch, channels, positions = X.shape
    return X.reshape(batch, _GROUPS, channels // _GROUPS, positions)


def mean(G):
    return G.mean(axis=(2, 3), keepdims=True)


def var(G, mean):
    return np.mean((G - mean) ** 2, axis=(2, 3), keepdims=True)


def Ghat(G, mean, var):
    return (G - mean) / np.sqrt(var + _EPSILON)


def Xhat(Ghat, X):
    return Ghat.reshape(X.shape)


def Y(Xhat, gamma, beta):
    return gamma[:, None] * Xhat + beta[:, None]


# Backward


def dLoss_dbeta(dLoss_dY):
    return dLoss_dY.sum(axis=(0, 2))


def dLoss_dgamma(dLoss_dY, Xhat):
    return np.sum(dLoss_dY * Xhat, axis=(0, 2))


def dLoss_dXhat(dLoss_dY, gamma):
    return dLoss_dY * gamma[:, None]


def dLoss_dGhat(dLoss_dXhat, G):
    return dLoss_dXhat.reshape(G.shape)


def dLoss_dG(dLoss_dGhat, Ghat, var):
    """All paths at once: the part along the ones and the part along Ghat are taken out."""
    along_ones = dLoss_dGhat.mean(axis=(2, 3), keepdims=True)
    along_Ghat = np.mean(dLoss_dGhat * Ghat, axis=(2, 3), keepdims=True)
    return (dLoss_dGhat - along_ones - Ghat * along_Ghat) / np.sqrt(var + _EPSILON)


def dLoss_dX(dLoss_dG, X):
    return dLoss_dG.reshape(X.shape)

"""Layer normalisation over the columns, contracted with a random cotangent R."""

import numpy as np


def mu(x):
    return x.mean(axis=1, keepdims=True)


def var(x, mu):
    return ((x - mu) ** 2).mean(axis=1, keepdims=True)


def std(var, eps):
    return np.sqrt(var + eps)


def xhat(x, mu, std):
    return (x - mu) / std


def y(gamma, xhat, beta):
    return gamma * xhat + beta


def Loss(y, R):
    return (y * R).sum()


def dLoss_dy(R):
    return R


def dLoss_dgamma(dLoss_dy, xhat):
    return (dLoss_dy * xhat).sum(axis=0)


def dLoss_dbeta(dLoss_dy):
    return dLoss_dy.sum(axis=0)


def dLoss_dxhat(dLoss_dy, gamma):
    return dLoss_dy * gamma


def dLoss_dx(dLoss_dxhat, xhat, std):
    return (
        dLoss_dxhat - dLoss_dxhat.mean(axis=1, keepdims=True) - xhat * (dLoss_dxhat * xhat).mean(axis=1, keepdims=True)
    ) / std

"""The Huber loss and its derivative: a square close to the target, a straight line beyond delta.

The mean is over all entries, as in torch.nn.HuberLoss.

    Y, T, R (batch, features)      delta ()      Loss ()

Source: P. J. Huber, "Robust estimation of a location parameter", Annals of Mathematical Statistics 35 (1964), p. 75.
"""

import numpy as np


def R(Y, T):
    return Y - T


def Loss(R, delta):
    far = np.abs(R) > delta
    return np.mean(np.where(far, delta * (np.abs(R) - delta / 2), R**2 / 2))


def dLoss_dR(R, delta):
    far = np.abs(R) > delta
    return np.where(far, delta * np.sign(R), R) / R.size


def dLoss_dY(R, delta):
    return np.clip(R, -delta, delta) / R.size


def dLoss_dT(dLoss_dY):
    return -dLoss_dY

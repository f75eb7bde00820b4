"""The mean squared error and its derivatives.

The mean is over all entries, as in torch.nn.MSELoss.

    Y, T, R (batch, features)      Loss ()

Source: I. Goodfellow, Y. Bengio, A. Courville, "Deep Learning", MIT Press 2016, equation (5.4).
"""

import numpy as np


def R(Y, T):
    return Y - T


def Loss(R):
    return np.mean(R**2)


def dLoss_dR(R):
    return 2 * R / R.size


def dLoss_dY(dLoss_dR):
    return dLoss_dR


def dLoss_dT(dLoss_dR):
    return -dLoss_dR

"""The SiLU, or swish, and its backward pass: Y = Z sigma(Z).

    Z, S, Y (batch, features)

Source: S. Elfwing, E. Uchibe, K. Doya, "Sigmoid-weighted linear units for neural network function approximation in
reinforcement learning", Neural Networks 107 (2018), equations (12) and (13).
"""

import numpy as np


def S(Z):
    return 1 / (1 + np.exp(-Z))


def Y(Z, S):
    return Z * S


def dLoss_dS(dLoss_dY, Z):
    return dLoss_dY * Z


def dLoss_dZ(dLoss_dY, Z, S):
    return dLoss_dY * S * (1 + Z * (1 - S))


def dLoss_dZ__chain(dLoss_dY, dLoss_dS, S):
    """The two ways in which Z enters: as the factor, and through the sigmoid."""
    return dLoss_dY * S + dLoss_dS * S * (1 - S)

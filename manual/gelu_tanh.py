"""The GELU in its tanh form and its backward pass.

    Y = Z (1 + tanh(U)) / 2,      U = sqrt(2 / pi) (Z + 0.044715 Z^3)

    Z, U, H, Y (batch, features)

Source: D. Hendrycks, K. Gimpel, "Gaussian error linear units (GELUs)", arXiv:1606.08415, section 2.
"""

import numpy as np


def U(Z):
    return np.sqrt(2 / np.pi) * (Z + 0.044715 * Z**3)


def H(U):
    return np.tanh(U)


def Y(Z, H):
    return Z * (1 + H) / 2


def dLoss_dH(dLoss_dY, Z):
    return dLoss_dY * Z / 2


def dLoss_dU(dLoss_dH, H):
    return dLoss_dH * (1 - H**2)


def dLoss_dZ(dLoss_dY, dLoss_dU, H, Z):
    return dLoss_dY * (1 + H) / 2 + dLoss_dU * np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * Z**2)

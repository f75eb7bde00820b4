"""The GELU and its backward pass: Y = Z Phi(Z), where Phi is the distribution function of the standard normal.

    Z, Phi, Y (batch, features)

NumPy has no error function, so that of the standard library is applied to each entry.

Source: D. Hendrycks, K. Gimpel, "Gaussian error linear units (GELUs)", arXiv:1606.08415, section 2.
"""

import math

import numpy as np

_erf_of_each = np.frompyfunc(math.erf, 1, 1)


def _erf(X):
    return _erf_of_each(X).astype(X.dtype)


def Phi(Z):
    return (1 + _erf(Z / np.sqrt(2))) / 2


def Y(Z, Phi):
    return Z * Phi


def dLoss_dPhi(dLoss_dY, Z):
    return dLoss_dY * Z


def dLoss_dZ(dLoss_dY, Z, Phi):
    return dLoss_dY * (Phi + Z * np.exp(-(Z**2) / 2) / np.sqrt(2 * np.pi))


def dLoss_dZ__chain(dLoss_dY, dLoss_dPhi, Z, Phi):
    """The two ways in which Z enters: as the factor, and through Phi, whose derivative is the normal density."""
    return dLoss_dY * Phi + dLoss_dPhi * np.exp(-(Z**2) / 2) / np.sqrt(2 * np.pi)

"""Binary cross-entropy on logits and its derivatives, in the form that neither overflows nor loses digits.

    -T log sigma(Z) - (1 - T) log(1 - sigma(Z)) = max(Z, 0) - Z T + log(1 + e^-|Z|)

The mean is over all entries, as in torch.nn.BCEWithLogitsLoss; targets are probabilities.

    Z, T, P (batch, labels)      Loss ()

Source: C. Bishop, "Pattern recognition and machine learning", Springer 2006, equations (4.90) and (4.91), with the
scores for features.
"""

import numpy as np


def P(Z):
    E = np.exp(-np.abs(Z))
    return np.where(Z >= 0, 1 / (1 + E), E / (1 + E))


def Loss(Z, T):
    return np.mean(np.maximum(Z, 0) - Z * T + np.log1p(np.exp(-np.abs(Z))))


def dLoss_dP(P, T):
    return (P - T) / (P * (1 - P)) / T.size


def dLoss_dZ(P, T):
    return (P - T) / T.size


def dLoss_dZ__chain(dLoss_dP, P):
    return dLoss_dP * P * (1 - P)


def dLoss_dT(Z, T):
    return -Z / T.size

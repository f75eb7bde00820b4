"""Softmax and cross-entropy over class indices, with label smoothing and rows that are left out.

Each row of Z has the scores of one sample; `target` holds its class, or -1 where the row is left out. Label smoothing
moves the share 0.1 of the target's probability evenly to all classes. The loss is the mean over the rows that count.

    Z, P, Q (batch, classes)      target (batch,) whole numbers      Loss ()

Source: C. Szegedy et al., "Rethinking the Inception architecture for computer vision", CVPR 2016, section 7.
"""

import numpy as np

_SMOOTHING = 0.1


def logP(Z):
    shifted = Z - Z.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def P(logP):
    return np.exp(logP)


def Q(target, Z):
    """What the probabilities ought to be; all zeros in a row that is left out."""
    classes = Z.shape[1]
    hit = target[:, None] == np.arange(classes)
    smooth = (1 - _SMOOTHING) * hit + _SMOOTHING / classes
    return np.where(target[:, None] == -1, 0.0, smooth)


def count(target):
    return np.sum(target != -1)


def Loss(Q, logP, count):
    return -np.sum(Q * logP) / count


def dLoss_dlogP(Q, count):
    return -Q / count


def dLoss_dZ(P, Q, target, count):
    kept = (target != -1)[:, None]
    return kept * (P - Q) / count


def dLoss_dZ__chain(dLoss_dlogP, P):
    """Through the log-softmax: each row loses its sum, shared out by probability."""
    return dLoss_dlogP - P * dLoss_dlogP.sum(axis=1, keepdims=True)

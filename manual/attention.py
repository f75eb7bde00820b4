"""Scaled dot-product attention, one head, and its backward pass.

    Q (queries, dim)    K (keys, dim)    V (keys, width)    S, P (queries, keys)    Y (queries, width)

S are the scores of all keys for each query, P their softmax along the keys.

Source: A. Vaswani et al., "Attention is all you need", NeurIPS 2017, equation 1.
"""

import numpy as np

# Forward


def S(Q, K):
    return Q @ K.T / np.sqrt(Q.shape[1])


def P(S):
    E = np.exp(S - S.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)


def Y(P, V):
    return P @ V


# Backward


def dLoss_dV(P, dLoss_dY):
    return P.T @ dLoss_dY


def dLoss_dP(dLoss_dY, V):
    return dLoss_dY @ V.T


def dLoss_dS(dLoss_dP, P):
    return P * (dLoss_dP - np.sum(dLoss_dP * P, axis=1, keepdims=True))


def dLoss_dS__output(dLoss_dP, P, dLoss_dY, Y):
    """The sum over the keys is the output's own: P . dLoss_dP is Y . dLoss_dY in every row."""
    return P * (dLoss_dP - np.sum(dLoss_dY * Y, axis=1, keepdims=True))


def dLoss_dQ(dLoss_dS, K):
    return dLoss_dS @ K / np.sqrt(K.shape[1])


def dLoss_dK(dLoss_dS, Q):
    return dLoss_dS.T @ Q / np.sqrt(Q.shape[1])

"""Causal scaled dot-product attention, one head, and its backward pass: no position looks ahead.

    Q, K (tokens, dim)    V, Y (tokens, width)    S, P (tokens, tokens)

The score of a later position is minus infinity, its weight zero, and no gradient goes through it.

Source: A. Vaswani et al., "Attention is all you need", NeurIPS 2017, equation 1 and section 3.2.3.
"""

import numpy as np

# Forward


def S(Q, K):
    return Q @ K.T / np.sqrt(Q.shape[1])


def P(S):
    M = np.where(np.triu(np.ones_like(S), k=1) > 0, -np.inf, S)
    E = np.exp(M - M.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)


def Y(P, V):
    return P @ V


# Backward


def dLoss_dV(P, dLoss_dY):
    return P.T @ dLoss_dY


def dLoss_dP(dLoss_dY, V):
    return dLoss_dY @ V.T


def dLoss_dS(dLoss_dP, P):
    """Zero ahead, because P is."""
    return P * (dLoss_dP - np.sum(dLoss_dP * P, axis=1, keepdims=True))


def dLoss_dQ(dLoss_dS, K):
    return dLoss_dS @ K / np.sqrt(K.shape[1])


def dLoss_dK(dLoss_dS, Q):
    return dLoss_dS.T @ Q / np.sqrt(Q.shape[1])

"""The SwiGLU feed-forward layer of a transformer and its backward pass.

    Y = (silu(X W1^T) * (X W3^T)) W2^T

    X (batch, in)      W1, W3 (hidden, in)      W2 (out, hidden)
    A, S, U, H (batch, hidden)      Y (batch, out)

Source: N. Shazeer, "GLU variants improve transformer", arXiv:2002.05202, equation (6).
"""

import numpy as np

# Forward


def A(X, W1):
    return X @ W1.T


def S(A):
    return A / (1 + np.exp(-A))


def U(X, W3):
    return X @ W3.T


def H(S, U):
    return S * U


def Y(H, W2):
    return H @ W2.T


# Backward


def dLoss_dW2(dLoss_dY, H):
    return dLoss_dY.T @ H


def dLoss_dH(dLoss_dY, W2):
    return dLoss_dY @ W2


def dLoss_dU(dLoss_dH, S):
    return dLoss_dH * S


def dLoss_dS(dLoss_dH, U):
    return dLoss_dH * U


def dLoss_dA(dLoss_dS, A):
    sigma = 1 / (1 + np.exp(-A))
    return dLoss_dS * sigma * (1 + A * (1 - sigma))


def dLoss_dW3(dLoss_dU, X):
    return dLoss_dU.T @ X


def dLoss_dW1(dLoss_dA, X):
    return dLoss_dA.T @ X


def dLoss_dX(dLoss_dA, dLoss_dU, W1, W3):
    return dLoss_dA @ W1 + dLoss_dU @ W3

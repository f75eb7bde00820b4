"""One step of a gated recurrent unit (GRU) and its backward pass.

Samples are rows. W, U, b and c hold the reset gate R, the update gate Z and the candidate N one below the other, as
PyTorch stores them. As there, the reset gate acts on what the matrix U gives, not on the state before it.

    X (batch, in)    H0, H1, R, Z, N (batch, hidden)
    A, B (batch, 3 hidden): what the input and the state give, in parts Ar, Az, An, Br, Bz, Bn (batch, hidden)
    W (3 hidden, in)    U (3 hidden, hidden)    b, c (3 hidden,)

Source: K. Cho et al., "Learning phrase representations using RNN encoder-decoder for statistical machine translation",
EMNLP 2014, equations 5-8; torch.nn.GRUCell for the place of the reset gate and the two biases.
"""

import numpy as np

# Forward


def _gate(A, k):
    """The columns of gate k out of 3."""
    n = A.shape[1] // 3
    return A[:, k * n : (k + 1) * n]


def A(X, W, b):
    return X @ W.T + b


def B(H0, U, c):
    return H0 @ U.T + c


def Ar(A):
    return _gate(A, 0)


def Az(A):
    return _gate(A, 1)


def An(A):
    return _gate(A, 2)


def Br(B):
    return _gate(B, 0)


def Bz(B):
    return _gate(B, 1)


def Bn(B):
    return _gate(B, 2)


def R(Ar, Br):
    return 1 / (1 + np.exp(-(Ar + Br)))


def Z(Az, Bz):
    return 1 / (1 + np.exp(-(Az + Bz)))


def N(An, R, Bn):
    return np.tanh(An + R * Bn)


def H1(Z, N, H0):
    return (1 - Z) * N + Z * H0


# Backward


def dLoss_dZ(dLoss_dH1, H0, N):
    return dLoss_dH1 * (H0 - N)


def dLoss_dN(dLoss_dH1, Z):
    return dLoss_dH1 * (1 - Z)


def dLoss_dAn(dLoss_dN, N):
    return dLoss_dN * (1 - N**2)


def dLoss_dBn(dLoss_dAn, R):
    return dLoss_dAn * R


def dLoss_dR(dLoss_dAn, Bn):
    return dLoss_dAn * Bn


def dLoss_dAz(dLoss_dZ, Z):
    return dLoss_dZ * Z * (1 - Z)


def dLoss_dAr(dLoss_dR, R):
    return dLoss_dR * R * (1 - R)


def dLoss_dA(dLoss_dAr, dLoss_dAz, dLoss_dAn):
    return np.concatenate([dLoss_dAr, dLoss_dAz, dLoss_dAn], axis=1)


def dLoss_dB(dLoss_dAr, dLoss_dAz, dLoss_dBn):
    """As dLoss_dA, but for the candidate, which the reset gate stands before."""
    return np.concatenate([dLoss_dAr, dLoss_dAz, dLoss_dBn], axis=1)


def dLoss_dW(dLoss_dA, X):
    return dLoss_dA.T @ X


def dLoss_db(dLoss_dA):
    return dLoss_dA.sum(axis=0)


def dLoss_dU(dLoss_dB, H0):
    return dLoss_dB.T @ H0


def dLoss_dc(dLoss_dB):
    return dLoss_dB.sum(axis=0)


def dLoss_dX(dLoss_dA, W):
    return dLoss_dA @ W


def dLoss_dH0(dLoss_dB, U, dLoss_dH1, Z):
    """The old state enters through the gates, and directly where it is kept."""
    return dLoss_dB @ U + dLoss_dH1 * Z

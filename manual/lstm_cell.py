"""One step of a long short-term memory (LSTM) and its backward pass.

Samples are rows. W, U, b and c hold the four gates one below the other, as PyTorch stores them: input gate In, forget
gate F, candidate G, output gate Out; Zi, Zf, Zg, Zo are their columns of Z.

    X (batch, in)    H0, C0, H1, C1 (batch, hidden)    Z (batch, 4 hidden)    In, F, G, Out, C, A (batch, hidden)
    W (4 hidden, in)    U (4 hidden, hidden)    b, c (4 hidden,)

The new cell state is used twice: C1 is handed on to the next step, from which dLoss_dC1 comes, and H1 is made of it.
C stands for it before the two ways part, so dLoss_dC is the sum of both.

Source: F. A. Gers, J. Schmidhuber, F. Cummins, "Learning to forget", Neural Computation 12 (2000), equations 2.1-2.5
with the logistic function and tanh; torch.nn.LSTMCell for the order of the gates and the two biases.
"""

import numpy as np

# Forward


def _gate(Z, k):
    """The columns of gate k out of 4."""
    n = Z.shape[1] // 4
    return Z[:, k * n : (k + 1) * n]


def Z(X, W, b, H0, U, c):
    return X @ W.T + b + H0 @ U.T + c


def Zi(Z):
    return _gate(Z, 0)


def Zf(Z):
    return _gate(Z, 1)


def Zg(Z):
    return _gate(Z, 2)


def Zo(Z):
    return _gate(Z, 3)


def In(Zi):
    return 1 / (1 + np.exp(-Zi))


def F(Zf):
    return 1 / (1 + np.exp(-Zf))


def G(Zg):
    return np.tanh(Zg)


def Out(Zo):
    return 1 / (1 + np.exp(-Zo))


def C(F, C0, In, G):
    return F * C0 + In * G


def C1(C):
    return C


def A(C):
    return np.tanh(C)


def H1(Out, A):
    return Out * A


# Backward


def dLoss_dOut(dLoss_dH1, A):
    return dLoss_dH1 * A


def dLoss_dA(dLoss_dH1, Out):
    return dLoss_dH1 * Out


def dLoss_dC(dLoss_dC1, dLoss_dA, A):
    return dLoss_dC1 + dLoss_dA * (1 - A**2)


def dLoss_dG(dLoss_dC, In):
    return dLoss_dC * In


def dLoss_dIn(dLoss_dC, G):
    return dLoss_dC * G


def dLoss_dF(dLoss_dC, C0):
    return dLoss_dC * C0


def dLoss_dC0(dLoss_dC, F):
    return dLoss_dC * F


def dLoss_dZi(dLoss_dIn, In):
    return dLoss_dIn * In * (1 - In)


def dLoss_dZf(dLoss_dF, F):
    return dLoss_dF * F * (1 - F)


def dLoss_dZg(dLoss_dG, G):
    return dLoss_dG * (1 - G**2)


def dLoss_dZo(dLoss_dOut, Out):
    return dLoss_dOut * Out * (1 - Out)


def dLoss_dZ(dLoss_dZi, dLoss_dZf, dLoss_dZg, dLoss_dZo):
    return np.concatenate([dLoss_dZi, dLoss_dZf, dLoss_dZg, dLoss_dZo], axis=1)


def dLoss_dW(dLoss_dZ, X):
    return dLoss_dZ.T @ X


def dLoss_db(dLoss_dZ):
    return dLoss_dZ.sum(axis=0)


def dLoss_dU(dLoss_dZ, H0):
    return dLoss_dZ.T @ H0


def dLoss_dc(dLoss_dZ):
    return dLoss_dZ.sum(axis=0)


def dLoss_dX(dLoss_dZ, W):
    return dLoss_dZ @ W


def dLoss_dH0(dLoss_dZ, U):
    return dLoss_dZ @ U

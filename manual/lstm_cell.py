"""One step of a long short-term memory (LSTM) and its backward pass.

Samples are rows. W, U and b hold the four gates one below the other, as PyTorch stores them: input gate I1, forget
gate F1, candidate G1, output gate O1. R and S are what comes from above: the loss is R . H1 + S . C1, to first order.

    X (batch, in)    H0, C0, I1, F1, G1, O1, C1, A1, H1, R, S (batch, hidden)    Z1 (batch, 4 hidden)
    W (4 hidden, in)    U (4 hidden, hidden)    b, c (4 hidden,)    Loss ()

Source: F. A. Gers, J. Schmidhuber, F. Cummins, "Learning to forget", Neural Computation 12 (2000), equations 2.1-2.5
with the logistic function and tanh; torch.nn.LSTMCell for the order of the gates and the two biases.
"""

import numpy as np

# Forward


def _sigmoid(Z1):
    return 1 / (1 + np.exp(-Z1))


def _gate(Z1, k):
    """The columns of gate k out of 4."""
    n = Z1.shape[1] // 4
    return Z1[:, k * n : (k + 1) * n]


def Z1(X, W, b, H0, U, c):
    return X @ W.T + b + H0 @ U.T + c


def I1(Z1):
    return _sigmoid(_gate(Z1, 0))


def F1(Z1):
    return _sigmoid(_gate(Z1, 1))


def G1(Z1):
    return np.tanh(_gate(Z1, 2))


def O1(Z1):
    return _sigmoid(_gate(Z1, 3))


def C1(F1, C0, I1, G1):
    return F1 * C0 + I1 * G1


def A1(C1):
    return np.tanh(C1)


def H1(O1, A1):
    return O1 * A1


def Loss(R, H1, S, C1):
    return np.sum(R * H1) + np.sum(S * C1)


# Backward


def dLoss_dH1(R):
    return R


def dLoss_dO1(dLoss_dH1, A1):
    return dLoss_dH1 * A1


def dLoss_dA1(dLoss_dH1, O1):
    return dLoss_dH1 * O1


def dLoss_dC1(S, dLoss_dA1, A1):
    """C1 is used twice: by the next step, and for H1."""
    return S + dLoss_dA1 * (1 - A1**2)


def dLoss_dG1(dLoss_dC1, I1):
    return dLoss_dC1 * I1


def dLoss_dI1(dLoss_dC1, G1):
    return dLoss_dC1 * G1


def dLoss_dF1(dLoss_dC1, C0):
    return dLoss_dC1 * C0


def dLoss_dC0(dLoss_dC1, F1):
    return dLoss_dC1 * F1


def dLoss_dZ1(dLoss_dI1, I1, dLoss_dF1, F1, dLoss_dG1, G1, dLoss_dO1, O1):
    gates = [dLoss_dI1 * I1 * (1 - I1), dLoss_dF1 * F1 * (1 - F1), dLoss_dG1 * (1 - G1**2), dLoss_dO1 * O1 * (1 - O1)]
    return np.concatenate(gates, axis=1)


def dLoss_dW(dLoss_dZ1, X):
    return dLoss_dZ1.T @ X


def dLoss_db(dLoss_dZ1):
    return dLoss_dZ1.sum(axis=0)


def dLoss_dU(dLoss_dZ1, H0):
    return dLoss_dZ1.T @ H0


def dLoss_dc(dLoss_dZ1):
    return dLoss_dZ1.sum(axis=0)


def dLoss_dX(dLoss_dZ1, W):
    return dLoss_dZ1 @ W


def dLoss_dH0(dLoss_dZ1, U):
    return dLoss_dZ1 @ U

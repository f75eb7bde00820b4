"""A long short-term memory (LSTM) through time and its backward pass, as a class that keeps its state on itself.

    X (time, batch, in)    H (time, batch, hidden)    W (4 hidden, in)    U (4 hidden, hidden)    b, c (4 hidden,)

W, U, b and c hold the four gates one below the other, as PyTorch stores them: input gate i, forget gate f, candidate n,
output gate o. A (time, batch, 4 hidden) is what the inputs give to them.

Source: F. A. Gers, J. Schmidhuber, F. Cummins, "Learning to forget", Neural Computation 12 (2000), equations 2.1-2.5
with the logistic function and tanh; torch.nn.LSTM for the order of gates and axes and the two biases.
"""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


class LSTM:
    def __init__(self, inputs, hidden):
        rng = np.random.default_rng(0)
        self.W = rng.normal(size=(4 * hidden, inputs)) / np.sqrt(hidden)
        self.U = rng.normal(size=(4 * hidden, hidden)) / np.sqrt(hidden)
        self.b = np.zeros(4 * hidden)
        self.c = np.zeros(4 * hidden)

    def forward(self, X):
        self.X = X
        self.A = X @ self.W.T + self.b
        state = np.zeros((X.shape[1], self.U.shape[1]), dtype=X.dtype)
        cell = np.zeros_like(state)
        self.kept, states = [], []
        for t in range(len(X)):
            zi, zf, zn, zo = np.split(self.A[t] + state @ self.U.T + self.c, 4, axis=1)
            i, f, n, o = sigmoid(zi), sigmoid(zf), np.tanh(zn), sigmoid(zo)
            before, cell = cell, f * cell + i * n
            state = o * np.tanh(cell)
            self.kept.append((i, f, n, o, before, np.tanh(cell)))
            states.append(state)
        self.H = np.stack(states)
        return self.H

    def backward(self, dH):
        """dH (time, batch, hidden): what comes from above to the state of each step."""
        dA = np.zeros_like(self.A)
        dstate, dcell = np.zeros_like(dH[0]), np.zeros_like(dH[0])  # what comes from the next step
        for t in reversed(range(len(dH))):
            i, f, n, o, before, squashed = self.kept[t]
            dstate = dstate + dH[t]
            dcell = dcell + dstate * o * (1 - squashed**2)
            di, df, dn, do = dcell * n, dcell * before, dcell * i, dstate * squashed
            dA[t] = np.hstack([di * i * (1 - i), df * f * (1 - f), dn * (1 - n**2), do * o * (1 - o)])
            dstate = dA[t] @ self.U
            dcell = dcell * f
        self.dW = np.einsum("tng,tni->gi", dA, self.X)
        self.db = dA.sum(axis=(0, 1))
        self.dU = np.einsum("tng,tnk->gk", dA[1:], self.H[:-1])
        self.dc = dA.sum(axis=(0, 1))
        return dA @ self.W

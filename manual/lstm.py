"""A long short-term memory (LSTM) through time and its backward pass, as a class that keeps its state on itself.

    X (time, batch, in)    H (time, batch, hidden)    W (4 hidden, in)    U (4 hidden, hidden)    b, c (4 hidden,)

W, U, b and c hold the four gates one below the other, as PyTorch stores them: input gate i, forget gate f, candidate n,
output gate o.

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
        self.gates, self.cells = [], []
        state = np.zeros((X.shape[1], self.U.shape[1]), dtype=X.dtype)
        cell = np.zeros_like(state)
        states = []
        for x in X:
            zi, zf, zn, zo = np.split(x @ self.W.T + self.b + state @ self.U.T + self.c, 4, axis=1)
            i, f, n, o = sigmoid(zi), sigmoid(zf), np.tanh(zn), sigmoid(zo)
            self.gates.append((i, f, n, o))
            self.cells.append(cell)  # before this step
            cell = f * cell + i * n
            state = o * np.tanh(cell)
            states.append(state)
        self.H = np.stack(states)
        return self.H

    def backward(self, dH):
        """dH (time, batch, hidden): what comes from above to the state of each step."""
        self.dW, self.dU = np.zeros_like(self.W), np.zeros_like(self.U)
        self.db = np.zeros_like(self.b)
        dX = np.zeros_like(self.X)
        later, dcell = np.zeros_like(dH[0]), np.zeros_like(dH[0])  # what comes from the next step
        for t in reversed(range(len(dH))):
            i, f, n, o = self.gates[t]
            squashed = np.tanh(f * self.cells[t] + i * n)
            dstate = dH[t] + later
            dcell = dcell + dstate * o * (1 - squashed**2)
            di, df, dn, do = dcell * n, dcell * self.cells[t], dcell * i, dstate * squashed
            dz = np.hstack([di * i * (1 - i), df * f * (1 - f), dn * (1 - n**2), do * o * (1 - o)])
            self.dW += dz.T @ self.X[t]
            self.db += dz.sum(axis=0)
            if t > 0:
                self.dU += dz.T @ self.H[t - 1]
            dX[t] = dz @ self.W
            later = dz @ self.U
            dcell = dcell * f
        self.dc = self.db.copy()
        return dX

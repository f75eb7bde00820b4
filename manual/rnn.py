"""A simple recurrent network through time and its backward pass, as two functions with a cache.

    X (time, batch, in)    H (time, batch, hidden)    W (hidden, in)    U (hidden, hidden)    b, c (hidden,)

Source: P. Werbos, "Backpropagation through time: what it does and how to do it", Proceedings of the IEEE 78 (1990);
torch.nn.RNN for the order of the axes and the two biases.
"""

import numpy as np


def forward(X, W, U, b, c):
    steps, batch, _ = X.shape
    H = np.zeros((steps, batch, len(U)), dtype=X.dtype)
    before = np.zeros((batch, len(U)), dtype=X.dtype)
    for t in range(steps):
        H[t] = np.tanh(X[t] @ W.T + b + before @ U.T + c)
        before = H[t]
    return H, (X, W, U, H)


def backward(dH, cache):
    """dH (time, batch, hidden): what comes from above to the state of each step."""
    X, W, U, H = cache
    dX, dW, dU = np.zeros_like(X), np.zeros_like(W), np.zeros_like(U)
    db = np.zeros(len(U), dtype=U.dtype)
    later = np.zeros_like(H[0])  # what comes from the next step
    for t in reversed(range(len(X))):
        dz = (dH[t] + later) * (1 - H[t] ** 2)
        dX[t] = dz @ W
        dW += dz.T @ X[t]
        db += dz.sum(axis=0)
        if t > 0:
            dU += dz.T @ H[t - 1]
        later = dz @ U
    dc = db.copy()
    return dX, dW, dU, db, dc

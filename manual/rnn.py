"""A simple recurrent network through time and its backward pass, as two functions with a cache.

    X (time, batch, in)    A, H (time, batch, hidden)    W (hidden, in)    U (hidden, hidden)    b, c (hidden,)

A is what the inputs give, H are the states.

Source: P. Werbos, "Backpropagation through time: what it does and how to do it", Proceedings of the IEEE 78 (1990);
torch.nn.RNN for the order of the axes and the two biases.
"""

import numpy as np


def forward(X, W, U, b, c):
    A = X @ W.T + b
    H = np.zeros(A.shape, dtype=A.dtype)
    state = np.zeros_like(A[0])
    for t in range(len(X)):
        state = np.tanh(A[t] + state @ U.T + c)
        H[t] = state
    return H, (X, W, U, H)


def backward(dH, cache):
    """dH (time, batch, hidden): what comes from above to the state of each step."""
    X, W, U, H = cache
    dA = np.zeros_like(H)
    later = np.zeros_like(H[0])  # what comes from the next step
    for t in reversed(range(len(X))):
        dA[t] = (dH[t] + later) * (1 - H[t] ** 2)
        later = dA[t] @ U
    dX = dA @ W
    dW = np.einsum("tnh,tni->hi", dA, X)
    db = dA.sum(axis=(0, 1))
    dU = np.einsum("tnh,tnk->hk", dA[1:], H[:-1])
    dc = dA.sum(axis=(0, 1))
    return dX, dW, db, dU, dc

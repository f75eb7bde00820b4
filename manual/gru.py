"""A gated recurrent unit (GRU) through time and its backward pass, as two functions with a cache.

    X (time, batch, in)    H (time, batch, hidden)    W (3 hidden, in)    U (3 hidden, hidden)    b, c (3 hidden,)

W, U, b and c hold the reset gate r, the update gate z and the candidate n one below the other, as PyTorch stores them.

Source: K. Cho et al., "Learning phrase representations using RNN encoder-decoder for statistical machine translation",
EMNLP 2014, equations 5-8; torch.nn.GRU for the place of the reset gate, the order of the axes and the two biases.
"""

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gru_forward(X, W, U, b, c):
    state = np.zeros((X.shape[1], U.shape[1]), dtype=X.dtype)
    states, kept = [], []
    for x in X:
        ar, az, an = np.split(x @ W.T + b, 3, axis=1)
        br, bz, bn = np.split(state @ U.T + c, 3, axis=1)
        r, z = sigmoid(ar + br), sigmoid(az + bz)
        n = np.tanh(an + r * bn)
        kept.append((state, r, z, n, bn))
        state = (1 - z) * n + z * state
        states.append(state)
    H = np.stack(states)
    cache = {"X": X, "W": W, "U": U, "kept": kept}
    return H, cache


def gru_backward(dH, cache):
    """dH (time, batch, hidden): what comes from above to the state of each step."""
    X, W, U = cache["X"], cache["W"], cache["U"]
    dX, dW, dU = np.zeros_like(X), np.zeros_like(W), np.zeros_like(U)
    db, dc = np.zeros(len(W), dtype=W.dtype), np.zeros(len(U), dtype=U.dtype)
    later = np.zeros_like(dH[0])  # what comes from the next step
    for t in reversed(range(len(X))):
        state, r, z, n, bn = cache["kept"][t]
        dnew = dH[t] + later
        dan = dnew * (1 - z) * (1 - n**2)
        daz = dnew * (state - n) * z * (1 - z)
        dar = dan * bn * r * (1 - r)
        da = np.hstack([dar, daz, dan])
        dstate = np.hstack([dar, daz, dan * r])
        dW += da.T @ X[t]
        db += da.sum(axis=0)
        dU += dstate.T @ state
        dc += dstate.sum(axis=0)
        dX[t] = da @ W
        later = dstate @ U + dnew * z
    return {"dX": dX, "dW": dW, "dU": dU, "db": db, "dc": dc}

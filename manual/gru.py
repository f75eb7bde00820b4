"""A gated recurrent unit (GRU) through time and its backward pass, as two functions with a cache.

    X (time, batch, in)    H (time, batch, hidden)    W (3 hidden, in)    U (3 hidden, hidden)    b, c (3 hidden,)

W, U, b and c hold the reset gate r, the update gate z and the candidate n one below the other, as PyTorch stores them.
A (time, batch, 3 hidden) is what the inputs give to them.

Source: K. Cho et al., "Learning phrase representations using RNN encoder-decoder for statistical machine translation",
EMNLP 2014, equations 5-8; torch.nn.GRU for the place of the reset gate, the order of the axes and the two biases.
"""

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gru_forward(X, W, U, b, c):
    A = X @ W.T + b
    state = np.zeros((X.shape[1], U.shape[1]), dtype=X.dtype)
    states, kept = [], []
    for t in range(len(X)):
        ar, az, an = np.split(A[t], 3, axis=1)
        br, bz, bn = np.split(state @ U.T + c, 3, axis=1)
        r, z = sigmoid(ar + br), sigmoid(az + bz)
        n = np.tanh(an + r * bn)
        kept.append((state, r, z, n, bn))
        state = (1 - z) * n + z * state
        states.append(state)
    H = np.stack(states)
    return H, {"X": X, "W": W, "U": U, "A": A, "kept": kept}


def gru_backward(dH, cache):
    """dH (time, batch, hidden): what comes from above to the state of each step."""
    U = cache["U"]
    dA = np.zeros_like(cache["A"])
    dU, dc = np.zeros_like(U), np.zeros(len(U), dtype=U.dtype)
    dstate = np.zeros_like(dH[0])  # what comes from the next step
    for t in reversed(range(len(dH))):
        state, r, z, n, bn = cache["kept"][t]
        dstate = dstate + dH[t]
        dan = dstate * (1 - z) * (1 - n**2)
        daz = dstate * (state - n) * z * (1 - z)
        dar = dan * bn * r * (1 - r)
        dA[t] = np.hstack([dar, daz, dan])
        from_state = np.hstack([dar, daz, dan * r])  # the candidate's part goes through the reset gate
        dU += from_state.T @ state
        dc += from_state.sum(axis=0)
        dstate = from_state @ U + dstate * z
    dX = dA @ cache["W"]
    dW = np.einsum("tng,tni->gi", dA, cache["X"])
    db = dA.sum(axis=(0, 1))
    return {"dX": dX, "dW": dW, "db": db, "dU": dU, "dc": dc}

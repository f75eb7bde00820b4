"""Layer normalization: two functions and a cache in a dict.

Each row is normalized by its own mean and biased variance, then scaled and shifted.

    x, xhat, out, dout (batch, features)      mean, var (batch, 1)      gamma, beta (features,)

Source: J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer normalization", arXiv:1607.06450, equation (3).
"""

import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    mean = x.mean(axis=1, keepdims=True)
    var = np.mean((x - mean) ** 2, axis=1, keepdims=True)
    xhat = (x - mean) / np.sqrt(var + eps)
    out = gamma * xhat + beta
    cache = {"xhat": xhat, "gamma": gamma, "std": np.sqrt(var + eps)}
    return out, cache


def layernorm_backward(dout, cache):
    xhat, gamma, std = cache["xhat"], cache["gamma"], cache["std"]
    dbeta = dout.sum(axis=0)
    dgamma = np.sum(dout * xhat, axis=0)
    dxhat = dout * gamma
    dx = dxhat - dxhat.mean(axis=1, keepdims=True)
    dx -= xhat * np.mean(dxhat * xhat, axis=1, keepdims=True)
    dx = dx / std
    return dx, dgamma, dbeta

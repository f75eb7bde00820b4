"""Logistic regression with an L2 penalty: loss, gradient and Hessian in one loop over the samples.

    X (batch, in)      T (batch,) labels 0 or 1      w, dw (in,)      H (in, in)      decay ()

The loss is summed over the samples, as Newton's method w - H^-1 dw has it.

Source: C. Bishop, "Pattern recognition and machine learning", Springer 2006, equations (4.90), (4.91) and (4.97), with
the penalty of equation (1.4).
"""

import numpy as np


def newton_terms(X, T, w, decay):
    loss = decay / 2 * np.sum(w * w)
    dw = decay * w
    H = decay * np.eye(len(w))
    for n in range(len(X)):
        p = 1 / (1 + np.exp(-X[n] @ w))
        loss -= T[n] * np.log(p) + (1 - T[n]) * np.log(1 - p)
        dw += (p - T[n]) * X[n]
        H += p * (1 - p) * np.outer(X[n], X[n])
    return loss, dw, H

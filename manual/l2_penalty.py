"""A linear model under the mean squared error with an L2 penalty on its weight, and a step of gradient descent.

The bias is not penalized. A weight decay of lambda in the optimizer would take the same step without the penalty.

    X (batch, in)      T, Y (batch, out)      W (out, in)      b (out,)      E, penalty, Loss ()      decay, eta ()

Source: I. Goodfellow, Y. Bengio, A. Courville, "Deep Learning", MIT Press 2016, equations (7.1) to (7.5).
"""

import numpy as np

# Forward


def Y(X, W, b):
    return X @ W.T + b


def E(Y, T):
    return np.mean((Y - T) ** 2)


def penalty(W, decay):
    return decay / 2 * np.sum(W**2)


def Loss(E, penalty):
    return E + penalty


# Backward


def dLoss_dY(Y, T):
    return 2 * (Y - T) / Y.size


def dLoss_dW(dLoss_dY, X, W, decay):
    return dLoss_dY.T @ X + decay * W


def dLoss_db(dLoss_dY):
    return dLoss_dY.sum(axis=0)


def dLoss_dX(dLoss_dY, W):
    return dLoss_dY @ W


# Updates by gradient descent


def W_new(W, eta, dLoss_dW):
    return W - eta * dLoss_dW


def W_new__decay(W, eta, decay, dLoss_dY, X):
    """The weight shrinks by a share of itself, then takes the step of the unpenalized loss."""
    return (1 - eta * decay) * W - eta * dLoss_dY.T @ X


def b_new(b, eta, dLoss_db):
    return b - eta * dLoss_db

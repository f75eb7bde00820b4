"""Adagrad with a decaying learning rate, as `torch.optim.Adagrad` does it.

W (out, in) are the weights of a least-squares fit: X (batch, in), T (batch, out),
Loss = sum((X W^T - T)^2) / (2 batch).

S (out, in) is the sum of all squared gradients before the step, t how many steps were taken, eta the learning rate
and gamma its decay: the first step is taken with all of eta. epsilon is added to the root, not under it.

Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and stochastic optimization", JMLR 12,
2011, the diagonal form; https://docs.pytorch.org/docs/stable/generated/torch.optim.Adagrad.html
"""

import numpy as np


def dLoss_dW(W, X, T):
    return (X @ W.T - T).T @ X / X.shape[0]


def t_new(t):
    return t + 1


def S_new(S, dLoss_dW):
    return S + dLoss_dW**2


def W_new(W, eta, gamma, t_new, S_new, epsilon, dLoss_dW):
    rate = eta / (1 + (t_new - 1) * gamma)
    return W - rate * dLoss_dW / (np.sqrt(S_new) + epsilon)

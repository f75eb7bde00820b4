"""AdamW (Adam with decoupled weight decay), as `torch.optim.AdamW` does it.

W (out, in) are the weights of a least-squares fit: X (batch, in), T (batch, out),
Loss = sum((X W^T - T)^2) / (2 batch).

m, v (out, in) are the first and the second moment before the step, t how many steps were taken, eta the learning
rate, lam the weight decay: a step shrinks W by eta lam whatever the gradient, and the moments know nothing of it.

Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019, algorithm 2, the decay scaled by the
learning rate; https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html
"""

import numpy as np


def dLoss_dW(W, X, T):
    return (X @ W.T - T).T @ X / X.shape[0]


def t_new(t):
    return t + 1


def m_new(m, beta1, dLoss_dW):
    return beta1 * m + (1 - beta1) * dLoss_dW


def v_new(v, beta2, dLoss_dW):
    return beta2 * v + (1 - beta2) * dLoss_dW**2


def W_new(W, eta, lam, m_new, beta1, v_new, beta2, t_new, epsilon):
    m_hat = m_new / (1 - beta1**t_new)
    v_hat = v_new / (1 - beta2**t_new)
    return W - eta * lam * W - eta * m_hat / (np.sqrt(v_hat) + epsilon)

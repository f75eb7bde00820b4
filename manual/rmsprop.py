"""RMSprop, as `torch.optim.RMSprop` does it.

W (out, in) are the weights of a least-squares fit: X (batch, in), T (batch, out),
Loss = sum((X W^T - T)^2) / (2 batch).

S (out, in) is the running mean of squared gradients before the step, alpha its decay, eta the learning rate.
epsilon is added to the root, not under it.

Tieleman and Hinton, "Lecture 6.5: rmsprop", Neural Networks for Machine Learning, 2012;
https://docs.pytorch.org/docs/stable/generated/torch.optim.RMSprop.html
"""

import numpy as np


def dLoss_dW(W, X, T):
    return (X @ W.T - T).T @ X / X.shape[0]


def S_new(S, alpha, dLoss_dW):
    return alpha * S + (1 - alpha) * dLoss_dW**2


def W_new(W, eta, S_new, epsilon, dLoss_dW):
    return W - eta * dLoss_dW / (np.sqrt(S_new) + epsilon)

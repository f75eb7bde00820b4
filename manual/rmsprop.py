"""RMSprop, as `torch.optim.RMSprop` does it: one function that updates in place.

W (out, in) are the weights of a least-squares fit: X (batch, in), T (batch, out),
Loss = sum((X W^T - T)^2) / (2 batch).

S (out, in) is the running mean of squared gradients, alpha its decay, eta the learning rate. epsilon is added to the
root, not under it.

Tieleman and Hinton, "Lecture 6.5: rmsprop", Neural Networks for Machine Learning, 2012;
https://docs.pytorch.org/docs/stable/generated/torch.optim.RMSprop.html
"""

import numpy as np


def train_step(X, T, W, S, eta, alpha, epsilon):
    dW = (X @ W.T - T).T @ X / len(X)
    S *= alpha
    S += (1 - alpha) * dW**2
    W -= eta * dW / (np.sqrt(S) + epsilon)
    return W, S

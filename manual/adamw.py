"""AdamW (Adam with decoupled weight decay), as `torch.optim.AdamW` does it: a class with its state.

W (out, in) are the weights of a least-squares fit: X (batch, in), T (batch, out),
Loss = sum((X W^T - T)^2) / (2 batch).

m, v (out, in) are the first and the second moment, t counts the steps, eta is the learning rate, lam the weight
decay: a step shrinks W by eta lam whatever the gradient, and the moments know nothing of it.

Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019, algorithm 2, the decay scaled by the
learning rate; https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html
"""

import numpy as np


class AdamW:
    """A least-squares fit by AdamW."""

    def __init__(self, W, eta=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8, lam=1e-2):
        self.W, self.m, self.v, self.t = W, np.zeros_like(W), np.zeros_like(W), 0
        self.eta, self.beta1, self.beta2, self.epsilon, self.lam = eta, beta1, beta2, epsilon, lam

    def backward(self, X, T):
        self.dW = (X @ self.W.T - T).T @ X / len(X)

    def step(self):
        self.t += 1
        self.m = self.beta1 * self.m + (1 - self.beta1) * self.dW
        self.v = self.beta2 * self.v + (1 - self.beta2) * self.dW**2
        m_hat = self.m / (1 - self.beta1**self.t)
        v_hat = self.v / (1 - self.beta2**self.t)
        self.W = self.W - self.eta * self.lam * self.W - self.eta * m_hat / (np.sqrt(v_hat) + self.epsilon)

"""SGD with momentum, dampening and weight decay, as `torch.optim.SGD` does it.

W (out, in) are the weights of a least-squares fit: X (batch, in), T (batch, out),
Loss = sum((X W^T - T)^2) / (2 batch).

v (out, in) is the momentum buffer before the step. mu is the momentum, tau the dampening of what a gradient adds
to the buffer, lam the weight decay, which is added to the gradient, eta the learning rate. The very first step,
where there is no buffer yet, is another one: v_new = dLoss_dW + lam W, without the dampening.

Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013, eq. 1-2, with
the learning rate taken out of the buffer; https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html
"""


def dLoss_dW(W, X, T):
    return (X @ W.T - T).T @ X / X.shape[0]


def v_new(v, mu, tau, lam, W, dLoss_dW):
    return mu * v + (1 - tau) * (dLoss_dW + lam * W)


def W_new(W, eta, v_new):
    return W - eta * v_new

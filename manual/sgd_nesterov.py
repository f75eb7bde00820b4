"""SGD with Nesterov's momentum and weight decay, as `torch.optim.SGD` does it.

W (out, in) are the weights of a least-squares fit: X (batch, in), T (batch, out),
Loss = sum((X W^T - T)^2) / (2 batch).

v (out, in) is the momentum buffer before the step, mu the momentum, lam the weight decay, eta the learning rate.
The step looks ahead: it goes along the gradient plus mu times the buffer that already holds that gradient.

Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013, eq. 3-4, in the
form of Bengio et al., "Advances in optimizing recurrent networks", ICASSP 2013, eq. 7;
https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html
"""


def dLoss_dW(W, X, T):
    return (X @ W.T - T).T @ X / X.shape[0]


def v_new(v, mu, lam, W, dLoss_dW):
    return mu * v + dLoss_dW + lam * W


def W_new(W, eta, mu, v_new, lam, dLoss_dW):
    return W - eta * (dLoss_dW + lam * W + mu * v_new)

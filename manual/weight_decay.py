"""One training step of a linear model in one function: forward, backward, and the update in place.

Gradient descent with weight decay as PyTorch's SGD has it: the decay times the parameter is added to its gradient,
the bias's too. The gradient by X is for the layers below.

    X (batch, in)      T, Y (batch, out)      W (in, out)      b (out,)      lr, decay ()

Source: S. J. Hanson, L. Y. Pratt, "Comparing biases for minimal network construction with back-propagation", NIPS
1988, and the page of torch.optim.SGD in PyTorch's manual.
"""

import numpy as np


def train_step(X, T, W, b, lr, decay):
    Y = X @ W + b
    loss = np.sum((Y - T) ** 2) / len(X)

    dY = 2 * (Y - T) / len(X)
    dW = X.T @ dY
    db = dY.sum(axis=0)
    dX = dY @ W.T

    W -= lr * (dW + decay * W)
    b -= lr * (db + decay * b)
    return loss, dX

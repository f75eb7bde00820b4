"""A linear layer and its backward pass.

Samples are rows; the weight is stored as PyTorch stores it, (out, in). dLoss_dY is what comes from the layer above.

    X (batch, in)      W (out, in)      b (out,)      Y (batch, out)

Source: I. Goodfellow, Y. Bengio, A. Courville, "Deep Learning", MIT Press 2016, section 6.5.6 (the gradients of a
matrix product).
"""


def Y(X, W, b):
    return X @ W.T + b


def dLoss_dX(dLoss_dY, W):
    return dLoss_dY @ W


def dLoss_dW(dLoss_dY, X):
    return dLoss_dY.T @ X


def dLoss_db(dLoss_dY):
    return dLoss_dY.sum(axis=0)

"""Slips that people make in ordinary code: backward functions with a cache, layers as classes, updates in place."""

from __future__ import annotations

from harness import Variant

ACTIVATIONS = [
    Variant(
        "sigmoid",
        "upstream gradient forgotten",
        "local = self.out * (1 - self.out)\n        return dout * local",
        "return self.out * (1 - self.out)",
        "dLoss_dz",
        kind="upstream",
    ),
    Variant("sigmoid", "sign", "return dout * local", "return -dout * local", "dLoss_dz", kind="sign"),
    Variant(
        "sigmoid", "a factor missing", "return dout * local", "return dout * self.out", "dLoss_dz", kind="activation"
    ),
    Variant("sigmoid", "sign in the exponent", "np.exp(-z))", "np.exp(z))", "Y", kind="sign"),
    Variant("tanh", "square forgotten", "(1 - out * out)", "(1 - out)", "dLoss_dz", kind="activation"),
    Variant(
        "tanh",
        "upstream gradient forgotten",
        "return dout * (1 - out * out)",
        "return 1 - out * out",
        "dLoss_dz",
        kind="upstream",
    ),
    Variant("tanh", "sign", "(1 - out * out)", "(1 + out * out)", "dLoss_dz", kind="sign"),
    Variant(
        "softplus",
        "absolute value forgotten",
        "np.log1p(np.exp(-np.abs(z)))",
        "np.log1p(np.exp(-z))",
        "Y",
        kind="formula",
    ),
    Variant(
        "softplus",
        "upstream gradient forgotten",
        "sigma = np.where(z >= 0, 1 / (1 + e), e / (1 + e))\n    return dout * sigma",
        "return np.where(z >= 0, 1 / (1 + e), e / (1 + e))",
        "dLoss_dz",
        kind="upstream",
    ),
    Variant(
        "softplus",
        "derivative of the sigmoid",
        "dout * sigma",
        "dout * sigma * (1 - sigma)",
        "dLoss_dz",
        kind="activation",
    ),
]

DROPOUT = [
    Variant("dropout", "mask forgotten", "return dout * mask / keep", "return dout / keep", "dLoss_dx", kind="mask"),
    Variant("dropout", "scale forgotten", "return dout * mask / keep", "return dout * mask", "dLoss_dx", kind="scale"),
    Variant(
        "dropout",
        "upstream gradient forgotten",
        "return dout * mask / keep",
        "return mask / keep",
        "dLoss_dx",
        kind="upstream",
    ),
    Variant("dropout", "scaled down", "out = x * mask / keep", "out = x * mask * keep", "Y", kind="scale"),
]

EMBEDDING = [
    Variant(
        "embedding",
        "= for +=: a row keeps its last use only",
        'np.add.at(d_table, cache["tokens"], dout)',
        'd_table[cache["tokens"]] = dout',
        "dLoss_dtable",
        kind="accumulation",
    ),
    Variant(
        "embedding",
        "+= with repeated rows",
        'np.add.at(d_table, cache["tokens"], dout)',
        'd_table[cache["tokens"]] += dout',
        "dLoss_dtable",
        kind="accumulation",
    ),
    Variant(
        "embedding",
        "sign",
        'np.add.at(d_table, cache["tokens"], dout)',
        'np.subtract.at(d_table, cache["tokens"], dout)',
        "dLoss_dtable",
        kind="sign",
    ),
]

LAYERNORM = [
    Variant(
        "layernorm",
        "unbiased variance",
        "var = np.mean(",
        "var = x.shape[1] / (x.shape[1] - 1) * np.mean(",
        "var",
        kind="scale",
    ),
    Variant(
        "layernorm",
        "epsilon forgotten",
        "xhat = (x - mean) / np.sqrt(var + eps)",
        "xhat = (x - mean) / np.sqrt(var)",
        "xhat",
        kind="epsilon",
    ),
    Variant("layernorm", "mean for sum", "dout.sum(axis=0)", "dout.mean(axis=0)", "dLoss_dbeta", kind="scale"),
    Variant(
        "layernorm",
        "normalized values forgotten",
        "np.sum(dout * xhat, axis=0)",
        "np.sum(dout, axis=0)",
        "dLoss_dgamma",
        kind="path",
    ),
    Variant("layernorm", "= for -=", "dx -= xhat", "dx = -xhat", "dLoss_dx", kind="accumulation"),
    Variant("layernorm", "sign", "dx -= xhat", "dx += xhat", "dLoss_dx", kind="sign"),
    Variant("layernorm", "scale forgotten", "dxhat = dout * gamma", "dxhat = dout * 1", "dLoss_dxhat", kind="path"),
    Variant("layernorm", "divided by the variance", "dx = dx / std", "dx = dx / std**2", "dLoss_dx", kind="formula"),
]

WEIGHT_DECAY = [
    Variant("weight_decay", "missing 2", "dY = 2 * (Y - T)", "dY = (Y - T)", "dLoss_dY", kind="scale"),
    Variant(
        "weight_decay",
        "divided by all entries",
        "dY = 2 * (Y - T) / len(X)",
        "dY = 2 * (Y - T) / T.size",
        "dLoss_dY",
        kind="scale",
    ),
    Variant("weight_decay", "uphill", "W -= lr", "W += lr", "W_new", kind="sign"),
    Variant(
        "weight_decay",
        "rate forgotten in the decay",
        "W -= lr * (dW + decay * W)",
        "W -= lr * dW + decay * W",
        "W_new",
        kind="scale",
    ),
    Variant("weight_decay", "decay forgotten", "b -= lr * (db + decay * b)", "b -= lr * db", "b_new", kind="path"),
    Variant(
        "weight_decay",
        "updated weights used",
        "    dX = dY @ W.T\n\n    W -= lr * (dW + decay * W)\n",
        "\n    W -= lr * (dW + decay * W)\n    dX = dY @ W.T\n",
        "dLoss_dX",
        kind="update order",
    ),
    Variant("weight_decay", "mean for sum", "db = dY.sum(axis=0)", "db = dY.mean(axis=0)", "dLoss_db", kind="scale"),
]

DEEP_MLP = [
    Variant("deep_mlp", "1/N forgotten", "np.log(self.P)) / T.shape[0]", "np.log(self.P))", "Loss", kind="scale"),
    Variant(
        "deep_mlp",
        "mean for sum in the biases",
        "dLoss_dZ.sum(axis=0)",
        "dLoss_dZ.mean(axis=0)",
        "dLoss_db3",
        also=("dLoss_db2", "dLoss_db1"),
        kind="scale",
    ),
    Variant("deep_mlp", "sign", "self.W -= eta", "self.W += eta", "W1_new", also=("W2_new", "W3_new"), kind="sign"),
]

VARIANTS = [*DEEP_MLP, *ACTIVATIONS, *DROPOUT, *EMBEDDING, *LAYERNORM, *WEIGHT_DECAY]

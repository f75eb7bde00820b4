"""Twenty mistakes that were written down before the repair engine was run on any of them.

They are kept apart from `mistakes.py`, on which the edits of the search were chosen: what it does here is the less
circular figure. Nothing is to be added to the search for their sake, and none of them is to be changed.
"""

from __future__ import annotations

from benchmarks.repair_cases.mistakes import Mistake

HELDOUT = (
    Mistake("mlp", "dLoss_dZ2", "(P - T) / (T.shape[0] * T.shape[1])", "averaged over classes too"),
    Mistake("mlp", "dLoss_dZ2", "P * (P - T) / T.shape[0]", "softmax derivative applied a second time"),
    Mistake("mlp", "dLoss_dW1", "X.T @ (dLoss_dZ1 * (Z1 > 0)) / X.shape[0]", "mask and 1/N a second time"),
    Mistake("mlp", "dLoss_dZ1", "dLoss_dA1 * np.sign(Z1)", "sign for step"),
    Mistake("mlp", "W2_new", "W2 - eta * dLoss_dZ2", "gradient of the pre-activation in the update"),
    Mistake("mlp", "Loss", "-(T * np.log(P + 1e-8)).sum() / T.shape[0]", "epsilon inside the logarithm"),
    Mistake("mlp", "b1_new", "b1 - eta * dLoss_dZ1.mean(axis=0)", "mean over the batch for the bias"),
    Mistake(
        "batchnorm",
        "dLoss_dx",
        "(dLoss_dxhat - dLoss_dxhat.mean(axis=0) - xhat * dLoss_dxhat.mean(axis=0)) / std",
        "xhat forgotten inside the second mean",
    ),
    Mistake(
        "batchnorm",
        "dLoss_dx",
        "(dLoss_dxhat - dLoss_dxhat.mean(axis=0) - xhat * (dLoss_dxhat * xhat).mean(axis=0)) * gamma / std",
        "gamma a second time",
    ),
    Mistake("batchnorm", "dLoss_dgamma", "(dLoss_dxhat * xhat).sum(axis=0)", "dxhat for dy"),
    Mistake("batchnorm", "dLoss_dvar", "-dLoss_dstd / (2 * std**3)", "rule of the reciprocal root"),
    Mistake("batchnorm", "var", "(x - mu).mean(axis=0)**2", "square outside the mean"),
    Mistake(
        "layernorm",
        "dLoss_dx",
        "(dLoss_dxhat - dLoss_dxhat.sum(axis=1, keepdims=True) / x.shape[0]"
        " - xhat * (dLoss_dxhat * xhat).mean(axis=1, keepdims=True)) / std",
        "divided by the batch, not by the features",
    ),
    Mistake("layernorm", "dLoss_dgamma", "(dLoss_dy * y).sum(axis=0)", "output for normalised input"),
    Mistake("attention", "dLoss_dS", "A * (dLoss_dA - A * dLoss_dA.sum(axis=1, keepdims=True))", "A outside the sum"),
    Mistake("attention", "dLoss_dK", "(dLoss_dS @ Q).T / np.sqrt(Q.shape[1])", "the product transposed, not a factor"),
    Mistake("attention", "dLoss_dX", "(dLoss_dQ + dLoss_dK) @ Wq.T + dLoss_dV @ Wv.T", "two paths through one matrix"),
    Mistake("attention", "dLoss_dA", "dLoss_dO @ V.T / np.sqrt(V.shape[1])", "scale in the wrong product"),
    Mistake("lstm", "dLoss_dzf", "dLoss_df * c0 * f * (1 - f)", "c0 a second time"),
    Mistake("lstm", "dLoss_dc", "dLoss_dh * o * (1 - h**2)", "output for tanh of the cell"),
)

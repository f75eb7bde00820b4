"""Typical mistakes in hand-written gradients, gathered from courses, forums and code reviews.

The edits of the search were chosen while looking at them; `heldout.py` has the others.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mistake:
    """A wrong right side.

    Attributes:
        case: The derivation: a module beside this one.
        equation: The equation that is wrong.
        expression: What it returns.
        slip: What went wrong.
    """

    case: str
    equation: str
    expression: str
    slip: str


TYPICAL = (
    Mistake("mlp", "dLoss_dZ2", "P - T", "forgot 1/N"),
    Mistake("mlp", "dLoss_dZ2", "(T - P) / T.shape[0]", "sign"),
    Mistake("mlp", "dLoss_dZ2", "(P - T) / T.shape[1]", "wrong N (classes)"),
    Mistake("mlp", "dLoss_dW2", "A1 @ dLoss_dZ2", "forgot transpose"),
    Mistake("mlp", "dLoss_dW2", "dLoss_dZ2.T @ A1", "transposed result"),
    Mistake("mlp", "dLoss_dW2", "Z1.T @ dLoss_dZ2", "pre-activation"),
    Mistake("mlp", "dLoss_dW2", "A1.T @ dLoss_dZ2 / T.shape[0]", "1/N twice"),
    Mistake("mlp", "dLoss_db2", "dLoss_dZ2.sum(axis=1)", "wrong axis"),
    Mistake("mlp", "dLoss_db2", "dLoss_dZ2", "forgot sum"),
    Mistake("mlp", "dLoss_db2", "dLoss_dZ2.mean(axis=0)", "mean for sum"),
    Mistake("mlp", "dLoss_db2", "dLoss_dZ2.sum()", "sum over everything"),
    Mistake("mlp", "dLoss_db2", "dLoss_dZ2.sum(axis=0, keepdims=True)", "keepdims"),
    Mistake("mlp", "dLoss_dA1", "dLoss_dZ2 @ W2", "forgot transpose"),
    Mistake("mlp", "dLoss_dA1", "W2 @ dLoss_dZ2.T", "transposed result"),
    Mistake("mlp", "dLoss_dA1", "dLoss_dZ2 @ W2_new.T", "updated weight"),
    Mistake("mlp", "dLoss_dZ1", "dLoss_dA1", "forgot relu derivative"),
    Mistake("mlp", "dLoss_dZ1", "dLoss_dA1 * A1", "activation for derivative"),
    Mistake("mlp", "dLoss_dZ1", "dLoss_dA1 * (Z1 < 0)", "mask reversed"),
    Mistake("mlp", "dLoss_dW1", "X.T @ dLoss_dA1", "skipped relu"),
    Mistake("mlp", "dLoss_dX", "dLoss_dA1 @ W1.T", "skipped relu"),
    Mistake("mlp", "W1_new", "W1 + eta * dLoss_dW1", "ascent"),
    Mistake("mlp", "W1_new", "W1 - dLoss_dW1", "eta missing"),
    Mistake("mlp", "W1_new", "W1 - eta * dLoss_dW1 / X.shape[0]", "1/N twice"),
    Mistake("mlp", "P", "np.exp(Z2) / np.exp(Z2).sum(axis=0)", "softmax axis"),
    Mistake("mlp", "P", "np.exp(Z2) / np.exp(Z2).sum()", "softmax over everything"),
    Mistake("mlp", "Loss", "-(T * np.log(P)).sum()", "sum for mean"),
    Mistake("mlp", "Loss", "-(T * np.log(P)).mean()", "mean over N*K"),
    Mistake(
        "batchnorm",
        "dLoss_dx",
        "(dLoss_dxhat - xhat * (dLoss_dxhat * xhat).mean(axis=0)) / std",
        "forgot the mean term",
    ),
    Mistake("batchnorm", "dLoss_dx", "(dLoss_dxhat - dLoss_dxhat.mean(axis=0)) / std", "forgot the variance term"),
    Mistake("batchnorm", "dLoss_dx", "dLoss_dxhat / std", "mu and var taken as constants"),
    Mistake(
        "batchnorm",
        "dLoss_dx",
        "(dLoss_dxhat - dLoss_dxhat.sum(axis=0) - xhat * (dLoss_dxhat * xhat).mean(axis=0)) / std",
        "sum for mean, first",
    ),
    Mistake(
        "batchnorm",
        "dLoss_dx",
        "(dLoss_dxhat - dLoss_dxhat.mean(axis=0) - xhat * (dLoss_dxhat * xhat).sum(axis=0)) / std",
        "sum for mean, second",
    ),
    Mistake(
        "batchnorm",
        "dLoss_dx",
        "(dLoss_dxhat - dLoss_dxhat.mean(axis=0) + xhat * (dLoss_dxhat * xhat).mean(axis=0)) / std",
        "sign",
    ),
    Mistake(
        "batchnorm",
        "dLoss_dx",
        "(dLoss_dxhat - dLoss_dxhat.mean(axis=0) - xhat * (dLoss_dxhat * xhat).mean(axis=0)) / var",
        "var for std",
    ),
    Mistake(
        "batchnorm",
        "dLoss_dx",
        "(dLoss_dxhat - dLoss_dxhat.mean(axis=0) - xhat * (dLoss_dxhat * xhat).mean(axis=0)) * std",
        "times for divided",
    ),
    Mistake(
        "batchnorm",
        "dLoss_dx",
        "(dLoss_dxhat - dLoss_dxhat.mean(axis=0) - x * (dLoss_dxhat * xhat).mean(axis=0)) / std",
        "x for xhat",
    ),
    Mistake(
        "batchnorm",
        "dLoss_dx",
        "(dLoss_dy - dLoss_dy.mean(axis=0) - xhat * (dLoss_dy * xhat).mean(axis=0)) / std",
        "gamma forgotten (dy for dxhat)",
    ),
    Mistake(
        "batchnorm",
        "dLoss_dx",
        "(dLoss_dxhat - dLoss_dxhat.mean(axis=0) - xhat * (dLoss_dxhat * xhat).mean(axis=1, keepdims=True)) / std",
        "wrong axis",
    ),
    Mistake(
        "batchnorm",
        "dLoss_dx",
        "(dLoss_dxhat - dLoss_dxhat.mean(axis=0) - xhat * (dLoss_dxhat * xhat).mean()) / std",
        "no axis",
    ),
    Mistake("batchnorm", "dLoss_dgamma", "(dLoss_dy * xhat).sum(axis=1)", "wrong axis"),
    Mistake("batchnorm", "dLoss_dgamma", "(dLoss_dy * x).sum(axis=0)", "x for xhat"),
    Mistake("batchnorm", "dLoss_dgamma", "dLoss_dy * xhat", "forgot sum"),
    Mistake("batchnorm", "dLoss_dgamma", "(dLoss_dy * xhat).mean(axis=0)", "mean for sum"),
    Mistake("batchnorm", "dLoss_dbeta", "dLoss_dy.mean(axis=0)", "mean for sum"),
    Mistake("batchnorm", "dLoss_dstd", "(dLoss_dxhat * xhat).sum(axis=0) / std", "sign"),
    Mistake("batchnorm", "dLoss_dstd", "-(dLoss_dxhat * xhat).sum(axis=0) / std**2", "std squared"),
    Mistake("batchnorm", "dLoss_dvar", "dLoss_dstd / std", "forgot 1/2"),
    Mistake("batchnorm", "dLoss_dvar", "dLoss_dstd / (2 * var)", "var for std"),
    Mistake("batchnorm", "std", "np.sqrt(var) + eps", "eps outside the root"),
    Mistake("batchnorm", "std", "np.sqrt(var)", "eps forgotten"),
    Mistake("batchnorm", "var", "((x - mu)**2).sum(axis=0) / (x.shape[0] - 1)", "unbiased variance"),
    Mistake("batchnorm", "xhat", "(x - mu) / var", "var for std"),
    Mistake("batchnorm", "xhat", "x - mu / std", "parentheses"),
    Mistake("layernorm", "dLoss_dgamma", "(dLoss_dy * xhat).sum(axis=1)", "wrong axis"),
    Mistake(
        "layernorm",
        "dLoss_dx",
        "(dLoss_dxhat - dLoss_dxhat.mean(axis=0) - xhat * (dLoss_dxhat * xhat).mean(axis=0)) / std",
        "batchnorm axes (two faults)",
    ),
    Mistake(
        "layernorm",
        "dLoss_dx",
        "(dLoss_dxhat - dLoss_dxhat.mean(axis=1, keepdims=True)"
        " - xhat * (dLoss_dxhat * xhat).sum(axis=1, keepdims=True)) / std",
        "sum for mean",
    ),
    Mistake(
        "layernorm",
        "dLoss_dx",
        "(dLoss_dxhat - xhat * (dLoss_dxhat * xhat).mean(axis=1, keepdims=True)) / std",
        "forgot the mean term",
    ),
    Mistake(
        "layernorm",
        "dLoss_dx",
        "dLoss_dxhat - dLoss_dxhat.mean(axis=1, keepdims=True)"
        " - xhat * (dLoss_dxhat * xhat).mean(axis=1, keepdims=True)",
        "forgot 1/std",
    ),
    Mistake(
        "layernorm",
        "dLoss_dx",
        "(dLoss_dy - dLoss_dy.mean(axis=1, keepdims=True)"
        " - xhat * (dLoss_dy * xhat).mean(axis=1, keepdims=True)) * gamma / std",
        "gamma pulled out",
    ),
    Mistake("layernorm", "dLoss_dxhat", "dLoss_dy / gamma", "divided for times"),
    Mistake("layernorm", "dLoss_dbeta", "dLoss_dxhat.sum(axis=0)", "dxhat for dy"),
    Mistake("layernorm", "mu", "x.mean(axis=0)", "batchnorm axis"),
    Mistake("layernorm", "std", "np.sqrt(var) + eps", "eps outside the root"),
    Mistake("attention", "dLoss_dQ", "dLoss_dS @ K", "forgot sqrt(d)"),
    Mistake("attention", "dLoss_dQ", "dLoss_dS @ K * np.sqrt(K.shape[1])", "times sqrt(d)"),
    Mistake("attention", "dLoss_dQ", "dLoss_dS @ K / K.shape[1]", "d for sqrt(d)"),
    Mistake("attention", "dLoss_dQ", "dLoss_dS @ K / np.sqrt(K.shape[0])", "sequence length for d"),
    Mistake("attention", "dLoss_dQ", "dLoss_dS @ Q / np.sqrt(K.shape[1])", "Q for K"),
    Mistake("attention", "dLoss_dQ", "dLoss_dS.T @ K / np.sqrt(K.shape[1])", "extra transpose"),
    Mistake("attention", "dLoss_dK", "dLoss_dS @ Q / np.sqrt(Q.shape[1])", "forgot transpose"),
    Mistake("attention", "dLoss_dK", "Q.T @ dLoss_dS / np.sqrt(Q.shape[1])", "transposed result"),
    Mistake("attention", "dLoss_dK", "dLoss_dS.T @ K / np.sqrt(Q.shape[1])", "K for Q"),
    Mistake("attention", "dLoss_dS", "A * dLoss_dA", "forgot the sum term"),
    Mistake("attention", "dLoss_dS", "A * (1 - A) * dLoss_dA", "sigmoid rule for softmax"),
    Mistake("attention", "dLoss_dS", "A * (dLoss_dA - (dLoss_dA * A).sum(axis=0, keepdims=True))", "wrong axis"),
    Mistake("attention", "dLoss_dS", "A * (dLoss_dA - (dLoss_dA * A).sum())", "no axis"),
    Mistake("attention", "dLoss_dS", "A * (dLoss_dA - dLoss_dA.sum(axis=1, keepdims=True))", "A missing in the sum"),
    Mistake("attention", "dLoss_dS", "dLoss_dA - (dLoss_dA * A).sum(axis=1, keepdims=True)", "A missing in front"),
    Mistake("attention", "dLoss_dS", "A * (dLoss_dA + (dLoss_dA * A).sum(axis=1, keepdims=True))", "sign"),
    Mistake("attention", "dLoss_dV", "A @ dLoss_dO", "forgot transpose"),
    Mistake("attention", "dLoss_dA", "V @ dLoss_dO.T", "transposed result"),
    Mistake("attention", "dLoss_dX", "dLoss_dQ @ Wq.T + dLoss_dK @ Wk.T", "forgot V path"),
    Mistake("attention", "dLoss_dX", "dLoss_dQ @ Wq.T + dLoss_dK @ Wq.T + dLoss_dV @ Wv.T", "Wq for Wk"),
    Mistake("attention", "dLoss_dWq", "dLoss_dQ.T @ X", "transposed result"),
    Mistake("attention", "S", "Q @ K.T", "forgot sqrt(d)"),
    Mistake("attention", "A", "np.exp(S) / np.exp(S).sum(axis=0, keepdims=True)", "softmax axis"),
    Mistake("lstm", "dLoss_dzi", "dLoss_di", "forgot gate derivative"),
    Mistake("lstm", "dLoss_dzi", "dLoss_di * i", "half of the gate derivative"),
    Mistake("lstm", "dLoss_dzi", "dLoss_di * (1 - i**2)", "tanh rule for sigmoid"),
    Mistake("lstm", "dLoss_dzi", "dLoss_di * zi * (1 - zi)", "derivative at the wrong point"),
    Mistake("lstm", "dLoss_dzi", "dLoss_di * f * (1 - f)", "other gate"),
    Mistake("lstm", "dLoss_dzg", "dLoss_dg * g * (1 - g)", "sigmoid rule for tanh"),
    Mistake("lstm", "dLoss_dzg", "dLoss_dg * (1 - g)**2", "parentheses"),
    Mistake("lstm", "dLoss_dzg", "dLoss_dg * (1 - zg**2)", "derivative at the wrong point"),
    Mistake("lstm", "dLoss_dzg", "dLoss_dg * (1 - g)", "square forgotten"),
    Mistake("lstm", "dLoss_dc", "dLoss_dh * o", "forgot tanh derivative"),
    Mistake("lstm", "dLoss_dc", "dLoss_dh * o * (1 - c**2)", "derivative at the wrong point"),
    Mistake("lstm", "dLoss_dc", "dLoss_dh * (1 - np.tanh(c)**2)", "forgot o"),
    Mistake("lstm", "dLoss_do", "dLoss_dh * c", "forgot tanh"),
    Mistake("lstm", "dLoss_di", "dLoss_dc * i", "i for g"),
    Mistake("lstm", "dLoss_df", "dLoss_dc * c", "c for c0"),
    Mistake("lstm", "dLoss_dc0", "dLoss_dc * c0", "c0 for f"),
    Mistake("lstm", "dLoss_dWi", "dLoss_dzi.T @ x", "transposed result"),
    Mistake("lstm", "dLoss_dWi", "x.T @ dLoss_di", "skipped gate derivative"),
    Mistake("lstm", "dLoss_dUi", "h.T @ dLoss_dzi", "h for h0"),
    Mistake("lstm", "dLoss_dbi", "dLoss_dzi.sum(axis=1)", "wrong axis"),
    Mistake("lstm", "dLoss_dx", "dLoss_dzi @ Wi.T + dLoss_dzf @ Wf.T + dLoss_dzo @ Wo.T", "forgot one path"),
    Mistake(
        "lstm", "dLoss_dx", "dLoss_dzi @ Wi.T + dLoss_dzf @ Wi.T + dLoss_dzo @ Wo.T + dLoss_dzg @ Wg.T", "Wi for Wf"
    ),
    Mistake(
        "lstm",
        "dLoss_dh0",
        "dLoss_dzi @ Ui + dLoss_dzf @ Uf + dLoss_dzo @ Uo + dLoss_dzg @ Ug",
        "four transposes forgotten (square matrices: no shape error)",
    ),
    Mistake(
        "lstm",
        "dLoss_dh0",
        "dLoss_dzi @ Ui + dLoss_dzf @ Uf.T + dLoss_dzo @ Uo.T + dLoss_dzg @ Ug.T",
        "one transpose forgotten (square)",
    ),
    Mistake("lstm", "c", "f * c0 + i * zg", "pre-activation"),
    Mistake("lstm", "h", "o * c", "forgot tanh"),
)

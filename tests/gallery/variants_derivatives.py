"""Slips in derivatives of second order, in a loop over samples, and in a function that is called as a whole."""

from __future__ import annotations

from harness import Variant

GRADIENT_PENALTY = [
    Variant(
        "gradient_penalty",
        "the 2 of the second derivative of tanh lost",
        "return -2 * dLoss_dD * H",
        "return -dLoss_dD * H",
        "dLoss_dH",
        kind="second derivative",
    ),
    Variant(
        "gradient_penalty",
        "sign of the second derivative of tanh",
        "return -2 * dLoss_dD * H",
        "return 2 * dLoss_dD * H",
        "dLoss_dH",
        kind="second derivative",
    ),
    Variant(
        "gradient_penalty",
        "the weight's use in the gradient forgotten",
        "return dLoss_dZ.T @ X + U.T @ dLoss_dG",
        "return dLoss_dZ.T @ X",
        "dLoss_dW",
        kind="path",
    ),
    Variant(
        "gradient_penalty",
        "not divided by the length",
        "(dLoss_dlength / length)[:, None] * G",
        "dLoss_dlength[:, None] * G",
        "dLoss_dG",
        kind="scale",
    ),
    Variant(
        "gradient_penalty",
        "missing 2",
        "return 2 * (length - 1) / length.size",
        "return (length - 1) / length.size",
        "dLoss_dlength",
        kind="scale",
    ),
]

LOGISTIC_REGRESSION = [
    Variant(
        "logistic_regression",
        "= for +=: the last sample only",
        "dw += (p - T[n])",
        "dw = (p - T[n])",
        "dLoss_dw",
        kind="accumulation",
    ),
    Variant(
        "logistic_regression",
        "a factor of the variance missing in the Hessian",
        "H += p * (1 - p) *",
        "H += p *",
        "dG_dw",
        kind="second derivative",
    ),
    Variant(
        "logistic_regression",
        "the residual in place of the variance in the Hessian",
        "H += p * (1 - p) *",
        "H += (p - T[n]) *",
        "dG_dw",
        mended=False,
        kind="second derivative",
    ),
    Variant("logistic_regression", "sign", "dw += (p - T[n])", "dw += (T[n] - p)", "dLoss_dw", kind="sign"),
    Variant("logistic_regression", "half forgotten", "loss = decay / 2 *", "loss = decay *", "Loss", kind="scale"),
    Variant("logistic_regression", "copied factor", "np.log(1 - p)", "np.log(p)", "Loss", kind="index"),
]

LOGSUMEXP = [
    Variant(
        "logsumexp",
        "upstream gradient forgotten",
        "return dy[:, None] * e / total",
        "return e / total",
        "dLoss_dz",
        mended=False,
        kind="upstream",
        located=False,
    ),
    Variant(
        "logsumexp",
        "not divided by the sum",
        "return dy[:, None] * e / total",
        "return dy[:, None] * e",
        "dLoss_dz",
        mended=False,
        kind="scale",
        located=False,
    ),
    Variant(
        "logsumexp",
        "largest score not added back",
        "y = (top + np.log(total))[:, 0]",
        "y = np.log(total)[:, 0]",
        "y",
        mended=False,
        kind="path",
        located=False,
    ),
]

NEVER_STORED = [
    Variant(
        "rnn",
        "what goes to the step before is computed, not stored",
        "later = dA[t] @ U",
        "dA[t] @ U",
        "dLoss_dA",
        mended=False,
        kind="never stored",
    ),
    Variant(
        "conv2d",
        "a window's part is computed, not stored",
        "left + kw] += d",
        "left + kw] + d",
        "dLoss_dx",
        mended=False,
        kind="never stored",
        located=False,
    ),
    Variant(
        "embedding",
        "a copy is written",
        "np.add.at(d_table,",
        "np.add.at(d_table.copy(),",
        "dLoss_dtable",
        mended=False,
        kind="never stored",
        located=False,
    ),
]

VARIANTS = [*GRADIENT_PENALTY, *LOGISTIC_REGRESSION, *LOGSUMEXP, *NEVER_STORED]

"""Known-wrong variants of convolution, pooling, recurrent networks and attention."""

from __future__ import annotations

from harness import Variant

RNN_CELL = (
    Variant(
        "rnn_cell",
        "derivative of tanh at the wrong point",
        old="def dLoss_dZ(dLoss_dH1, H1):\n    return dLoss_dH1 * (1 - H1**2)",
        new="def dLoss_dZ(dLoss_dH1, Z):\n    return dLoss_dH1 * (1 - Z**2)",
        blames="dLoss_dZ",
        kind="activation",
    ),
    Variant(
        "rnn_cell", "upstream gradient forgotten", "dLoss_dH1 * (1 - H1**2)", "1 - H1**2", "dLoss_dZ", kind="upstream"
    ),
    Variant("rnn_cell", "copied variable", "dLoss_dZ.T @ H0", "dLoss_dZ.T @ dLoss_dZ", "dLoss_dU", kind="index"),
    Variant(
        "rnn_cell", "recurrent weight not transposed back", "dLoss_dZ @ U", "dLoss_dZ @ U.T", "dLoss_dH0", kind="index"
    ),
    Variant(
        "rnn_cell",
        "mean for sum",
        "def dLoss_db(dLoss_dZ):\n    return dLoss_dZ.sum(axis=0)",
        "def dLoss_db(dLoss_dZ):\n    return dLoss_dZ.mean(axis=0)",
        "dLoss_db",
        kind="scale",
    ),
)

LSTM_CELL = (
    Variant(
        "lstm_cell",
        "path through the next cell state missing",
        "dLoss_dC1 + dLoss_dA * (1",
        "dLoss_dA * (1",
        "dLoss_dC",
        kind="path",
    ),
    Variant(
        "lstm_cell",
        "derivative of tanh at the wrong point",
        old="(dLoss_dC1, dLoss_dA, A):\n    return dLoss_dC1 + dLoss_dA * (1 - A**2)",
        new="(dLoss_dC1, dLoss_dA, C):\n    return dLoss_dC1 + dLoss_dA * (1 - C**2)",
        blames="dLoss_dC",
        kind="activation",
    ),
    Variant(
        "lstm_cell",
        "the input gate's factor copied to the forget gate",
        old="(dLoss_dC, C0):\n    return dLoss_dC * C0",
        new="(dLoss_dC, G):\n    return dLoss_dC * G",
        blames="dLoss_dF",
        kind="index",
    ),
    Variant(
        "lstm_cell",
        "derivative of the sigmoid for that of tanh",
        "(1 - G**2)",
        "G * (1 - G)",
        "dLoss_dZg",
        kind="activation",
    ),
    Variant(
        "lstm_cell",
        "derivative of one gate forgotten",
        "dLoss_dOut * Out * (1 - Out)",
        "dLoss_dOut",
        "dLoss_dZo",
        kind="activation",
    ),
    Variant(
        "lstm_cell",
        "wrong gate",
        old="(dLoss_dC, F):\n    return dLoss_dC * F",
        new="(dLoss_dC, In):\n    return dLoss_dC * In",
        blames="dLoss_dC0",
        kind="index",
    ),
)

GRU_CELL = (
    Variant("gru_cell", "sign", "(H0 - N)", "(N - H0)", "dLoss_dZ", kind="sign"),
    Variant("gru_cell", "gates exchanged", "dLoss_dH1 * (1 - Z)", "dLoss_dH1 * Z", "dLoss_dN", kind="index"),
    Variant(
        "gru_cell", "direct path missing", "dLoss_dB @ U + dLoss_dH1 * Z", "dLoss_dB @ U", "dLoss_dH0", kind="path"
    ),
    Variant("gru_cell", "reset gate forgotten", "return dLoss_dAn * R", "return dLoss_dAn", "dLoss_dBn", kind="path"),
    Variant(
        "gru_cell",
        "derivative of the candidate's tanh forgotten",
        old="(dLoss_dAn, Bn):\n    return dLoss_dAn * Bn",
        new="(dLoss_dN, Bn):\n    return dLoss_dN * Bn",
        blames="dLoss_dR",
        kind="activation",
    ),
    Variant(
        "gru_cell",
        "copied part",
        old="[dLoss_dAr, dLoss_dAz, dLoss_dBn]",
        new="[dLoss_dAr, dLoss_dAr, dLoss_dBn]",
        blames="dLoss_dB",
        kind="index",
    ),
)

ATTENTION = (
    Variant(
        "attention", "scale forgotten", "dLoss_dS @ K / np.sqrt(K.shape[1])", "dLoss_dS @ K", "dLoss_dQ", kind="scale"
    ),
    Variant(
        "attention",
        "wrong divisor",
        "dLoss_dS.T @ Q / np.sqrt(Q.shape[1])",
        "dLoss_dS.T @ Q / Q.shape[1]",
        "dLoss_dK",
        kind="scale",
    ),
    Variant(
        "attention",
        "off-diagonal terms of the softmax missing",
        "P * (dLoss_dP - np.sum(dLoss_dP * P, axis=1, keepdims=True))",
        "P * (1 - P) * dLoss_dP",
        "dLoss_dS",
        kind="path",
    ),
    Variant(
        "attention",
        "sum along the wrong axis",
        "np.sum(dLoss_dP * P, axis=1, keepdims=True)",
        "np.sum(dLoss_dP * P, axis=0, keepdims=True)",
        "dLoss_dS",
        kind="index",
    ),
    Variant(
        "attention",
        "upstream gradient forgotten",
        "return P.T @ dLoss_dY",
        "return P.T @ np.ones_like(dLoss_dY)",
        "dLoss_dV",
        kind="upstream",
    ),
)

CAUSAL_ATTENTION = (
    Variant(
        "causal_attention",
        "mask forgotten",
        "np.where(np.triu(np.ones_like(S), k=1) > 0, -np.inf, S)",
        "S",
        "P",
        kind="mask",
    ),
    Variant("causal_attention", "mask hides the position itself too", "k=1)", "k=0)", "P", kind="mask"),
    Variant("causal_attention", "mask looks ahead", "np.triu(", "np.tril(", "P", kind="mask"),
    Variant(
        "causal_attention",
        "scale forgotten",
        "dLoss_dS @ K / np.sqrt(K.shape[1])",
        "dLoss_dS @ K",
        "dLoss_dQ",
        kind="scale",
    ),
    Variant("causal_attention", "not transposed", "dLoss_dS.T @ Q", "dLoss_dS @ Q", "dLoss_dK", kind="index"),
    Variant(
        "causal_attention",
        "factor P forgotten",
        "return P * (dLoss_dP - ",
        "return (dLoss_dP - ",
        "dLoss_dS",
        kind="path",
    ),
)

MULTI_HEAD_ATTENTION = (
    Variant(
        "multi_head_attention",
        "path through the values missing",
        " + _merge(dLoss_dV) @ Wv",
        "",
        "dLoss_dX",
        kind="path",
    ),
    Variant(
        "multi_head_attention",
        "copied variable",
        "_merge(dLoss_dK) @ Wk",
        "_merge(dLoss_dK) @ Wq",
        "dLoss_dX",
        kind="index",
    ),
    Variant(
        "multi_head_attention",
        "scaled by the model's width",
        "dLoss_dS @ K / np.sqrt(K.shape[2])",
        "dLoss_dS @ K / np.sqrt(K.shape[2] * HEADS)",
        "dLoss_dQ",
        kind="scale",
    ),
    Variant(
        "multi_head_attention",
        "heads not transposed",
        "P.swapaxes(1, 2) @ dLoss_dA",
        "P @ dLoss_dA",
        "dLoss_dV",
        kind="index",
    ),
    Variant(
        "multi_head_attention",
        "bias gradient averaged",
        "_merge(dLoss_dV).sum(axis=0)",
        "_merge(dLoss_dV).mean(axis=0)",
        "dLoss_dbv",
        kind="scale",
    ),
    Variant(
        "multi_head_attention",
        "wrong input",
        old="def dLoss_dWq(dLoss_dQ, X):\n    return _merge(dLoss_dQ).T @ X",
        new="def dLoss_dWq(dLoss_dQ, M):\n    return _merge(dLoss_dQ).T @ M",
        blames="dLoss_dWq",
        kind="index",
    ),
)


RNN = (
    Variant(
        "rnn",
        "gradient from the next step forgotten",
        "(dH[t] + later)",
        "dH[t]",
        "dLoss_dA",
        kind="path",
    ),
    Variant("rnn", "derivative of tanh forgotten", " * (1 - H[t] ** 2)", "", "dLoss_dA", kind="activation"),
    Variant("rnn", "state of the wrong step", "dA[1:], H[:-1]", "dA, H", "dLoss_dU", kind="index"),
    Variant("rnn", "recurrent weight not transposed back", "dA[t] @ U", "dA[t] @ U.T", "dLoss_dA", kind="index"),
    Variant(
        "rnn",
        "mean over the batch",
        "db = dA.sum(axis=(0, 1))",
        "db = dA.sum(axis=0).mean(axis=0)",
        "dLoss_db",
        kind="scale",
    ),
    Variant("rnn", "wrong matrix", "dX = dA @ W", "dX = dH @ W", "dLoss_dX", kind="index"),
)

LSTM = (
    Variant(
        "lstm",
        "= for +=: only the last step counts",
        "dcell = dcell + dstate",
        "dcell = dstate",
        "dLoss_dA",
        kind="accumulation",
    ),
    Variant(
        "lstm",
        "derivative at the wrong point",
        "(1 - squashed**2)",
        "(1 - n**2)",
        "dLoss_dA",
        kind="activation",
    ),
    Variant("lstm", "wrong gate", "dcell = dcell * f", "dcell = dcell * i", "dLoss_dA", kind="index"),
    Variant(
        "lstm",
        "cell state of the wrong step",
        "dcell * before",
        "dcell * squashed",
        "dLoss_dA",
        kind="index",
    ),
    Variant("lstm", "state of the wrong step", "dA[1:], self.H[:-1]", "dA, self.H", "dLoss_dU", kind="index"),
    Variant("lstm", "sign", "return dA @ self.W", "return -dA @ self.W", "dLoss_dX", kind="sign"),
)

GRU = (
    Variant("gru", "= for +=", "dc += from_state", "dc = from_state", "dLoss_dc", kind="accumulation"),
    Variant("gru", "wrong part", "from_state.T @ state", "dA[t].T @ state", "dLoss_dU", kind="index"),
    Variant("gru", "doubled", 'dX = dA @ cache["W"]', 'dX = 2 * dA @ cache["W"]', "dLoss_dX", kind="scale"),
    Variant(
        "gru",
        "mean over time",
        "db = dA.sum(axis=(0, 1))",
        "db = dA.mean(axis=0).sum(axis=0)",
        "dLoss_db",
        kind="scale",
    ),
)

CONV2D = (
    Variant(
        "conv2d", "windows overwrite one another", "left + kw] += d", "left + kw] = d", "dLoss_dx", kind="accumulation"
    ),
    Variant(
        "conv2d",
        "mean over the batch",
        "dy.sum(axis=(0, 2, 3))",
        "dy.mean(axis=0).sum(axis=(1, 2))",
        "dLoss_db",
        kind="scale",
    ),
    Variant(
        "conv2d",
        "upstream gradient counted twice",
        '->ocuv", dy, windows)',
        '->ocuv", dy * dy, windows)',
        "dLoss_dw",
        kind="formula",
    ),
    Variant("conv2d", "stride forgotten", "top, left = i * stride, j * stride", "top, left = i, j", "dLoss_dx"),
    Variant("conv2d", "stride forgotten in one direction", "left = i * stride, j", "left = i, j", "dLoss_dx"),
    Variant("conv2d", "bias subtracted", "w) + b[:, None, None]", "w) - b[:, None, None]", "y", kind="sign"),
)

MAX_POOL = (
    Variant(
        "max_pool", "windows overwrite one another", "column] += dy", "column] = dy", "dLoss_dx", kind="accumulation"
    ),
    Variant("max_pool", "smallest entry", ".argmax(axis=-1)", ".argmin(axis=-1)", "dLoss_dx"),
    Variant("max_pool", "mean for max", ".max(axis=-1)", ".mean(axis=-1)", "y", kind="formula"),
    Variant("max_pool", "upstream gradient doubled", "+= dy[:", "+= 2 * dy[:", "dLoss_dx", kind="scale"),
    Variant("max_pool", "sign", "+= dy[:", "-= dy[:", "dLoss_dx", kind="sign"),
)

VARIANTS = [
    *RNN_CELL,
    *LSTM_CELL,
    *GRU_CELL,
    *ATTENTION,
    *CAUSAL_ATTENTION,
    *MULTI_HEAD_ATTENTION,
    *RNN,
    *LSTM,
    *GRU,
    *CONV2D,
    *MAX_POOL,
]

"""Slips that people make in linear layers, activations, losses, normalizations and penalties."""

from __future__ import annotations

from harness import Variant

LINEAR = [
    Variant("linear", "mean for sum in the bias", "dLoss_dY.sum(axis=0)", "dLoss_dY.mean(axis=0)", "dLoss_db"),
    Variant(
        "linear",
        "transposed",
        "return dLoss_dY.T @ X",
        "return X.T @ dLoss_dY",
        "dLoss_dW",
    ),
    Variant("linear", "mean for sum over the batch", "dLoss_dY.T @ X", "dLoss_dY.T @ X / X.shape[0]", "dLoss_dW"),
    Variant("linear", "sign", "return dLoss_dY @ W", "return -dLoss_dY @ W", "dLoss_dX"),
]

ACTIVATIONS = [
    Variant(
        "silu",
        "the path through the sigmoid missing",
        "return dLoss_dY * S * (1 + Z * (1 - S))",
        "return dLoss_dY * S",
        "dLoss_dZ",
    ),
    Variant(
        "silu",
        "factor twice",
        "return dLoss_dY * S + dLoss_dS * S * (1 - S)",
        "return dLoss_dY * S + dLoss_dS * S * (1 - S) * (1 - S)",
        "dLoss_dZ__chain",
    ),
    Variant("silu", "upstream gradient forgotten", "return dLoss_dY * S * (1", "return S * (1", "dLoss_dZ"),
    Variant("silu", "sign", "(1 + Z * (1 - S))", "(1 - Z * (1 - S))", "dLoss_dZ"),
    Variant(
        "gelu", "density's 2 forgotten", "(Phi + Z * np.exp(-(Z**2) / 2)", "(Phi + Z * np.exp(-(Z**2))", "dLoss_dZ"
    ),
    Variant(
        "gelu",
        "normalizing factor of the density",
        "(Phi + Z * np.exp(-(Z**2) / 2) / np.sqrt(2 * np.pi))",
        "(Phi + Z * np.exp(-(Z**2) / 2) / np.sqrt(np.pi))",
        "dLoss_dZ",
    ),
    Variant(
        "gelu",
        "Z forgotten before the density",
        "(Phi + Z * np.exp(-(Z**2) / 2) / np.sqrt(2 * np.pi))",
        "(Phi + np.exp(-(Z**2) / 2) / np.sqrt(2 * np.pi))",
        "dLoss_dZ",
    ),
    Variant("gelu", "a path missing", "return dLoss_dY * Phi + dLoss_dPhi", "return dLoss_dPhi", "dLoss_dZ__chain"),
    Variant("gelu_tanh", "second power's factor", "(1 + 3 * 0.044715 * Z**2)", "(1 + 0.044715 * Z**2)", "dLoss_dZ"),
    Variant(
        "gelu_tanh",
        "derivative of tanh at the wrong point",
        "def dLoss_dU(dLoss_dH, H):\n    return dLoss_dH * (1 - H**2)",
        "def dLoss_dU(dLoss_dH, U):\n    return dLoss_dH * (1 - U**2)",
        "dLoss_dU",
    ),
    Variant("gelu_tanh", "wrong constant", "(Z + 0.044715 * Z**3)", "(Z + 0.44715 * Z**3)", "U"),
    Variant("gelu_tanh", "missing half", "return dLoss_dY * Z / 2", "return dLoss_dY * Z", "dLoss_dH"),
    Variant("gelu_tanh", "square forgotten", "(1 - H**2)", "(1 - H)", "dLoss_dU"),
]

LOSSES = [
    Variant("mse", "missing 2", "return 2 * R / R.size", "return R / R.size", "dLoss_dR"),
    Variant("mse", "divided by the batch only", "return 2 * R / R.size", "return 2 * R / R.shape[0]", "dLoss_dR"),
    Variant("mse", "sum for mean", "np.mean(R**2)", "np.sum(R**2)", "Loss"),
    Variant("mse", "sign", "return -dLoss_dR", "return dLoss_dR.copy()", "dLoss_dT"),
    Variant("huber", "half of delta forgotten", "(np.abs(R) - delta / 2)", "(np.abs(R) - delta)", "Loss"),
    Variant("huber", "delta forgotten beyond the kink", "delta * np.sign(R), R)", "np.sign(R), R)", "dLoss_dR"),
    Variant("huber", "sign of the residual forgotten", "delta * np.sign(R), R)", "delta, R)", "dLoss_dR"),
    Variant("huber", "clipped on one side only", "np.clip(R, -delta, delta)", "np.minimum(R, delta)", "dLoss_dY"),
    Variant(
        "huber", "divided by the batch only", "R, -delta, delta) / R.size", "R, -delta, delta) / len(R)", "dLoss_dY"
    ),
    Variant("bce_with_logits", "sign", "return (P - T) / T.size", "return (T - P) / T.size", "dLoss_dZ"),
    Variant("bce_with_logits", "1/N forgotten", "return (P - T) / T.size", "return P - T", "dLoss_dZ"),
    Variant(
        "bce_with_logits",
        "sigmoid at the wrong point",
        "dLoss_dP * P * (1 - P)",
        "dLoss_dP * P * (1 + P)",
        "dLoss_dZ__chain",
    ),
    Variant(
        "bce_with_logits", "absolute value forgotten", "np.log1p(np.exp(-np.abs(Z)))", "np.log1p(np.exp(-Z))", "Loss"
    ),
    Variant("bce_with_logits", "half of the divisor missing", "/ (P * (1 - P)) / T.size", "/ P / T.size", "dLoss_dP"),
    Variant(
        "softmax_cross_entropy",
        "mean over all rows, left out or not",
        "return kept * (P - Q) / count",
        "return kept * (P - Q) / P.shape[0]",
        "dLoss_dZ",
    ),
    Variant(
        "softmax_cross_entropy", "mask forgotten", "return kept * (P - Q) / count", "return (P - Q) / count", "dLoss_dZ"
    ),
    Variant(
        "softmax_cross_entropy",
        "smoothing spread over the other classes only",
        "_SMOOTHING / classes\n",
        "_SMOOTHING / (classes - 1)\n",
        "Q",
    ),
    Variant(
        "softmax_cross_entropy",
        "off-diagonal terms missing",
        "dLoss_dlogP - P * dLoss_dlogP.sum(axis=1, keepdims=True)",
        "dLoss_dlogP - P * dLoss_dlogP",
        "dLoss_dZ__chain",
    ),
    Variant(
        "softmax_cross_entropy",
        "summed over the batch",
        "P * dLoss_dlogP.sum(axis=1, keepdims=True)",
        "P * dLoss_dlogP.sum(axis=0, keepdims=True)",
        "dLoss_dZ__chain",
    ),
    Variant("softmax_cross_entropy", "sign", "return -Q / count", "return Q / count", "dLoss_dlogP"),
]

NORMALIZATIONS = [
    Variant(
        "batchnorm",
        "epsilon forgotten",
        "D / np.sqrt(var + _EPSILON)\n\n\ndef Y",
        "D / np.sqrt(var)\n\n\ndef Y",
        "Xhat",
    ),
    Variant("batchnorm", "power of the variance", "(var + _EPSILON) ** -1.5", "(var + _EPSILON) ** -0.5", "dLoss_dvar"),
    Variant("batchnorm", "missing half", "* -0.5 * (var", "* -1.0 * (var", "dLoss_dvar"),
    Variant(
        "batchnorm",
        "path through the variance missing",
        "return dLoss_dXhat / np.sqrt(var + _EPSILON) + dLoss_dvar * 2 * D / D.shape[0]",
        "return dLoss_dXhat / np.sqrt(var + _EPSILON)",
        "dLoss_dD",
    ),
    Variant("batchnorm", "1/N forgotten", "dLoss_dD + dLoss_dmean / X.shape[0]", "dLoss_dD + dLoss_dmean", "dLoss_dX"),
    Variant("batchnorm", "divided by the features", "dLoss_dmean / X.shape[0]", "dLoss_dmean / X.shape[1]", "dLoss_dX"),
    Variant(
        "batchnorm",
        "unbiased variance",
        "dLoss_dvar * 2 * D / D.shape[0]",
        "dLoss_dvar * 2 * D / (D.shape[0] - 1)",
        "dLoss_dD",
    ),
    Variant(
        "batchnorm",
        "a term of the closed form missing",
        "dLoss_dXhat - dLoss_dXhat.mean(axis=0) - Xhat",
        "dLoss_dXhat - Xhat",
        "dLoss_dX__closed",
    ),
    Variant("rmsnorm", "epsilon forgotten", "keepdims=True) + _EPSILON)", "keepdims=True))", "rms"),
    Variant(
        "rmsnorm",
        "path through the root mean square missing",
        "return dLoss_dXhat / rms + dLoss_drms * X / (X.shape[1] * rms)",
        "return dLoss_dXhat / rms",
        "dLoss_dX",
    ),
    Variant("rmsnorm", "divided by the batch", "(X.shape[1] * rms)", "(X.shape[0] * rms)", "dLoss_dX"),
    Variant("rmsnorm", "power of the divisor", "keepdims=True) / rms**2", "keepdims=True) / rms", "dLoss_drms"),
    Variant(
        "rmsnorm",
        "X for Xhat",
        "def dLoss_dgamma(dLoss_dY, Xhat):\n    return np.sum(dLoss_dY * Xhat, axis=0)",
        "def dLoss_dgamma(dLoss_dY, X):\n    return np.sum(dLoss_dY * X, axis=0)",
        "dLoss_dgamma",
    ),
    Variant(
        "rmsnorm",
        "sum for mean",
        "np.mean(dLoss_dXhat * Xhat, axis=1, keepdims=True)",
        "np.sum(dLoss_dXhat * Xhat, axis=1, keepdims=True)",
        "dLoss_dX__closed",
    ),
    Variant(
        "groupnorm", "positions not summed", "dLoss_dY.sum(axis=(0, 2))", "dLoss_dY[:, :, 0].sum(axis=0)", "dLoss_dbeta"
    ),
    Variant(
        "groupnorm",
        "mean for sum",
        "np.sum(dLoss_dY * Xhat, axis=(0, 2))",
        "np.mean(dLoss_dY * Xhat, axis=(0, 2))",
        "dLoss_dgamma",
    ),
    Variant(
        "groupnorm",
        "statistics over the positions only",
        "along_ones = dLoss_dGhat.mean(axis=(2, 3), keepdims=True)",
        "along_ones = dLoss_dGhat.mean(axis=3, keepdims=True)",
        "dLoss_dG",
    ),
    Variant(
        "groupnorm",
        "a path missing",
        "(dLoss_dGhat - along_ones - Ghat * along_Ghat)",
        "(dLoss_dGhat - along_ones)",
        "dLoss_dG",
    ),
    Variant("groupnorm", "scale forgotten", "return dLoss_dY * gamma[:, None]", "return dLoss_dY * 1.0", "dLoss_dXhat"),
    Variant(
        "groupnorm",
        "copied variable",
        "along_Ghat = np.mean(dLoss_dGhat * Ghat,",
        "along_Ghat = np.mean(Ghat * Ghat,",
        "dLoss_dG",
    ),
]

SWIGLU = [
    Variant(
        "swiglu",
        "copied variable",
        "def dLoss_dW3(dLoss_dU, X):\n    return dLoss_dU.T @ X",
        "def dLoss_dW3(dLoss_dA, X):\n    return dLoss_dA.T @ X",
        "dLoss_dW3",
    ),
    Variant("swiglu", "a path missing", "return dLoss_dA @ W1 + dLoss_dU @ W3", "return dLoss_dA @ W1", "dLoss_dX"),
    Variant(
        "swiglu",
        "gate and value exchanged",
        "def dLoss_dS(dLoss_dH, U):\n    return dLoss_dH * U",
        "def dLoss_dS(dLoss_dH, S):\n    return dLoss_dH * S",
        "dLoss_dS",
    ),
    Variant(
        "swiglu", "derivative of the sigmoid alone", "sigma * (1 + A * (1 - sigma))", "sigma * (1 - sigma)", "dLoss_dA"
    ),
    Variant(
        "swiglu", "weights exchanged", "dLoss_dA @ W1 + dLoss_dU @ W3", "dLoss_dA @ W3 + dLoss_dU @ W1", "dLoss_dX"
    ),
]

PENALTY = [
    Variant("l2_penalty", "missing 2", "return 2 * (Y - T) / Y.size", "return (Y - T) / Y.size", "dLoss_dY"),
    Variant("l2_penalty", "penalty counted twice", "X + decay * W", "X + 2 * decay * W", "dLoss_dW"),
    Variant(
        "l2_penalty", "penalty forgotten", "return dLoss_dY.T @ X + decay * W", "return dLoss_dY.T @ X", "dLoss_dW"
    ),
    Variant("l2_penalty", "half forgotten", "decay / 2 * np.sum", "decay * np.sum", "penalty"),
    Variant(
        "l2_penalty",
        "bias decays too",
        "def b_new(b, eta, dLoss_db):\n    return b - eta * dLoss_db",
        "def b_new(b, eta, decay, dLoss_db):\n    return b - eta * (dLoss_db + decay * b)",
        "b_new",
    ),
    Variant("l2_penalty", "uphill", "return W - eta * dLoss_dW", "return W + eta * dLoss_dW", "W_new"),
    Variant("l2_penalty", "rate forgotten in the decay", "(1 - eta * decay) * W", "(1 - decay) * W", "W_new__decay"),
]

NETWORK = [
    Variant("softmax_mlp", "mask forgotten", "return dLoss_dA1 * (Z1 > 0)", "return dLoss_dA1 * 1", "dLoss_dZ1"),
    Variant(
        "softmax_mlp",
        "updated weights used",
        "def dLoss_dA1(dLoss_dZ2, W2):\n    return dLoss_dZ2 @ W2",
        "def dLoss_dA1(dLoss_dZ2, W2_new):\n    return dLoss_dZ2 @ W2_new",
        "dLoss_dA1",
    ),
    Variant(
        "softmax_mlp",
        "off-diagonal terms missing",
        "return P * (dLoss_dP - np.sum(dLoss_dP * P, axis=1, keepdims=True))",
        "return P * (dLoss_dP - dLoss_dP * P)",
        "dLoss_dZ2__chain",
    ),
    Variant("softmax_mlp", "1/N forgotten", "return (P - T) / T.shape[0]", "return P - T", "dLoss_dZ2"),
    Variant("softmax_mlp", "sign", "return b1 - eta", "return b1 + eta", "b1_new"),
]

VARIANTS = [*NETWORK, *LINEAR, *ACTIVATIONS, *LOSSES, *NORMALIZATIONS, *SWIGLU, *PENALTY]

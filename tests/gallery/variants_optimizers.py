"""Slips that people make in optimizer steps."""

from __future__ import annotations

from harness import Variant

SGD = [
    Variant("sgd", "the gradient climbed", "return W - eta * v_new", "return W + eta * v_new", "W_new", kind="sign"),
    Variant(
        "sgd",
        "the old buffer used",
        "def W_new(W, eta, v_new):\n    return W - eta * v_new",
        "def W_new(W, eta, v):\n    return W - eta * v",
        "W_new",
        kind="update order",
    ),
    Variant("sgd", "dampening forgotten", "mu * v + (1 - tau) * (dLoss", "mu * v + (dLoss", "v_new", kind="scale"),
    Variant(
        "sgd", "dampening in place of its complement", "(1 - tau) * (dLoss", "tau * (dLoss", "v_new", kind="formula"
    ),
    Variant("sgd", "decay not dampened", "(dLoss_dW + lam * W)", "dLoss_dW + lam * W", "v_new", kind="scale"),
    Variant("sgd", "weight decay without its rate", "dLoss_dW + lam * W", "dLoss_dW + W", "v_new", kind="scale"),
    Variant(
        "sgd", "state overwritten by the gradient", "return mu * v + (1", "return (1", "v_new", kind="accumulation"
    ),
    Variant("sgd", "gradient squared", "lam * W)", "lam * W) ** 2", "v_new", kind="formula"),
    Variant("sgd", "mean over the batch forgotten", ".T @ X / X.shape[0]", ".T @ X", "dLoss_dW", kind="scale"),
    Variant(
        "sgd",
        "decay of the squared norm, not of its half",
        "dLoss_dW + lam * W",
        "dLoss_dW + 2 * lam * W",
        "v_new",
        kind="scale",
    ),
]

NESTEROV = [
    Variant(
        "sgd_nesterov",
        "no look ahead",
        "(dLoss_dW + lam * W + mu * v_new)",
        "v_new",
        "W_new",
        kind="update order",
    ),
    Variant("sgd_nesterov", "look ahead without the momentum", "mu * v_new)", "v_new)", "W_new", kind="scale"),
    Variant(
        "sgd_nesterov",
        "decay missing in the look ahead",
        "(dLoss_dW + lam * W + mu",
        "(dLoss_dW + mu",
        "W_new",
        kind="path",
    ),
    Variant(
        "sgd_nesterov",
        "decay subtracted",
        "mu * v + dLoss_dW + lam * W",
        "mu * v + dLoss_dW - lam * W",
        "v_new",
        kind="sign",
    ),
    Variant(
        "sgd_nesterov",
        "gradient dampened as in a mean",
        "mu * v + dLoss_dW",
        "mu * v + (1 - mu) * dLoss_dW",
        "v_new",
        kind="scale",
    ),
]

RMSPROP = [
    Variant(
        "rmsprop", "epsilon under the root", "(np.sqrt(S) + epsilon)", "np.sqrt(S + epsilon)", "W_new", kind="epsilon"
    ),
    Variant("rmsprop", "root forgotten", "(np.sqrt(S) + epsilon)", "(S + epsilon)", "W_new", kind="formula"),
    Variant("rmsprop", "the gradient not squared", "dW**2", "dW", "S_new", kind="formula"),
    Variant("rmsprop", "= for +=", "S += (1 - alpha)", "S[...] = (1 - alpha)", "S_new", kind="accumulation"),
    Variant("rmsprop", "the decay not complemented", "(1 - alpha) * dW**2", "alpha * dW**2", "S_new", kind="formula"),
    Variant("rmsprop", "epsilon forgotten", "(np.sqrt(S) + epsilon)", "np.sqrt(S)", "W_new", kind="epsilon"),
    Variant("rmsprop", "multiplied in place of divided", "dW / (np", "dW * (np", "W_new", kind="formula"),
    Variant("rmsprop", "mean over the batch forgotten", ".T @ X / len(X)", ".T @ X", "dLoss_dW", kind="scale"),
]

ADAGRAD = [
    Variant(
        "adagrad",
        "epsilon under the root",
        "(np.sqrt(S_new) + epsilon)",
        "np.sqrt(S_new + epsilon)",
        "W_new",
        kind="epsilon",
    ),
    Variant(
        "adagrad",
        "sum overwritten by the gradient",
        "return S + dLoss_dW**2",
        "return dLoss_dW**2",
        "S_new",
        kind="accumulation",
    ),
    Variant("adagrad", "steps counted from one", "(t_new - 1) * gamma", "t_new * gamma", "W_new", kind="index"),
    Variant("adagrad", "step not counted", "return t + 1", "return t", "t_new", kind="index"),
    Variant(
        "adagrad", "rate not decayed", "eta / (1 + (t_new - 1) * gamma)", "eta", "W_new", mended=False, kind="path"
    ),
    Variant("adagrad", "half a square", "S + dLoss_dW**2", "S + dLoss_dW**2 / 2", "S_new", kind="scale"),
]

ADAM = [
    Variant(
        "adam",
        "epsilon under the root",
        "(np.sqrt(v_hat) + epsilon)",
        "np.sqrt(v_hat + epsilon)",
        "W_new",
        kind="epsilon",
    ),
    Variant(
        "adam",
        "first moment not corrected",
        "m_hat = m_new / (1 - beta1**t_new)",
        "m_hat = m_new",
        "W_new",
        kind="scale",
    ),
    Variant(
        "adam",
        "second moment not corrected",
        "v_hat = v_new / (1 - beta2**t_new)",
        "v_hat = v_new",
        "W_new",
        kind="scale",
    ),
    Variant(
        "adam",
        "corrected by the factor, not its power",
        "1 - beta1**t_new",
        "1 - beta1",
        "W_new",
        kind="index",
    ),
    Variant("adam", "corrected by the other factor", "1 - beta2**t_new", "1 - beta1**t_new", "W_new", kind="index"),
    Variant(
        "adam", "first moment squared", "(1 - beta1) * dLoss_dW", "(1 - beta1) * dLoss_dW**2", "m_new", kind="formula"
    ),
    Variant("adam", "second moment not squared", "dLoss_dW**2", "dLoss_dW", "v_new", kind="formula"),
    Variant("adam", "state overwritten by the gradient", "beta1 * m + (1", "(1", "m_new", kind="accumulation"),
    Variant("adam", "factor copied", "beta2 * v + (1 - beta2)", "beta2 * v + (1 - beta2) * 2", "v_new", kind="scale"),
    Variant("adam", "step not counted", "return t + 1", "return t", "t_new", kind="index"),
    Variant("adam", "root forgotten", "(np.sqrt(v_hat) + epsilon)", "(v_hat + epsilon)", "W_new", kind="formula"),
]

ADAMW = [
    Variant(
        "adamw",
        "decay without the learning rate",
        "self.eta * self.lam * self.W",
        "self.lam * self.W",
        "W_new",
        kind="scale",
    ),
    Variant("adamw", "the same decay of all weights", "self.lam * self.W", "self.lam", "W_new", kind="path"),
    Variant(
        "adamw",
        "decay with the wrong sign",
        "self.W - self.eta * self.lam",
        "self.W + self.eta * self.lam",
        "W_new",
        kind="sign",
    ),
    Variant(
        "adamw",
        "decay coupled to the gradient",
        "(1 - self.beta1) * self.dW",
        "(1 - self.beta1) * (self.dW + self.lam * self.W)",
        "m_new",
        kind="formula",
    ),
    Variant(
        "adamw",
        "epsilon under the root",
        "(np.sqrt(v_hat) + self.epsilon)",
        "np.sqrt(v_hat + self.epsilon)",
        "W_new",
        kind="epsilon",
    ),
    Variant(
        "adamw",
        "moment overwritten by the gradient",
        "self.beta1 * self.m + (1",
        "(1",
        "m_new",
        kind="accumulation",
    ),
    Variant("adamw", "second moment not squared", "self.dW**2", "self.dW", "v_new", kind="formula"),
    Variant("adamw", "factor copied", "(1 - self.beta2) * self", "(1 - self.beta1) * self", "v_new", kind="index"),
    Variant(
        "adamw",
        "corrected by the other factor",
        "1 - self.beta2**self.t",
        "1 - self.beta1**self.t",
        "W_new",
        kind="index",
    ),
    Variant("adamw", "step not counted", "self.t += 1", "self.t += 0", "t_new", kind="index"),
]

VARIANTS = [*SGD, *NESTEROV, *RMSPROP, *ADAGRAD, *ADAM, *ADAMW]

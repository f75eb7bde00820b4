"""The functions that a document may use, on any NumPy-like array that shows the shape of one trial."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gradproof.audit.values.provider import Array


def relu(x: Array) -> Array:
    """max(x, 0), entry by entry."""
    return np.maximum(x, 0.0)


def softmax(x: Array, axis: int = -1) -> Array:
    """exp(x) divided by its sum along an axis; of a single number, exp(x)."""
    e = np.exp(x)
    return e / np.sum(e, axis=axis, keepdims=True) if x.shape else e


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x))."""
    return 1.0 / (1.0 + np.exp(-x))


def _where_positive(x: Array) -> Array:
    return np.where(x > 0, 1.0, 0.0)


def _sigmoid_prime(x: Array) -> Array:
    s = sigmoid(x)
    return s * (1.0 - s)


def _diagonal(x: Array) -> Array:
    """A column as a diagonal matrix; a matrix' diagonal as a column; a number as it is."""
    if not x.shape:
        return x
    size = min(x.shape)
    return x[:, None] * np.eye(size) if len(x.shape) == 1 else x[np.arange(size), np.arange(size)]


def _sum_all(x: Array) -> Array:
    return np.sum(x)


def _trace(x: Array) -> Array:
    return np.sum(_diagonal(x)) if len(x.shape) == 2 else x


def contract(x: Array) -> Array:
    """The sum of all entries, each times a number of its own: a loss of which no more is said than that it is one."""
    size = int(np.prod(x.shape)) if x.shape else 1
    weights = 0.5 + np.abs(np.sin(1.7 * np.arange(size) + 0.4))
    return np.sum(x * weights.reshape(x.shape)) if x.shape else x * float(weights[0])


# (function, number of primes) -> what it does to one argument.
ONE_ARGUMENT: dict[tuple[str, int], Callable[[Array], Array]] = {
    ("relu", 0): relu,
    ("relu", 1): _where_positive,
    ("exp", 0): np.exp,
    ("exp", 1): np.exp,
    ("log", 0): np.log,
    ("log", 1): lambda x: 1.0 / x,
    ("sqrt", 0): np.sqrt,
    ("tanh", 0): np.tanh,
    ("tanh", 1): lambda x: 1.0 - np.tanh(x) * np.tanh(x),
    ("sigmoid", 0): sigmoid,
    ("sigmoid", 1): _sigmoid_prime,
    ("softplus", 0): lambda x: np.log(1.0 + np.exp(x)),
    ("softplus", 1): sigmoid,
    ("sin", 0): np.sin,
    ("sin", 1): np.cos,
    ("cos", 0): np.cos,
    ("cos", 1): lambda x: -np.sin(x),
    ("arctan", 0): np.arctan,
    ("arctan", 1): lambda x: 1.0 / (1.0 + x * x),
    ("sinh", 0): lambda x: (np.exp(x) - np.exp(-x)) / 2.0,
    ("cosh", 0): lambda x: (np.exp(x) + np.exp(-x)) / 2.0,
    ("abs", 0): np.abs,
    ("sign", 0): np.sign,
    ("softmax", 0): softmax,
    ("diag", 0): _diagonal,
    ("tr", 0): _trace,
    ("sum", 0): _sum_all,
    ("mean", 0): np.mean,
    ("contract", 0): contract,
    ("max", 0): np.max,
    ("min", 0): np.min,
}


def joined(*parts: Array) -> Array:
    """Vectors and numbers one behind the other; matrices side by side."""
    return np.concatenate([part if part.shape else np.stack([part]) for part in parts], axis=-1)


def inner(a: Array, b: Array) -> Array:
    """The sum of the products of the entries."""
    return np.sum(a * b)


TWO_ARGUMENTS: dict[str, Callable[[Array, Array], Array]] = {"max": np.maximum, "min": np.minimum}
COMPARISONS: dict[str, Callable[[Array, Array], Array]] = {
    "<": np.less,
    ">": np.greater,
    "<=": np.less_equal,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}

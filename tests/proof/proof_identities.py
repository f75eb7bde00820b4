"""Identities that need more than polynomial algebra: true ones, and false ones that look true.

Each is `name: (expected, found)` as functions of scalars x, y, z and vectors v, w of three.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from gradproof.aten.special import erf
from gradproof.proof.expressions.array import ExactArray, symbols
from gradproof.proof.expressions.expression import Graph

Identity = tuple[Callable[..., Any], Callable[..., Any]]


def built(identity: Identity, graph: Graph) -> tuple[ExactArray, ExactArray]:
    """Both sides as exact expressions of the graph."""
    inputs = {name: symbols(graph, name, (3,) if name in "vw" else ()) for name in "xyzvw"}
    expected, found = (side(*(inputs[name] for name in _parameters(side))) for side in identity)
    return expected, found


def _parameters(side: Callable[..., Any]) -> list[str]:
    return ["x"] if isinstance(side, np.ufunc) else list(inspect.signature(side).parameters)


def softmax(v: Any) -> Any:
    return np.exp(v) / np.sum(np.exp(v))


def stable_softmax(v: Any) -> Any:
    e = np.exp(v - np.max(v))
    return e / np.sum(e)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def layernorm(v: Any, eps: float) -> Any:
    return (v - v.mean()) / np.sqrt(v.var() + eps)


def relu(x: Any) -> Any:
    return np.maximum(x, 0)


TRUE: dict[str, Identity] = {
    "softmax with and without max": (lambda v: stable_softmax(v)[0], lambda v: softmax(v)[0]),
    "log_softmax": (lambda v: np.exp(v[0] - np.log(np.sum(np.exp(v)))), lambda v: softmax(v)[0]),
    "log of a stable softmax": (lambda v: np.log(stable_softmax(v)[1]), lambda v: v[1] - np.log(np.sum(np.exp(v)))),
    "sigmoid two forms": (sigmoid, lambda x: np.exp(x) / (1 + np.exp(x))),
    "sigmoid complement": (lambda x: 1 - sigmoid(x), lambda x: sigmoid(-x)),
    "tanh by sigmoid": (np.tanh, lambda x: 2 * sigmoid(2 * x) - 1),
    "tanh half": (lambda x: np.tanh(x / 2), lambda x: (np.exp(x) - 1) / (np.exp(x) + 1)),
    "cosh^2 - sinh^2": (lambda x: np.cosh(x) ** 2 - np.sinh(x) ** 2, lambda x: 0 * x + 1),
    "exp of a sum": (lambda x, y, z: np.exp(x * y + z), lambda x, y, z: np.exp(x * y) * np.exp(z)),
    "exp((x+1)^2)": (lambda x: np.exp((x + 1) ** 2), lambda x: np.exp(x * x) * np.exp(2 * x) * np.exp(x / x)),
    "relu squared": (lambda x: relu(x) ** 2, lambda x: x * relu(x)),
    "relu of both signs": (lambda x: relu(x) - relu(-x), lambda x: x * 1),
    "relu twice": (lambda x: relu(relu(x)), relu),
    "abs by sign": (lambda x: np.abs(x) * np.sign(x), lambda x: x * 1),
    "leaky relu": (lambda x: np.where(x > 0, x, 0.1 * x), lambda x: np.maximum(x, 0.1 * x)),
    "max of 3 in two orders": (
        lambda x, y, z: np.maximum(np.maximum(x, y), z),
        lambda x, y, z: np.maximum(x, np.maximum(y, z)),
    ),
    "max of 4 in two orders": (
        lambda x, y, v: np.max(np.stack([x, y, v[0], v[1]])),
        lambda x, y, v: np.maximum(np.maximum(v[1], y), np.maximum(v[0], x)),
    ),
    "abs of a product": (lambda x, y: np.abs(x * y), lambda x, y: np.abs(x) * np.abs(y)),
    "sign of a quotient": (lambda x, y: np.sign(x / y), lambda x, y: np.sign(x) * np.sign(y)),
    "sign of a negative product": (lambda x, y: np.sign(-3 * x * y), lambda x, y: -np.sign(x) * np.sign(y)),
    "max and min": (lambda x, y: np.maximum(x, y) + np.minimum(x, y), lambda x, y: x + y),
    "max by abs": (lambda x, y: np.maximum(x, y), lambda x, y: (x + y + np.abs(x - y)) / 2),
    "clip by abs": (lambda x: np.clip(x, -1, 1), lambda x: (np.abs(x + 1) - np.abs(x - 1)) / 2),
    "clip in two orders": (lambda x: np.clip(x, -1, 1), lambda x: np.maximum(np.minimum(x, 1), -1)),
    "mask of a maximum": (lambda x, y: np.where(x == np.maximum(x, y), 1.0, 0.0), lambda x, y: (x > y) * 1.0),
    "sqrt squared": (lambda x: np.sqrt(x * x + 1) * np.sqrt(x * x + 1), lambda x: x * x + 1),
    "sqrt of exponentials": (lambda x, y: np.sqrt(np.exp(x)) * np.sqrt(np.exp(y)), lambda x, y: np.sqrt(np.exp(x + y))),
    "sqrt of a square": (lambda x: np.sqrt(x * x), np.abs),
    "sqrt of a hidden square": (lambda x, y: np.sqrt(x * x + 2 * x * y + y * y), lambda x, y: np.abs(x + y)),
    "sqrt of a fourth power": (lambda x: np.sqrt(x**4), lambda x: x * x),
    "sqrt of a square times y": (lambda x, y: np.sqrt(x * x * y), lambda x, y: np.abs(x) * np.sqrt(y)),
    "sqrt of a nested square": (lambda x: np.sqrt(1 - 2 * np.sqrt(x) + x), lambda x: np.abs(1 - np.sqrt(x))),
    "norm of a scaled vector": (
        lambda x, v: np.sqrt(np.sum((x * v) ** 2)),
        lambda x, v: np.abs(x) * np.sqrt(np.sum(v**2)),
    ),
    "x^1.5": (lambda x: np.exp(x) ** 1.5, lambda x: np.exp(x * 1.5)),
    "fractional powers": (lambda x: x**0.25 * x**0.75, lambda x: x * 1),
    "logaddexp": (lambda x, y: np.exp(np.logaddexp(x, y)), lambda x, y: np.exp(x) + np.exp(y)),
    "softplus derivative": (lambda x: np.exp(x - np.log1p(np.exp(x))), sigmoid),
    "stable softplus": (lambda x: np.log1p(np.exp(x)), lambda x: relu(x) + np.log1p(np.exp(-np.abs(x)))),
    "log of a square": (lambda x: np.log(x * x), lambda x: 2 * np.log(np.abs(x))),
    "log of a product": (lambda x, y: np.log(x) + np.log(y), lambda x, y: np.log(x * y)),
    "log of a root": (lambda x: np.log(np.sqrt(x)), lambda x: np.log(x) / 2),
    "log of a multiple": (lambda x: np.log(6 * x), lambda x: np.log(2 * x) + np.log(3 * x) - np.log(x)),
    "log10": (lambda x: np.log10(x * x), lambda x: np.log2(x * x) / np.log2(0 * x + 10)),
    "powers of two": (lambda x, y: np.exp2(x + y), lambda x, y: np.exp2(x) * np.exp2(y)),
    "cross-entropy of a sigmoid": (
        lambda x, y: -y / sigmoid(x) + (1 - y) / (1 - sigmoid(x)),
        lambda x, y: (sigmoid(x) - y) / (sigmoid(x) * (1 - sigmoid(x))),
    ),
    "sin^2 + cos^2": (lambda x: np.sin(x) ** 2 + np.cos(x) ** 2, lambda x: 0 * x + 1),
    "sin(2x)": (lambda x: np.sin(2 * x), lambda x: 2 * np.sin(x) * np.cos(x)),
    "cos(x + y)": (lambda x, y: np.cos(x + y), lambda x, y: np.cos(x) * np.cos(y) - np.sin(x) * np.sin(y)),
    "half angle": (lambda x: np.cos(x), lambda x: 1 - 2 * np.sin(x / 2) ** 2),
    "tan": (lambda x: 1 + np.tan(x) ** 2, lambda x: 1 / np.cos(x) ** 2),
    "erf is odd": (lambda x: erf(-x), lambda x: -erf(x)),
    "masked pole": (lambda x: np.where(x > 0, 1 / relu(x), 0), lambda x: np.where(x > 0, 1 / x, 0)),
    "masked log": (lambda x: np.where(x > 0, np.log(x * 1), 0), lambda x: np.where(x > 0, np.log(np.abs(x)), 0)),
    "variance two ways": (lambda v: v.var(), lambda v: (v * v).mean() - v.mean() ** 2),
    "absorbed term": (lambda x: (x + 1e16) - 1e16, lambda x: x * 1),
}

FALSE: dict[str, Identity] = {
    "sqrt(x^2) = x": (lambda x: np.sqrt(x * x), lambda x: x * 1),
    "softmax scaled": (lambda v: softmax(v)[0], lambda v: softmax(2 * v)[0]),
    "eps": (lambda v: layernorm(v, 1e-5)[0], lambda v: layernorm(v, 1e-6)[0]),
    "ddof": (lambda v: v.var(), lambda v: v.var(ddof=1)),
    "relu off to the side": (relu, lambda x: relu(x) + np.where(x < -3, 1e-12, 0) * x),
    "exp(xy)": (lambda x, y: np.exp(x * y), lambda x, y: np.exp(x) * np.exp(y)),
    "power of two that is 1 modulo 2^521 - 1": (lambda x: x * 2.0**521, lambda x: x * 1),
    "mask of a maximum forgotten": (lambda x, y: np.where(x == np.maximum(x, y), 1.0, 0.0), lambda x, y: 0 * x),
    "conditions of one sign": (lambda x: (2 * x > 0) * 1.0, lambda x: 1.0 - (x > 0)),
    "sqrt of a square times y": (lambda x, y: np.sqrt(x * x * y), lambda x, y: x * np.sqrt(y)),
    "sqrt of a nested square": (lambda x: np.sqrt(1 - 2 * np.sqrt(x) + x), lambda x: 1 - np.sqrt(x)),
    "fourth root of a square": (lambda x: ((x * x) ** 0.25) ** 2, lambda x: x * 1),
    "root by logarithm": (lambda x: np.exp(0.5 * np.log(x * x)), lambda x: x * 1),
    "unmasked pole": (lambda x: np.where(x > 0, 1 / relu(x), 0), lambda x: 1 / x),
    "masked pole with another value": (
        lambda x: np.where(x > 0, 1 / relu(x), 0),
        lambda x: np.where(x > 0, 1 / x, 5.0),
    ),
    "sin by cos": (np.sin, lambda x: np.sqrt(1 - np.cos(x) ** 2)),
    "abs of a sum": (lambda x, y: np.abs(x) + np.abs(y), lambda x, y: np.abs(x + y)),
    "abs of a product": (lambda x, y: np.abs(x * y), lambda x, y: np.abs(x) * y),
    "sign of a product": (lambda x, y, z: np.sign(x * y), lambda x, y, z: np.sign(x) * np.sign(y * z)),
    "max for min": (lambda x, y, z: np.maximum(np.minimum(x, y), z), lambda x, y, z: np.minimum(np.maximum(x, z), y)),
    "logsumexp for max": (lambda x, y: np.logaddexp(x, y), lambda x, y: np.maximum(x, y)),
    "softplus without abs": (lambda x: np.log1p(np.exp(x)), lambda x: relu(x) + np.log1p(np.exp(-x))),
    "log of a square": (lambda x: np.log(x * x), lambda x: 2 * np.log(x)),
    "log of a product": (lambda x, y: np.log(x * y), lambda x, y: np.log(x) + np.log(y)),
    "exp of a log": (lambda x: x * 1, lambda x: np.exp(np.log(x))),
    "shift by a pole": (sigmoid, lambda x: np.exp(x - 1 / relu(x)) / (np.exp(x - 1 / relu(x)) + np.exp(-1 / relu(x)))),
    "log of a sum": (lambda x, y: np.log(x * x + y * y), lambda x, y: np.log(x * x) + np.log(y * y)),
    "double angle": (lambda x: np.sin(2 * x), lambda x: 2 * np.sin(x)),
    "period": (lambda x: np.sin(x + 6.25), np.sin),
    "gelu by tanh": (
        lambda x: x * (1 + erf(x / np.sqrt(2))) / 2,
        lambda x: x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))) / 2,
    ),
    "tanh by fraction": (np.tanh, lambda x: x / (1 + np.abs(x))),
    "tiny factor": (lambda x: x * (1 + 2.0**-40), lambda x: x * 1),
    "one ulp": (lambda x: x * (1 + 2.0**-52), lambda x: x * 1),
    "transposed product": (
        lambda v, w: (np.outer(v, w) @ v)[0],
        lambda v, w: (np.outer(w, v) @ v)[0],
    ),
}

NOT_PROVED: dict[str, Identity] = {
    "constants apart by a rounding": (lambda x: x / np.sqrt(2), lambda x: x * (1 / np.sqrt(2))),
    "a tenth": (lambda x: x / 10, lambda x: x * 0.1),
    "0.1 + 0.2": (lambda x: x * 0.1 + x * 0.2, lambda x: x * 0.3),
    "third": (lambda x: x * Fraction(1, 3), lambda x: x * (1 / 3)),
}

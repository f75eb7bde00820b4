"""Activation functions and their backward formulas, after ATen's Activation.cpp and BinaryOpsKernel.cpp.

The others torch takes apart itself, operation by operation as its kernels compute them; the first of these loads sympy,
which takes half a second. Those here are in wide use, take a number that may be drawn, have no such parts or coarser
ones, or are read as formulas by whoever derives one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradproof.aten import special

Array = Any

TANH_SCALE, TANH_CUBIC = math.sqrt(2) * (2 / math.sqrt(math.pi)) * 0.5, 0.044715  # of the tanh form of gelu

SIXTH = float(np.float32(1 / 6))  # ATen's kernel writes 1.0f / 6.0f, for float64 too


def relu(x: Array) -> Array:
    return np.maximum(x, 0)


def threshold(x: Array, limit: float, value: float) -> Array:
    return np.where(x <= limit, value, x)


def threshold_backward(grad: Array, x: Array, limit: float) -> Array:
    return np.where(x <= limit, 0.0, grad)


def tanh_backward(grad: Array, y: Array) -> Array:
    return grad * (1 - y * y)


def sigmoid_backward(grad: Array, y: Array) -> Array:
    return grad * (1 - y) * y


def _cubic(x: Array) -> Array:
    return TANH_SCALE * (x + TANH_CUBIC * (x * x * x))


def gelu(x: Array, approximate: str = "none") -> Array:
    if approximate == "tanh":
        return 0.5 * x * (1 + np.tanh(_cubic(x)))
    return x * 0.5 * (1 + special.erf(x * math.sqrt(0.5)))


def gelu_backward(grad: Array, x: Array, approximate: str = "none") -> Array:
    """The derivative of x Phi(x), or of its tanh form, times `grad`."""
    if approximate == "tanh":
        t = np.tanh(_cubic(x))
        slope = TANH_SCALE * (1 + 3 * TANH_CUBIC * (x * x))
        return grad * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * slope)
    cdf = 0.5 * (1 + special.erf(x * math.sqrt(0.5)))
    pdf = np.exp(x * x * -0.5) * (1 / math.sqrt(2 * math.pi))
    return grad * (cdf + x * pdf)


def silu(x: Array) -> Array:
    return x / (1 + np.exp(-x))


def softplus(x: Array, beta: float = 1, limit: float = 20) -> Array:
    """log(1 + e^(beta x)) / beta. Beyond its limit torch gives x alone: what it leaves out, up to e^-limit / beta,
    is torch's error; it is not left out here, so that it belongs to the truth's bound."""
    y = x * beta
    return np.where(y > limit, x + np.log1p(np.exp(-y)) / beta, np.log1p(np.exp(y)) / beta)


def softplus_backward(grad: Array, x: Array, beta: float, limit: float) -> Array:
    y = x * beta
    z = np.exp(y)
    return np.where(y > limit, grad / (1 + np.exp(-y)), grad * z / (z + 1))


def leaky_relu(x: Array, slope: float = 0.01) -> Array:
    return np.where(x > 0, x, x * slope)


def leaky_relu_backward(grad: Array, x: Array, slope: float, is_result: bool) -> Array:
    return np.where(x > 0, grad, grad * slope)


def elu(x: Array, alpha: float = 1, scale: float = 1, input_scale: float = 1) -> Array:
    return np.where(x < 0, np.expm1(x * input_scale) * (alpha * scale), x * scale)


def elu_backward(grad: Array, alpha: float, scale: float, input_scale: float, is_result: bool, x: Array) -> Array:
    if is_result:
        return np.where(x <= 0, grad * input_scale * (x + alpha * scale), grad * scale)
    return np.where(x <= 0, grad * input_scale * (alpha * scale) * np.exp(x * input_scale), grad * scale)


def hardtanh(x: Array, low: float = -1, high: float = 1) -> Array:
    return np.minimum(np.maximum(x, low), high)


def hardtanh_backward(grad: Array, x: Array, low: float, high: float) -> Array:
    return np.where(np.logical_or(x <= low, x >= high), 0.0, grad)


def hardsigmoid_backward(grad: Array, x: Array) -> Array:
    return np.where(np.logical_and(x > -3, x < 3), grad * SIXTH, 0.0)


def hardshrink(x: Array, limit: float = 0.5) -> Array:
    return np.where(np.logical_and(x >= -limit, x <= limit), 0.0, x)


def softshrink(x: Array, limit: float = 0.5) -> Array:
    return np.where(x > limit, x - limit, np.where(x < -limit, x + limit, x * 0.0))


def shrink_backward(grad: Array, x: Array, limit: float) -> Array:
    return np.where(np.logical_and(x >= -limit, x <= limit), 0.0, grad)


def log_sigmoid_forward(x: Array) -> tuple[Array, Array]:
    """log sigmoid(x) = min(x, 0) - log1p(exp(-|x|)), and the buffer exp(-|x|)."""
    buffer = np.exp(-np.abs(x))
    return np.minimum(x, 0) - np.log1p(buffer), buffer


def log_sigmoid_backward(grad: Array, x: Array, buffer: Array) -> Array:
    """The buffer may come empty; exp(-|x|) is computed anew."""
    z = np.exp(-np.abs(x))
    negative = x < 0
    return grad * (np.where(negative, 1.0, 0.0) - np.where(negative, 1.0, -1.0) * (z / (1 + z)))


TABLE: dict[str, Callable[..., Any]] = {
    "relu": relu,
    "threshold": threshold,
    "threshold_backward": threshold_backward,
    "tanh_backward": tanh_backward,
    "sigmoid_backward": sigmoid_backward,
    "gelu": gelu,
    "gelu_backward": gelu_backward,
    "silu": silu,
    "softplus": softplus,
    "softplus_backward": softplus_backward,
    "leaky_relu": leaky_relu,
    "leaky_relu_backward": leaky_relu_backward,
    "elu": elu,
    "elu_backward": elu_backward,
    "hardtanh": hardtanh,
    "hardtanh_backward": hardtanh_backward,
    "hardsigmoid_backward": hardsigmoid_backward,
    "hardshrink": hardshrink,
    "hardshrink_backward": shrink_backward,
    "softshrink": softshrink,
    "softshrink_backward": shrink_backward,
    "log_sigmoid_forward": log_sigmoid_forward,
    "log_sigmoid_backward": log_sigmoid_backward,
}

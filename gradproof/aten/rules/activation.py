"""Activation functions and their backward formulas, after ATen's Activation.cpp and BinaryOpsKernel.cpp.

The others torch takes apart itself, operation by operation as its kernels compute them. Those here take a number that
may be drawn, have no such parts or coarser ones, or are read as formulas by whoever derives one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Array = Any

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


TABLE: dict[str, Callable[..., Any]] = {
    "relu": relu,
    "threshold": threshold,
    "threshold_backward": threshold_backward,
    "tanh_backward": tanh_backward,
    "sigmoid_backward": sigmoid_backward,
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
}

"""softmax and log_softmax with the greatest entry subtracted, as ATen computes them, and their backward formulas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Array = Any


def _axis(x: Array, dim: int) -> tuple[int, ...]:
    return (dim % x.ndim,) if x.ndim else ()


def softmax(x: Array, dim: int, half_to_float: bool = False) -> Array:
    axis = _axis(x, dim)
    exponentials = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return exponentials / np.sum(exponentials, axis=axis, keepdims=True)


def safe_softmax(x: Array, dim: int, dtype: Any = None) -> Array:
    """Zero in a row that is masked (minus infinity) throughout."""
    masked = np.all(np.equal(x, -np.inf), axis=_axis(x, dim), keepdims=True)
    return np.where(masked, 0.0, softmax(x, dim))


def log_softmax(x: Array, dim: int, half_to_float: bool = False) -> Array:
    axis = _axis(x, dim)
    shifted = x - np.max(x, axis=axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


def softmax_backward(grad: Array, y: Array, dim: int, dtype: Any = None) -> Array:
    return (grad - np.sum(grad * y, axis=_axis(y, dim), keepdims=True)) * y


def log_softmax_backward(grad: Array, y: Array, dim: int, dtype: Any = None) -> Array:
    return grad - np.exp(y) * np.sum(grad, axis=_axis(y, dim), keepdims=True)


TABLE: dict[str, Callable[..., Any]] = {
    "_softmax": softmax,
    "_safe_softmax": safe_softmax,
    "_log_softmax": log_softmax,
    "_softmax_backward_data": softmax_backward,
    "_log_softmax_backward_data": log_softmax_backward,
}

"""Batch, layer and group normalisation, softmax and log_softmax, and their backward formulas, as ATen's CPU kernels.

Sources: aten/src/ATen/native/{Normalization.cpp, cpu/layer_norm_kernel.cpp, cpu/group_norm_kernel.cpp}. Those kernels
fold mean and scale into one product and one sum, which rounds otherwise than (x - mean) / std does. Of what goes into
a softmax the greatest entry is subtracted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Array = Any


def _moments(x: Array, axes: tuple[int, ...], eps: float) -> tuple[Array, Array]:
    """The mean and 1 / sqrt(variance + eps) along axes, which are kept."""
    size = math.prod(x.shape[axis] for axis in axes)
    mean = np.sum(x, axis=axes, keepdims=True) / size
    deviation = x - mean
    variance = np.sum(deviation * deviation, axis=axes, keepdims=True) / size
    return mean, 1 / np.sqrt(variance + eps)


def layer_norm(x: Array, shape: Sequence[int], weight: Array, bias: Array, eps: float) -> tuple[Array, Array, Array]:
    """y, and mean and 1/std of each row; `shape` is that of the trailing axes which make a row."""
    mean, rstd = _moments(x, tuple(range(x.ndim - len(shape), x.ndim)), eps)
    y = x * rstd + -mean * rstd
    y = y if weight is None else y * weight
    return (y if bias is None else y + bias), mean, rstd


def layer_norm_backward(
    grad: Array,
    x: Array,
    shape: Sequence[int],
    mean: Array,
    rstd: Array,
    weight: Array,
    bias: Array,
    mask: Sequence[bool],
) -> tuple[Array, Array, Array]:
    """The gradients of x, weight and bias."""
    inner, outer = tuple(range(x.ndim - len(shape), x.ndim)), tuple(range(x.ndim - len(shape)))
    scaled = grad if weight is None else grad * weight
    ds = np.sum(scaled * x, axis=inner, keepdims=True)
    db = np.sum(scaled, axis=inner, keepdims=True)
    slope = (db * mean - ds) * rstd * rstd * rstd / math.prod(shape)
    shift = -slope * mean - db * rstd / math.prod(shape)
    grad_weight = np.sum(grad * (x * rstd + -mean * rstd), axis=outer)
    return rstd * scaled + slope * x + shift, grad_weight, np.sum(grad, axis=outer)


def _channels(x: Array) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The axes of x except that of channels, and the shape in which one value a channel meets x."""
    return tuple(k for k in range(x.ndim) if k != 1), (1, -1, *(1 for _ in range(x.ndim - 2)))


def _per_channel(value: Array, shape: tuple[int, ...], default: float) -> Array:
    return default if value is None else np.reshape(value, shape)


def batch_norm(
    x: Array,
    weight: Array,
    bias: Array,
    running_mean: Array,
    running_var: Array,
    training: bool,
    momentum: float,
    eps: float,
) -> tuple[Array, Array, Array]:
    """y (batch, channels, ...), and mean and 1/std of each channel; the running ones serve outside of training."""
    axes, shape = _channels(x)
    if training:
        mean, rstd = _moments(x, axes, eps)
    else:
        mean, rstd = np.reshape(running_mean, shape), 1 / np.sqrt(np.reshape(running_var, shape) + eps)
    slope = rstd if weight is None else rstd * np.reshape(weight, shape)
    y = x * slope + (_per_channel(bias, shape, 0.0) - mean * slope)
    if not training:
        return y, np.zeros(0), np.zeros(0)
    return y, np.reshape(mean, (-1,)), np.reshape(rstd, (-1,))


def batch_norm_backward(
    grad: Array,
    x: Array,
    weight: Array,
    running_mean: Array,
    running_var: Array,
    save_mean: Array,
    save_rstd: Array,
    training: bool,
    eps: float,
    mask: Sequence[bool],
) -> tuple[Array, Array, Array]:
    """The gradients of x, weight and bias."""
    axes, shape = _channels(x)
    if training:
        mean, rstd = np.reshape(save_mean, shape), np.reshape(save_rstd, shape)
    else:
        mean, rstd = np.reshape(running_mean, shape), 1 / np.sqrt(np.reshape(running_var, shape) + eps)
    size = math.prod(x.shape[axis] for axis in axes)
    total = np.sum(grad, axis=axes, keepdims=True)
    dot = np.sum(grad * (x - mean), axis=axes, keepdims=True)
    slope = rstd if weight is None else rstd * np.reshape(weight, shape)
    inner = grad - (x - mean) * (dot * rstd * rstd / size) - total / size if training else grad
    return inner * slope, np.reshape(dot * rstd, (-1,)), np.reshape(total, (-1,))


def group_norm(
    x: Array, weight: Array, bias: Array, batch: int, channels: int, inner: int, groups: int, eps: float
) -> tuple[Array, Array, Array]:
    """x (batch, channels, ...) with `inner` elements a channel; mean and 1/std are (batch, groups)."""
    mean, rstd = _moments(np.reshape(x, (batch, groups, -1, inner)), (2, 3), eps)
    shape = (1, groups, -1, 1)
    slope = rstd if weight is None else rstd * np.reshape(weight, shape)
    shift = _per_channel(bias, shape, 0.0) - slope * mean
    y = slope * np.reshape(x, (batch, groups, -1, inner)) + shift
    return np.reshape(y, x.shape), np.reshape(mean, (batch, groups)), np.reshape(rstd, (batch, groups))


def group_norm_backward(
    grad: Array,
    x: Array,
    mean: Array,
    rstd: Array,
    weight: Array,
    batch: int,
    channels: int,
    inner: int,
    groups: int,
    mask: Sequence[bool],
) -> tuple[Array, Array, Array]:
    """The gradients of x, weight and bias."""
    shape = (batch, groups, -1, inner)
    g, u = np.reshape(grad, shape), np.reshape(x, shape)
    mean, rstd = np.reshape(mean, (batch, groups, 1, 1)), np.reshape(rstd, (batch, groups, 1, 1))
    gamma = _per_channel(weight, (1, groups, -1, 1), 1.0)
    ds, db = np.sum(g * u, axis=3, keepdims=True), np.sum(g, axis=3, keepdims=True)
    size = channels // groups * inner
    ds_group, db_group = np.sum(ds * gamma, axis=2, keepdims=True), np.sum(db * gamma, axis=2, keepdims=True)
    slope = (db_group * mean - ds_group) * rstd * rstd * rstd / size
    shift = -slope * mean - db_group * rstd / size
    grad_x = rstd * gamma * g + slope * u + shift
    grad_weight = np.reshape(np.sum((ds - db * mean) * rstd, axis=0), (channels,))
    return np.reshape(grad_x, x.shape), grad_weight, np.reshape(np.sum(db, axis=0), (channels,))


def _axis(x: Array, dim: int) -> tuple[int, ...]:
    return (dim % x.ndim,) if x.ndim else ()


def softmax(x: Array, dim: int, half_to_float: bool = False) -> Array:
    axis = _axis(x, dim)
    exponentials = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return exponentials / np.sum(exponentials, axis=axis, keepdims=True)


def log_softmax(x: Array, dim: int, half_to_float: bool = False) -> Array:
    axis = _axis(x, dim)
    shifted = x - np.max(x, axis=axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


def softmax_backward(grad: Array, y: Array, dim: int, dtype: Any = None) -> Array:
    return (grad - np.sum(grad * y, axis=_axis(y, dim), keepdims=True)) * y


def log_softmax_backward(grad: Array, y: Array, dim: int, dtype: Any = None) -> Array:
    return grad - np.exp(y) * np.sum(grad, axis=_axis(y, dim), keepdims=True)


TABLE: dict[str, Callable[..., Any]] = {
    "native_layer_norm": layer_norm,
    "native_layer_norm_backward": layer_norm_backward,
    "native_batch_norm": batch_norm,
    "native_batch_norm_backward": batch_norm_backward,
    "native_group_norm": group_norm,
    "native_group_norm_backward": group_norm_backward,
    "_softmax": softmax,
    "_log_softmax": log_softmax,
    "_softmax_backward_data": softmax_backward,
    "_log_softmax_backward_data": log_softmax_backward,
}

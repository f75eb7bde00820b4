"""Losses and their backward formulas, after ATen's Loss.cpp and LossNLL.cpp. `reduction`: 0 none, 1 mean, 2 sum."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradproof.aten.rules.activation import log_sigmoid_forward
from gradproof.aten.rules.placing import gather, pick

Array = Any
NONE, MEAN = 0, 1


def reduced(each: Array, reduction: int) -> Array:
    """The loss of all elements from the losses of each."""
    if reduction == NONE:
        return each
    total = np.sum(each, axis=tuple(range(each.ndim)))
    return total / math.prod(each.shape) if reduction == MEAN else total


def _spread(grad: Array, x: Array, reduction: int) -> Array:
    """The gradient that each element's loss gets."""
    return grad / math.prod(x.shape) if reduction == MEAN else grad


def mse_loss(x: Array, y: Array, reduction: int = MEAN) -> Array:
    return reduced((x - y) * (x - y), reduction)


def mse_loss_backward(grad: Array, x: Array, y: Array, reduction: int) -> Array:
    scale = 2 / math.prod(x.shape) if reduction == MEAN else 2
    return scale * (x - y) * grad


def smooth_l1_loss(x: Array, y: Array, reduction: int = MEAN, beta: float = 1) -> Array:
    z = np.abs(x - y)
    return reduced(z if beta == 0 else np.where(z < beta, 0.5 * z * z / beta, z - 0.5 * beta), reduction)


def smooth_l1_loss_backward(grad: Array, x: Array, y: Array, reduction: int, beta: float) -> Array:
    d, g = x - y, _spread(grad, x, reduction)
    inner = d * g / beta if beta else np.zeros(d.shape)
    return np.where(d <= -beta, -g, np.where(d >= beta, g, inner))


def huber_loss(x: Array, y: Array, reduction: int = MEAN, delta: float = 1) -> Array:
    z = np.abs(x - y)
    return reduced(np.where(z <= delta, 0.5 * z * z, delta * (z - 0.5 * delta)), reduction)


def huber_loss_backward(grad: Array, x: Array, y: Array, reduction: int, delta: float) -> Array:
    d, g = x - y, _spread(grad, x, reduction)
    return np.where(d <= -delta, -g * delta, np.where(d >= delta, g * delta, d * g))


def bce(x: Array, y: Array, weight: Array = None, reduction: int = MEAN) -> Array:
    """Binary cross-entropy; both logarithms are cut off at -100."""
    each = (y - 1) * np.maximum(np.log1p(-x), -100) - y * np.maximum(np.log(x), -100)
    return reduced(each if weight is None else each * weight, reduction)


def bce_backward(grad: Array, x: Array, y: Array, weight: Array = None, reduction: int = MEAN) -> Array:
    each = grad * (x - y) / np.maximum((1 - x) * x, 1e-12)
    each = each if weight is None else each * weight
    return each / math.prod(x.shape) if reduction == MEAN else each


def bce_with_logits(x: Array, y: Array, weight: Array = None, pos_weight: Array = None, reduction: int = MEAN) -> Array:
    """Binary cross-entropy of sigmoid(x), by log sigmoid(x)."""
    log_sigmoid = log_sigmoid_forward(x)[0]
    if pos_weight is not None:
        log_sigmoid = ((pos_weight - 1) * y + 1) * log_sigmoid
    each = (1 - y) * x - log_sigmoid
    return reduced(each if weight is None else each * weight, reduction)


def _classes(target: Array, weight: Array, ignore_index: int) -> tuple[Array, Array, Array]:
    """Which targets count, targets that are safe as an index, and the weight of each."""
    counts = np.not_equal(target, ignore_index)
    safe = np.where(counts, target, 0)
    return counts, safe, np.where(counts, 1.0 if weight is None else pick(weight, 0, safe), 0.0)


def nll_loss(x: Array, target: Array, weight: Array, reduction: int, ignore_index: int) -> tuple[Array, Array]:
    """Negative log-likelihood and the total weight; classes are the last axis of x, or its second of more than two."""
    x = _classes_last(x)
    counts, safe, weights = _classes(target, weight, ignore_index)
    picked = gather(x, -1, np.expand_dims(safe, -1))[..., 0]
    each = np.where(counts, -picked if weight is None else -picked * weights, 0.0)
    total_weight = np.sum(weights, axis=tuple(range(weights.ndim)))
    if reduction == NONE and each.ndim:
        return each, np.zeros(())
    loss = np.sum(each, axis=tuple(range(each.ndim)))
    return (loss / total_weight if reduction == MEAN else loss), total_weight


def nll_loss_backward(
    grad: Array, x: Array, target: Array, weight: Array, reduction: int, ignore_index: int, total_weight: Array
) -> Array:
    """The gradient of x: minus the weight at each target's class, zero elsewhere."""
    shape = _classes_last(x).shape
    weights = _classes(target, weight, ignore_index)[2]
    slope = grad / total_weight if reduction == MEAN else grad
    each = np.expand_dims(-weights * slope, -1)
    mine = np.equal(np.expand_dims(target, -1), np.arange(shape[-1]))
    result = np.where(mine, each, 0.0)
    return result if x.ndim < 3 else np.moveaxis(result, -1, 1)


def _classes_last(x: Array) -> Array:
    return x if x.ndim < 3 else np.moveaxis(x, 1, -1)


TABLE: dict[str, Callable[..., Any]] = {
    "mse_loss": mse_loss,
    "mse_loss_backward": mse_loss_backward,
    "smooth_l1_loss": smooth_l1_loss,
    "smooth_l1_loss_backward": smooth_l1_loss_backward,
    "huber_loss": huber_loss,
    "huber_loss_backward": huber_loss_backward,
    "binary_cross_entropy": bce,
    "binary_cross_entropy_backward": bce_backward,
    "binary_cross_entropy_with_logits": bce_with_logits,
    "nll_loss_forward": nll_loss,
    "nll_loss_backward": nll_loss_backward,
    "nll_loss2d_forward": nll_loss,
    "nll_loss2d_backward": nll_loss_backward,
}

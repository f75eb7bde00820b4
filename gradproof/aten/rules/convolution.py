"""Convolutions and transposed convolutions in any number of dimensions.

A convolution is a matrix product of the weight with the cells of the windows; its adjoint adds the cells up again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradproof.aten.rules.linear import transposed as swapped
from gradproof.aten.rules.placing import add_up
from gradproof.aten.rules.windows import Sizes, Table, cells, each, flat, places, sliding

Array = Any


def contract(x: Array, weight: Array, table: Table, groups: int) -> Array:
    """x (batch, in, positions), weight (out, in / groups, cells) -> (batch, out, places)."""
    batch, out = x.shape[0], weight.shape[0]
    parts = np.reshape(cells(x, table), (batch, groups, -1, table.shape[1]))
    product = np.matmul(np.reshape(weight, (1, groups, out // groups, -1)), parts)
    return np.reshape(product, (batch, out, -1))


def spread(x: Array, weight: Array, table: Table, groups: int, size: int) -> Array:
    """The adjoint of `contract`: x (batch, out, places) -> (batch, in, size)."""
    batch, out = x.shape[:2]
    parts = np.reshape(x, (batch, groups, out // groups, -1))
    product = np.matmul(swapped(np.reshape(weight, (1, groups, out // groups, -1))), parts)
    return add_up(np.reshape(product, (batch, weight.shape[1] * groups, -1)), table, size)


def correlate(x: Array, y: Array, table: Table, groups: int, shape: Sizes) -> Array:
    """The gradient of the weight: x (batch, out, places) with the cells of y (batch, in, positions)."""
    batch, out = x.shape[:2]
    left = np.reshape(x, (batch, groups, out // groups, -1))
    right = np.reshape(cells(y, table), (batch, groups, -1, table.shape[1]))
    return np.reshape(np.sum(np.matmul(left, swapped(right)), axis=0), tuple(shape))


def _convolution_table(
    size: Sizes, weight: Array, stride: Sizes, padding: Sizes, dilation: Sizes, count: Sizes | None = None
) -> tuple[Table, list[int]]:
    dims = len(size)
    kernel = list(weight.shape[2:])
    s, p, d = each(stride, dims), each(padding, dims), each(dilation, dims)
    found = places(size, kernel, s, p, d) if count is None else list(count)
    return sliding(size, kernel, s, p, d, found), found


def _transposed_size(
    size: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, extra: Sizes
) -> list[int]:
    dims = len(size)
    settings = (each(part, dims) for part in (stride, padding, dilation, extra))
    return [(n - 1) * s - 2 * p + d * (k - 1) + e + 1 for n, k, s, p, d, e in zip(size, kernel, *settings, strict=True)]


def convolution(
    x: Array,
    weight: Array,
    bias: Array,
    stride: Sizes,
    padding: Sizes,
    dilation: Sizes,
    transposed: bool,
    output_padding: Sizes,
    groups: int,
) -> Array:
    """x (batch, in, ...), in any number of spatial dimensions."""
    size, dims = x.shape[2:], x.ndim - 2
    if transposed:
        out = _transposed_size(size, weight.shape[2:], stride, padding, dilation, output_padding)
        table, _ = _convolution_table(out, weight, stride, padding, dilation, size)
        y = spread(flat(x, dims), weight, table, groups, math.prod(out))
    else:
        table, out = _convolution_table(size, weight, stride, padding, dilation)
        y = contract(flat(x, dims), weight, table, groups)
    y = y if bias is None else y + np.reshape(bias, (1, -1, 1))
    return np.reshape(y, (y.shape[0], y.shape[1], *out))


def convolution_backward(
    grad: Array,
    x: Array,
    weight: Array,
    bias_sizes: Sizes | None,
    stride: Sizes,
    padding: Sizes,
    dilation: Sizes,
    transposed: bool,
    output_padding: Sizes,
    groups: int,
    mask: Sequence[bool],
) -> tuple[Array, Array, Array]:
    """The gradients of x, of the weight and of the bias."""
    dims = x.ndim - 2
    large, small = (grad, x) if transposed else (x, grad)
    table, _ = _convolution_table(large.shape[2:], weight, stride, padding, dilation, small.shape[2:])
    flat_grad, flat_x = flat(grad, dims), flat(x, dims)
    if transposed:
        grad_x = contract(flat_grad, weight, table, groups)
        grad_weight = correlate(flat_x, flat_grad, table, groups, weight.shape)
    else:
        grad_x = spread(flat_grad, weight, table, groups, math.prod(x.shape[2:]))
        grad_weight = correlate(flat_grad, flat_x, table, groups, weight.shape)
    return np.reshape(grad_x, x.shape), grad_weight, np.sum(flat_grad, axis=(0, 2))


TABLE: dict[str, Callable[..., Any]] = {
    "convolution": convolution,
    "convolution_backward": convolution_backward,
}

"""Convolutions and pooling: windows that slide over the last dimensions.

Where a window's cells lie is a constant table (cells, places) of flat positions, -1 outside the input. A convolution
is a matrix product of the weight with the cells so gathered; its adjoint adds the cells up again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradproof.aten.rules_indexing import add_up
from gradproof.aten.rules_linear import transposed as swapped
from gradproof.aten.rules_shape import zeros

Array = Any
Table = np.ndarray[Any, np.dtype[np.intp]]
Sizes = Sequence[int]


def _each(values: Sizes, count: int) -> list[int]:
    """One number for each spatial dimension."""
    return list(values) * count if len(values) == 1 else list(values)


def sliding(size: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, places: Sizes) -> Table:
    """The table of windows: flat positions in an array of shape `size`, for each cell and each place."""
    table = np.zeros((1, 1), dtype=np.intp)
    outside = np.zeros((1, 1), dtype=bool)
    for n, k, s, p, d, o in zip(size, kernel, stride, padding, dilation, places, strict=True):
        at = d * np.arange(k)[:, None] + s * np.arange(o)[None, :] - p
        table = _crossed(table * n, at, np.add)
        outside = _crossed(outside, (at < 0) | (at >= n), np.logical_or)
    return np.where(outside, -1, table)


def _crossed(a: Any, b: Any, ufunc: np.ufunc) -> Any:
    """All pairs of rows and all pairs of columns."""
    pairs = ufunc(a[:, None, :, None], b[None, :, None, :])
    return pairs.reshape(a.shape[0] * b.shape[0], a.shape[1] * b.shape[1])


def places(size: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, ceil: bool = False) -> list[int]:
    """How many windows there are in each dimension; with `ceil` the last may reach beyond the padded input."""
    counts = []
    for n, k, s, p, d in zip(size, kernel, stride, padding, dilation, strict=True):
        room = n + 2 * p - d * (k - 1) - 1
        count = (room + (s - 1 if ceil else 0)) // s + 1
        counts.append(count - 1 if ceil and (count - 1) * s >= n + p else count)
    return counts


def cells(x: Array, table: Table) -> Array:
    """(..., positions) -> (..., cells, places), zero outside."""
    padded = np.concatenate([x, zeros((*x.shape[:-1], 1), x)], axis=-1)
    index = np.where(table < 0, x.shape[-1], table)
    return np.reshape(padded[..., index.reshape(-1)], (*x.shape[:-1], *table.shape))


def _flat(x: Array, dims: int) -> Array:
    """The last `dims` dimensions as one."""
    return np.reshape(x, (*x.shape[: x.ndim - dims], -1))


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
    s, p, d = _each(stride, dims), _each(padding, dims), _each(dilation, dims)
    found = places(size, kernel, s, p, d) if count is None else list(count)
    return sliding(size, kernel, s, p, d, found), found


def _transposed_size(
    size: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, extra: Sizes
) -> list[int]:
    dims = len(size)
    settings = (_each(part, dims) for part in (stride, padding, dilation, extra))
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
        y = spread(_flat(x, dims), weight, table, groups, math.prod(out))
    else:
        table, out = _convolution_table(size, weight, stride, padding, dilation)
        y = contract(_flat(x, dims), weight, table, groups)
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
    dims = x.ndim - 2
    large, small = (grad, x) if transposed else (x, grad)
    table, _ = _convolution_table(large.shape[2:], weight, stride, padding, dilation, small.shape[2:])
    flat_grad, flat_x = _flat(grad, dims), _flat(x, dims)
    if transposed:
        grad_x = contract(flat_grad, weight, table, groups)
        grad_weight = correlate(flat_x, flat_grad, table, groups, weight.shape)
    else:
        grad_x = spread(flat_grad, weight, table, groups, math.prod(x.shape[2:]))
        grad_weight = correlate(flat_grad, flat_x, table, groups, weight.shape)
    return np.reshape(grad_x, x.shape), grad_weight, np.sum(flat_grad, axis=(0, 2))


def _pool_table(
    x: Array, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, ceil: bool
) -> tuple[Table, list[int]]:
    dims = len(kernel)
    size = x.shape[x.ndim - dims :]
    s, p, d = _each(stride or kernel, dims), _each(padding, dims), _each(dilation, dims)
    found = places(size, kernel, s, p, d, ceil)
    return sliding(size, kernel, s, p, d, found), found


def max_pool(
    x: Array, kernel: Sizes, stride: Sizes = (), padding: Sizes = (0,), dilation: Sizes = (1,), ceil_mode: bool = False
) -> tuple[Array, Array]:
    """The greatest cell of each window, the first of equal ones, and its flat position in the spatial dimensions."""
    table, found = _pool_table(x, kernel, stride, padding, dilation, ceil_mode)
    return _greatest(x, table, found)


def _greatest(x: Array, table: Table, found: Sizes) -> tuple[Array, Array]:
    flat = _flat(x, len(found))
    first = table[(table >= 0).argmax(axis=0), np.arange(table.shape[1])]
    best, where = flat[..., first], np.broadcast_to(first, (*flat.shape[:-1], first.size))
    for cell in table:
        inside = cell >= 0
        candidate = flat[..., np.where(inside, cell, 0)]
        wins = candidate > best if inside.all() else np.logical_and(inside, candidate > best)
        best, where = np.where(wins, candidate, best), np.where(wins, cell, where)
    shape = (*x.shape[: x.ndim - len(found)], *found)
    return np.reshape(best, shape), np.reshape(where, shape)


def max_pool_backward(
    grad: Array,
    x: Array,
    kernel: Sizes,
    stride: Sizes,
    padding: Sizes,
    dilation: Sizes,
    ceil_mode: bool,
    indices: Array,
) -> Array:
    table, _ = _pool_table(x, kernel, stride, padding, dilation, ceil_mode)
    return _to_greatest(grad, x, table, indices, len(kernel))


def _to_greatest(grad: Array, x: Array, table: Table, indices: Array, dims: int) -> Array:
    """Each place's gradient given to the cell that won."""
    winners = np.expand_dims(_flat(indices, dims), -2)
    parts = np.where(winners == table, np.expand_dims(_flat(grad, dims), -2), 0.0)
    return np.reshape(add_up(_flat(parts, 2), table, math.prod(x.shape[x.ndim - dims :])), x.shape)


def _divisors(
    size: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, found: Sizes, count_include_pad: bool
) -> np.ndarray[Any, Any]:
    """By how much each window's sum is divided."""
    total: np.ndarray[Any, Any] = np.ones((1, 1))
    for n, k, s, p, o in zip(size, kernel, stride, padding, found, strict=True):
        start = s * np.arange(o) - p
        stop = np.minimum(start + k, n + p)
        if not count_include_pad:
            start, stop = np.maximum(start, 0), np.minimum(stop, n)
        total = _crossed(total, (stop - start)[None, :], np.multiply)
    return total.reshape(-1)


def avg_pool(
    x: Array,
    kernel: Sizes,
    stride: Sizes = (),
    padding: Sizes = (0,),
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    dims = len(kernel)
    table, found = _pool_table(x, kernel, stride, padding, (1,), ceil_mode)
    divisor = _average_divisor(x, kernel, stride, padding, found, count_include_pad, divisor_override)
    means = np.sum(cells(_flat(x, dims), table), axis=-2) / divisor
    return np.reshape(means, (*x.shape[: x.ndim - dims], *found))


def avg_pool_backward(
    grad: Array,
    x: Array,
    kernel: Sizes,
    stride: Sizes,
    padding: Sizes,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Array:
    dims = len(kernel)
    table, found = _pool_table(x, kernel, stride, padding, (1,), ceil_mode)
    divisor = _average_divisor(x, kernel, stride, padding, found, count_include_pad, divisor_override)
    return _averages_spread(_flat(grad, dims) / divisor, table, x, dims)


def _average_divisor(
    x: Array, kernel: Sizes, stride: Sizes, padding: Sizes, found: Sizes, include: bool, override: int | None
) -> Any:
    dims = len(kernel)
    if override is not None:
        return override
    return _divisors(
        x.shape[x.ndim - dims :], kernel, _each(stride or kernel, dims), _each(padding, dims), found, include
    )


def _averages_spread(grad: Array, table: Table, x: Array, dims: int) -> Array:
    """Each place's gradient given to all its cells."""
    parts = np.broadcast_to(np.expand_dims(grad, -2), (*grad.shape[:-1], *table.shape))
    return np.reshape(add_up(_flat(parts, 2), table, math.prod(x.shape[x.ndim - dims :])), x.shape)


def _adaptive_table(size: Sizes, out: Sizes) -> Table:
    """Windows from floor(o n / m) to ceil((o + 1) n / m), short ones filled with -1."""
    table, outside = np.zeros((1, 1), dtype=np.intp), np.zeros((1, 1), dtype=bool)
    for n, m in zip(size, out, strict=True):
        start, stop = np.arange(m) * n // m, -(-(np.arange(m) + 1) * n // m)
        at = start[None, :] + np.arange((stop - start).max())[:, None]
        table = _crossed(table * n, np.minimum(at, n - 1), np.add)
        outside = _crossed(outside, at >= stop[None, :], np.logical_or)
    return np.where(outside, -1, table)


def _divided(x: Array, size: Sizes, out: Sizes) -> Array:
    """x (..., places) by the number of cells, one dimension after the other, as ATen's kernel divides."""
    for axis, (n, m) in enumerate(zip(size, out, strict=True)):
        lengths = (_adaptive_table([n], [m]) >= 0).sum(axis=0)
        shape = [m if k == axis else 1 for k in range(len(out))]
        x = x / np.broadcast_to(lengths.reshape(shape), tuple(out)).reshape(-1)
    return x


def adaptive_avg_pool(x: Array, out: Sizes) -> Array:
    dims = len(out)
    size = x.shape[x.ndim - dims :]
    sums = np.sum(cells(_flat(x, dims), _adaptive_table(size, out)), axis=-2)
    return np.reshape(_divided(sums, size, out), (*x.shape[: x.ndim - dims], *out))


def adaptive_avg_pool2d_backward(grad: Array, x: Array) -> Array:
    return _adaptive_backward(grad, x, 2)


def adaptive_avg_pool3d_backward(grad: Array, x: Array) -> Array:
    return _adaptive_backward(grad, x, 3)


def _adaptive_backward(grad: Array, x: Array, dims: int) -> Array:
    size, out = x.shape[x.ndim - dims :], grad.shape[grad.ndim - dims :]
    return _averages_spread(_divided(_flat(grad, dims), size, out), _adaptive_table(size, out), x, dims)


def adaptive_max_pool(x: Array, out: Sizes) -> tuple[Array, Array]:
    return _greatest(x, _adaptive_table(x.shape[x.ndim - len(out) :], out), out)


def adaptive_max_pool2d_backward(grad: Array, x: Array, indices: Array) -> Array:
    return _to_greatest(grad, x, _adaptive_table(x.shape[-2:], grad.shape[-2:]), indices, 2)


def adaptive_max_pool3d_backward(grad: Array, x: Array, indices: Array) -> Array:
    return _to_greatest(grad, x, _adaptive_table(x.shape[-3:], grad.shape[-3:]), indices, 3)


TABLE: dict[str, Callable[..., Any]] = {
    "convolution": convolution,
    "convolution_backward": convolution_backward,
    "max_pool2d_with_indices": max_pool,
    "max_pool2d_with_indices_backward": max_pool_backward,
    "max_pool3d_with_indices": max_pool,
    "max_pool3d_with_indices_backward": max_pool_backward,
    "avg_pool2d": avg_pool,
    "avg_pool2d_backward": avg_pool_backward,
    "avg_pool3d": avg_pool,
    "avg_pool3d_backward": avg_pool_backward,
    "_adaptive_avg_pool2d": adaptive_avg_pool,
    "_adaptive_avg_pool2d_backward": adaptive_avg_pool2d_backward,
    "_adaptive_avg_pool3d": adaptive_avg_pool,
    "_adaptive_avg_pool3d_backward": adaptive_avg_pool3d_backward,
    "adaptive_max_pool2d": adaptive_max_pool,
    "adaptive_max_pool2d_backward": adaptive_max_pool2d_backward,
    "adaptive_max_pool3d": adaptive_max_pool,
    "adaptive_max_pool3d_backward": adaptive_max_pool3d_backward,
}

"""Greatest and mean of the cells of windows, and their backward formulas, after ATen's CPU kernels."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradproof.aten.rules.placing import add_up
from gradproof.aten.rules.windows import Sizes, Table, cells, crossed, each, flat, places, sliding

Array = Any


def _pool_table(
    x: Array, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, ceil: bool
) -> tuple[Table, list[int]]:
    dims = len(kernel)
    size = x.shape[x.ndim - dims :]
    s, p, d = each(stride or kernel, dims), each(padding, dims), each(dilation, dims)
    found = places(size, kernel, s, p, d, ceil)
    return sliding(size, kernel, s, p, d, found), found


def max_pool(
    x: Array, kernel: Sizes, stride: Sizes = (), padding: Sizes = (0,), dilation: Sizes = (1,), ceil_mode: bool = False
) -> tuple[Array, Array]:
    """The greatest cell of each window, the first of equal ones, and its flat position in the spatial dimensions."""
    table, found = _pool_table(x, kernel, stride, padding, dilation, ceil_mode)
    return _greatest(x, table, found)


def _greatest(x: Array, table: Table, found: Sizes) -> tuple[Array, Array]:
    values = flat(x, len(found))
    first = table[(table >= 0).argmax(axis=0), np.arange(table.shape[1])]
    best, where = values[..., first], np.broadcast_to(first, (*values.shape[:-1], first.size))
    for cell in table:
        inside = cell >= 0
        candidate = values[..., np.where(inside, cell, 0)]
        wins, larger = candidate > best, np.maximum(best, candidate)
        if not inside.all():
            wins, larger = np.logical_and(inside, wins), np.where(inside, larger, best)
        best, where = larger, np.where(wins, cell, where)
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
    """Each window's gradient given to its greatest cell."""
    table, _ = _pool_table(x, kernel, stride, padding, dilation, ceil_mode)
    return _to_greatest(grad, x, table, indices, len(kernel))


def _to_greatest(grad: Array, x: Array, table: Table, indices: Array, dims: int) -> Array:
    """Each place's gradient given to the cell that won."""
    winners = np.expand_dims(flat(indices, dims), -2)
    parts = np.where(winners == table, np.expand_dims(flat(grad, dims), -2), 0.0)
    return np.reshape(add_up(flat(parts, 2), table, math.prod(x.shape[x.ndim - dims :])), x.shape)


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
        total = crossed(total, (stop - start)[None, :], np.multiply)
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
    """The mean of each window."""
    dims = len(kernel)
    table, found = _pool_table(x, kernel, stride, padding, (1,), ceil_mode)
    divisor = _average_divisor(x, kernel, stride, padding, found, count_include_pad, divisor_override)
    means = np.sum(cells(flat(x, dims), table), axis=-2) / divisor
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
    """Each window's gradient given to all its cells in equal parts."""
    dims = len(kernel)
    table, found = _pool_table(x, kernel, stride, padding, (1,), ceil_mode)
    divisor = _average_divisor(x, kernel, stride, padding, found, count_include_pad, divisor_override)
    return _averages_spread(flat(grad, dims) / divisor, table, x, dims)


def _average_divisor(
    x: Array, kernel: Sizes, stride: Sizes, padding: Sizes, found: Sizes, include: bool, override: int | None
) -> Any:
    dims = len(kernel)
    if override is not None:
        return override
    return _divisors(
        x.shape[x.ndim - dims :], kernel, each(stride or kernel, dims), each(padding, dims), found, include
    )


def _averages_spread(grad: Array, table: Table, x: Array, dims: int) -> Array:
    """Each place's gradient given to all its cells."""
    parts = np.broadcast_to(np.expand_dims(grad, -2), (*grad.shape[:-1], *table.shape))
    return np.reshape(add_up(flat(parts, 2), table, math.prod(x.shape[x.ndim - dims :])), x.shape)


def _adaptive_table(size: Sizes, out: Sizes) -> Table:
    """Windows from floor(o n / m) to ceil((o + 1) n / m), short ones filled with -1."""
    table, outside = np.zeros((1, 1), dtype=np.intp), np.zeros((1, 1), dtype=bool)
    for n, m in zip(size, out, strict=True):
        start, stop = np.arange(m) * n // m, -(-(np.arange(m) + 1) * n // m)
        at = start[None, :] + np.arange((stop - start).max())[:, None]
        table = crossed(table * n, np.minimum(at, n - 1), np.add)
        outside = crossed(outside, at >= stop[None, :], np.logical_or)
    return np.where(outside, -1, table)


def _divided(x: Array, size: Sizes, out: Sizes) -> Array:
    """x (..., places) by the number of cells, one dimension after the other, as ATen's kernel divides."""
    for axis, (n, m) in enumerate(zip(size, out, strict=True)):
        lengths = (_adaptive_table([n], [m]) >= 0).sum(axis=0)
        shape = [m if k == axis else 1 for k in range(len(out))]
        x = x / np.broadcast_to(lengths.reshape(shape), tuple(out)).reshape(-1)
    return x


def adaptive_avg_pool(x: Array, out: Sizes) -> Array:
    """The mean of windows that divide the input into `out` places."""
    dims = len(out)
    size = x.shape[x.ndim - dims :]
    sums = np.sum(cells(flat(x, dims), _adaptive_table(size, out)), axis=-2)
    return np.reshape(_divided(sums, size, out), (*x.shape[: x.ndim - dims], *out))


def adaptive_avg_pool2d_backward(grad: Array, x: Array) -> Array:
    return _adaptive_backward(grad, x, 2)


def adaptive_avg_pool3d_backward(grad: Array, x: Array) -> Array:
    return _adaptive_backward(grad, x, 3)


def _adaptive_backward(grad: Array, x: Array, dims: int) -> Array:
    size, out = x.shape[x.ndim - dims :], grad.shape[grad.ndim - dims :]
    return _averages_spread(_divided(flat(grad, dims), size, out), _adaptive_table(size, out), x, dims)


def adaptive_max_pool(x: Array, out: Sizes) -> tuple[Array, Array]:
    return _greatest(x, _adaptive_table(x.shape[x.ndim - len(out) :], out), out)


def adaptive_max_pool2d_backward(grad: Array, x: Array, indices: Array) -> Array:
    return _to_greatest(grad, x, _adaptive_table(x.shape[-2:], grad.shape[-2:]), indices, 2)


def adaptive_max_pool3d_backward(grad: Array, x: Array, indices: Array) -> Array:
    return _to_greatest(grad, x, _adaptive_table(x.shape[-3:], grad.shape[-3:]), indices, 3)


TABLE: dict[str, Callable[..., Any]] = {
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

"""Windows that slide over the last dimensions of an array.

Where the cells of each window lie is a constant table (cells, places) of flat positions, -1 outside the array.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradproof.aten.rules.shape import zeros

Array = Any
Sizes = Sequence[int]
Table = np.ndarray[Any, np.dtype[np.intp]]


def each(values: Sizes, count: int) -> list[int]:
    """One number for each spatial dimension."""
    return list(values) * count if len(values) == 1 else list(values)


def sliding(size: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, places: Sizes) -> Table:
    """The table of windows: flat positions in an array of shape `size`, for each cell and each place."""
    table = np.zeros((1, 1), dtype=np.intp)
    outside = np.zeros((1, 1), dtype=bool)
    for n, k, s, p, d, o in zip(size, kernel, stride, padding, dilation, places, strict=True):
        at = d * np.arange(k)[:, None] + s * np.arange(o)[None, :] - p
        table = crossed(table * n, at, np.add)
        outside = crossed(outside, (at < 0) | (at >= n), np.logical_or)
    return np.where(outside, -1, table)


def crossed(a: Any, b: Any, ufunc: np.ufunc) -> Any:
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


def flat(x: Array, dims: int) -> Array:
    """The last `dims` dimensions as one."""
    return np.reshape(x, (*x.shape[: x.ndim - dims], -1))

"""Picking and placing elements along one dimension by integer indices.

An index that is an ndarray is the same in all trials and is used as NumPy uses it. An index of an array type differs
from trial to trial (a target, the place of a maximum): it is compared with every position and np.where chooses, which
needs no more of the array type than that, is exact, and costs as many comparisons as there are positions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradproof.aten.errors import NoRule
from gradproof.aten.rules.shape import flat_positions, replaced, take, zeros

Array = Any


def is_fixed(*indices: Any) -> bool:
    """Whether these indices are the same in all trials."""
    return all(isinstance(index, np.ndarray) for index in indices)


def from_start(index: Array, size: int) -> Array:
    """Indices counted from the start, negative ones from the end."""
    return np.where(index < 0, index + size, index)


def pick(x: Array, dim: int, index: Array) -> Array:
    """x with the axis `dim` replaced by the axes of `index`: what `np.take` gives."""
    if is_fixed(index):
        return np.take(x, index, axis=dim)
    dim %= x.ndim
    index = from_start(index, x.shape[dim])
    before, after = tuple(x.shape[:dim]), tuple(x.shape[dim + 1 :])
    wanted = np.reshape(index, (*index.shape, *(1 for _ in after)))
    rows = [np.reshape(take(x, dim, k), (*before, *(1 for _ in index.shape), *after)) for k in range(x.shape[dim])]
    result = np.broadcast_to(rows[0], (*before, *index.shape, *after))
    for k in range(1, len(rows)):
        result = np.where(wanted == k, rows[k], result)
    return result


def gather(x: Array, dim: int, index: Array, sparse_grad: bool = False) -> Array:
    """result[i][j] = x[index[i][j]][j] along dim 0, and so on; in other dimensions x may be longer."""
    if x.ndim == 0:
        return x
    dim %= x.ndim
    for axis, size in enumerate(index.shape):
        x = take(x, axis, slice(0, size)) if axis != dim else x
    if is_fixed(index):
        return np.take_along_axis(x, index, axis=dim)
    result = np.broadcast_to(take(x, dim, slice(0, 1)), index.shape)
    for k in range(1, x.shape[dim]):
        result = np.where(index == k, take(x, dim, slice(k, k + 1)), result)
    return result


def add_up(values: Array, positions: np.ndarray[Any, Any], size: int) -> Array:
    """(..., n) values added up where their constant positions (n,) say: (..., size); position -1 is left out.

    Every place sums its own values, found by a constant index, so that no array type needs `np.add.at`.
    """
    owners = np.asarray(positions).reshape(-1)
    counts = np.bincount(owners[owners >= 0], minlength=size)
    table = np.full((size, max(int(counts.max(initial=0)), 1)), owners.size)
    filled = np.zeros(size, dtype=np.intp)
    for k, owner in enumerate(owners.tolist()):
        if owner >= 0:
            table[owner, filled[owner]] = k
            filled[owner] += 1
    padded = np.concatenate([values, zeros((*values.shape[:-1], 1), values)], axis=-1)
    parts = np.reshape(padded[..., table.reshape(-1)], (*values.shape[:-1], *table.shape))
    return parts[..., 0] if table.shape[1] == 1 else np.sum(parts, axis=-1)


def _rows(x: Array, dim: int) -> list[Array]:
    return [take(x, dim, k) for k in range(x.shape[dim])]


def scatter(x: Array, dim: int, index: Array, source: Any, reduce: str | None = None) -> Array:
    """x with `source` (a tensor or a number) put where `index` says along a dimension."""
    if reduce is not None:
        raise NoRule(f"scatter with reduce={reduce!r} has no rule: use scatter_add")
    if x.ndim == 0:
        return np.broadcast_to(source, ()) if isinstance(source, int | float) else source
    dim %= x.ndim
    if is_fixed(index):
        return replaced(x, _leading(source, index.shape), _along(x.shape, dim, index))
    _same_size(x, dim, index)
    values = [source] * index.shape[dim] if isinstance(source, int | float) else _rows(source, dim)
    places = _rows(index, dim)
    rows = _rows(x, dim)
    for k, row in enumerate(rows):
        for place, value in zip(places, values[: len(places)], strict=True):
            row = np.where(place == k, value, row)
        rows[k] = row
    return np.stack(rows, axis=dim)


def scatter_add(x: Array, dim: int, index: Array, source: Array) -> Array:
    """x with the elements of `source` added where `index` says along a dimension."""
    if x.ndim == 0:
        return x + source
    dim %= x.ndim
    if is_fixed(index):
        values = np.reshape(_leading(source, index.shape), (-1,))
        return x + np.reshape(add_up(values, _along(x.shape, dim, index), math.prod(x.shape)), x.shape)
    _same_size(x, dim, index)
    source = _leading(source, index.shape)
    sums = [np.sum(np.where(index == k, source, 0.0), axis=dim) for k in range(x.shape[dim])]
    return x + np.stack(sums, axis=dim)


def _leading(source: Any, shape: Sequence[int]) -> Any:
    """The leading part of a tensor, of this shape."""
    if not hasattr(source, "shape"):
        return source
    return source[tuple(slice(0, size) for size in shape)] if tuple(source.shape) != tuple(shape) else source


def _along(shape: Sequence[int], dim: int, index: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Flat positions in an array of this shape that `index` names along a dimension."""
    everywhere = flat_positions(shape)
    reached = _leading(everywhere, (*index.shape[:dim], shape[dim], *index.shape[dim + 1 :]))
    return np.take_along_axis(reached, index, axis=dim)


def _same_size(x: Array, dim: int, index: Array) -> None:
    differing = [axis for axis in range(x.ndim) if axis != dim and x.shape[axis] != index.shape[axis]]
    if differing:
        raise NoRule(
            f"scatter into shape {tuple(x.shape)} by indices of shape {tuple(index.shape)} that differ from trial to "
            f"trial has no rule: the sizes must be equal except in dimension {dim}"
        )

"""Embedding, indexing by several indices, and their backward partners."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradproof.aten.errors import NoRule
from gradproof.aten.rules.elementwise import scaled
from gradproof.aten.rules.placing import add_up, from_start, gather, is_fixed, pick, scatter, scatter_add
from gradproof.aten.rules.shape import flat_positions, replaced, take

Array = Any


def embedding(
    weight: Array, index: Array, padding_idx: int = -1, scale_grad_by_freq: bool = False, sparse: bool = False
) -> Array:
    return pick(weight, 0, index)


def embedding_backward(grad: Array, index: Array, rows: int, padding_idx: int, scale_grad_by_freq: bool) -> Array:
    """The gradient of the weight (rows, width); the row `padding_idx` gets none."""
    if scale_grad_by_freq:
        raise NoRule("an embedding with scale_grad_by_freq=True has no rule for its gradient")
    width = grad.shape[-1]
    flat, places = np.reshape(grad, (-1, width)), np.reshape(index, (-1,))
    if is_fixed(index):
        kept = np.where(places == padding_idx, -1, places)
        return np.swapaxes(add_up(np.swapaxes(flat, 0, 1), kept, rows), 0, 1)
    mine = [np.expand_dims(places == k, 1) for k in range(rows)]
    sums = [np.sum(np.where(mask, flat, 0.0), axis=0) for mask in mine]
    return np.stack([total * 0.0 if k == padding_idx else total for k, total in enumerate(sums)], axis=0)


def _linear(x: Array, indices: Sequence[Any]) -> tuple[list[int], Array]:
    """The dimensions that are indexed, and one index into them as if they were one dimension."""
    dims = [dim for dim, index in enumerate(indices) if index is not None]
    combined: Array = None
    for dim in dims:
        index = from_start(indices[dim], x.shape[dim])
        combined = index if combined is None else combined * x.shape[dim] + index
    return dims, combined


def _indexed_first(x: Array, dims: Sequence[int]) -> tuple[Array, list[int]]:
    """The indexed dimensions as one, in front; and the order of dimensions that leads there."""
    order = [*dims, *(dim for dim in range(x.ndim) if dim not in dims)]
    moved = np.transpose(x, order)
    return np.reshape(moved, (-1, *moved.shape[len(dims) :])), order


def _side_by_side(dims: Sequence[int]) -> bool:
    return dims[-1] - dims[0] == len(dims) - 1


def index(x: Array, indices: Sequence[Any]) -> Array:
    """x[i, :, j]: `indices` holds an index, or None for a whole dimension."""
    given = [part for part in indices if part is not None]
    if is_fixed(*given):
        return x[tuple(slice(None) if part is None else part for part in indices)]
    dims, combined = _linear(x, indices)
    picked = pick(_indexed_first(x, dims)[0], 0, combined)
    if not _side_by_side(dims) or dims[0] == 0:
        return picked
    front = range(combined.ndim)
    return np.moveaxis(picked, tuple(front), tuple(dims[0] + k for k in front))


def index_put(x: Array, indices: Sequence[Any], values: Array, accumulate: bool = False) -> Array:
    """x with `values` put in, or added, at x[indices]."""
    given = [part for part in indices if part is not None]
    if is_fixed(*given):
        positions = flat_positions(x.shape)[tuple(slice(None) if part is None else part for part in indices)]
        if not accumulate:
            return replaced(x, values, positions)
        spread = np.reshape(np.broadcast_to(values, positions.shape), (-1,))
        return x + np.reshape(add_up(spread, positions, math.prod(x.shape)), x.shape)
    return _index_put_by_trial(x, indices, values, accumulate)


def _index_put_by_trial(x: Array, indices: Sequence[Any], values: Array, accumulate: bool) -> Array:
    dims, combined = _linear(x, indices)
    flat, order = _indexed_first(x, dims)
    rest = tuple(flat.shape[1:])
    places = np.reshape(combined, (-1,))
    first = dims[0] if _side_by_side(dims) else 0  # where the dimensions of the indices stand in what they pick
    spread = np.broadcast_to(values, (*rest[:first], *combined.shape, *rest[first:]))
    front = range(combined.ndim)
    source = np.reshape(np.moveaxis(spread, tuple(first + k for k in front), tuple(front)), (-1, *rest))
    rows = []
    for k in range(flat.shape[0]):
        mine = np.reshape(places == k, (-1, *(1 for _ in rest)))
        if accumulate:
            rows.append(flat[k] + np.sum(np.where(mine, source, 0.0), axis=0))
            continue
        row = flat[k]
        for j in range(source.shape[0]):
            row = np.where(mine[j], source[j], row)
        rows.append(row)
    back = np.reshape(np.stack(rows, axis=0), tuple(x.shape[dim] for dim in order))
    return np.transpose(back, tuple(np.argsort(order).tolist()))


def index_add(x: Array, dim: int, index: Array, source: Array, alpha: Any = 1) -> Array:
    shape = [1] * x.ndim
    shape[dim] = -1
    return scatter_add(x, dim, np.broadcast_to(np.reshape(index, shape), source.shape), scaled(source, alpha))


def index_copy(x: Array, dim: int, index: Array, source: Array) -> Array:
    shape = [1] * x.ndim
    shape[dim] = -1
    return scatter(x, dim, np.broadcast_to(np.reshape(index, shape), source.shape), source)


def take_flat(x: Array, index: Array) -> Array:
    return pick(np.reshape(x, (-1,)), 0, index)


def unfold_backward(grad: Array, shape: Sequence[int], dim: int, size: int, step: int) -> Array:
    """The gradient of `x.unfold(dim, size, step)`, whose windows may overlap."""
    positions = np.lib.stride_tricks.sliding_window_view(flat_positions(shape), size, axis=dim)
    kept = take(positions, dim, slice(None, None, step))
    return np.reshape(add_up(np.reshape(grad, (-1,)), kept, math.prod(shape)), tuple(shape))


TABLE: dict[str, Callable[..., Any]] = {
    "gather": gather,
    "scatter": scatter,
    "scatter_add": scatter_add,
    "embedding": embedding,
    "embedding_dense_backward": embedding_backward,
    "index": index,
    "_unsafe_index": index,
    "index_put": index_put,
    "_unsafe_index_put": index_put,
    "index_select": pick,
    "index_add": index_add,
    "index_copy": index_copy,
    "take": take_flat,
    "unfold_backward": unfold_backward,
}

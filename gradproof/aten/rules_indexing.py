"""Picking and placing elements by integer indices.

An index that is an ndarray is the same in all trials and is used as NumPy uses it. An index of an array type differs
from trial to trial (a target, the place of a maximum): it is compared with every position and np.where chooses, which
needs no more of the array type than that, is exact, and costs as many comparisons as there are positions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradproof.aten.errors import NoRule
from gradproof.aten.rules_elementwise import scaled
from gradproof.aten.rules_shape import flat_positions, replaced, take, zeros

Array = Any


def _fixed(*indices: Any) -> bool:
    """Whether these indices are the same in all trials."""
    return all(isinstance(index, np.ndarray) for index in indices)


def _from_start(index: Array, size: int) -> Array:
    """Indices counted from the start, negative ones from the end."""
    return np.where(index < 0, index + size, index)


def pick(x: Array, dim: int, index: Array) -> Array:
    """x with the axis `dim` replaced by the axes of `index`: what `np.take` gives."""
    if _fixed(index):
        return np.take(x, index, axis=dim)
    dim %= x.ndim
    index = _from_start(index, x.shape[dim])
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
    if _fixed(index):
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
    if _fixed(index):
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
    if _fixed(index):
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
    if _fixed(index):
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
        index = _from_start(indices[dim], x.shape[dim])
        combined = index if combined is None else combined * x.shape[dim] + index
    return dims, combined


def _indexed_first(x: Array, dims: Sequence[int]) -> tuple[Array, list[int]]:
    """The indexed dimensions as one, in front; and the order of dimensions that leads there."""
    order = [*dims, *(dim for dim in range(x.ndim) if dim not in dims)]
    moved = np.transpose(x, order)
    return np.reshape(moved, (-1, *moved.shape[len(dims) :])), order


def index(x: Array, indices: Sequence[Any]) -> Array:
    """x[i, :, j]: `indices` holds an index, or None for a whole dimension."""
    given = [part for part in indices if part is not None]
    if _fixed(*given):
        return x[tuple(slice(None) if part is None else part for part in indices)]
    dims, combined = _linear(x, indices)
    picked = pick(_indexed_first(x, dims)[0], 0, combined)
    side_by_side = dims[-1] - dims[0] == len(dims) - 1
    if not side_by_side or dims[0] == 0:
        return picked
    front = range(combined.ndim)
    return np.moveaxis(picked, tuple(front), tuple(dims[0] + k for k in front))


def index_put(x: Array, indices: Sequence[Any], values: Array, accumulate: bool = False) -> Array:
    """x with `values` put in, or added, at x[indices]."""
    given = [part for part in indices if part is not None]
    if _fixed(*given):
        positions = flat_positions(x.shape)[tuple(slice(None) if part is None else part for part in indices)]
        if not accumulate:
            return replaced(x, values, positions)
        spread = np.reshape(np.broadcast_to(values, positions.shape), (-1,))
        return x + np.reshape(add_up(spread, positions, math.prod(x.shape)), x.shape)
    return _index_put_by_trial(x, indices, values, accumulate)


def _index_put_by_trial(x: Array, indices: Sequence[Any], values: Array, accumulate: bool) -> Array:
    dims, combined = _linear(x, indices)
    if dims != list(range(len(dims))):
        raise NoRule("index_put by indices that differ from trial to trial has a rule for leading dimensions only")
    flat, order = _indexed_first(x, dims)
    rest = tuple(flat.shape[1:])
    places = np.reshape(combined, (-1,))
    source = np.reshape(np.broadcast_to(values, (*combined.shape, *rest)), (-1, *rest))
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

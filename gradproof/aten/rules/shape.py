"""Views, copies that rearrange, and their backward partners."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Array = Any


def take(x: Array, dim: int, part: int | slice) -> Array:
    """x indexed along one dimension."""
    index: list[int | slice] = [slice(None)] * x.ndim
    index[dim] = part
    return x[tuple(index)]


def _stop(end: int | None, size: int) -> int | None:
    return None if end is None or end >= size else end


def zeros(shape: Sequence[int], like: Array) -> np.ndarray[Any, Any]:
    """Zeros in the floating dtype of an array, so that joining both promotes nothing."""
    dtype = getattr(like, "dtype", None)
    single = isinstance(dtype, np.dtype) and dtype == np.float32
    return np.zeros(tuple(shape), dtype=np.float32 if single else np.float64)


def reshape(x: Array, shape: Sequence[int]) -> Array:
    return np.reshape(x, tuple(shape))


def expand(x: Array, shape: Sequence[int], implicit: bool = False) -> Array:
    lead = len(shape) - x.ndim
    return np.broadcast_to(x, tuple(x.shape[k - lead] if size == -1 else size for k, size in enumerate(shape)))


def permute(x: Array, dims: Sequence[int]) -> Array:
    return np.transpose(x, tuple(d % x.ndim for d in dims))


def transpose(x: Array, first: int, second: int) -> Array:
    return x if x.ndim == 0 else np.swapaxes(x, first, second)


def t(x: Array) -> Array:
    return x if x.ndim < 2 else np.swapaxes(x, 0, 1)


def unsqueeze(x: Array, dim: int) -> Array:
    return np.expand_dims(x, dim)


def squeeze(x: Array, dim: int | Sequence[int] | None = None) -> Array:
    dims = range(x.ndim) if dim is None else [dim] if isinstance(dim, int) else dim
    ones = {d % x.ndim for d in dims if x.ndim and x.shape[d] == 1}
    return np.reshape(x, tuple(size for k, size in enumerate(x.shape) if k not in ones))


def slice_(x: Array, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Array:
    return take(x, dim, slice(start, _stop(end, x.shape[dim]), step))


def split(x: Array, size: int | Sequence[int], dim: int = 0) -> list[Array]:
    """Parts of one size, the last shorter if need be, or of the sizes given."""
    whole = x.shape[dim]
    sizes = [min(size, whole - at) for at in range(0, whole, size)] if isinstance(size, int) else list(size)
    stops = np.cumsum(sizes).tolist()
    return [take(x, dim, slice(stop - part, stop)) for part, stop in zip(sizes, stops, strict=True)]


def unbind(x: Array, dim: int = 0) -> list[Array]:
    return [take(x, dim, k) for k in range(x.shape[dim])]


def cat(parts: Sequence[Array], dim: int = 0) -> Array:
    """torch lets empty 1-d tensors pass in any concatenation."""
    full = [part for part in parts if part.shape != (0,)]
    return np.concatenate(full, axis=dim) if full else parts[0]


def stack(parts: Sequence[Array], dim: int = 0) -> Array:
    return np.stack(parts, axis=dim)


def flip(x: Array, dims: Sequence[int]) -> Array:
    for dim in dims:
        x = take(x, dim, slice(None, None, -1))
    return x


def roll(x: Array, shifts: Sequence[int], dims: Sequence[int] = ()) -> Array:
    """Elements moved on, those that leave at the end coming back at the start."""
    if not dims:
        return np.reshape(roll(np.reshape(x, (-1,)), shifts, [0]), x.shape)
    for shift, dim in zip(shifts, dims, strict=True):
        cut = -shift % x.shape[dim]
        x = np.concatenate([take(x, dim, slice(cut, None)), take(x, dim, slice(0, cut))], axis=dim)
    return x


def repeat(x: Array, repeats: Sequence[int]) -> Array:
    """x laid side by side with itself, so many times in each dimension."""
    x = np.reshape(x, (1,) * (len(repeats) - x.ndim) + tuple(x.shape))
    for dim, times in enumerate(repeats):
        x = np.concatenate([x] * times, axis=dim) if times != 1 else x
    return x


def pad(x: Array, widths: Sequence[int], value: float = 0.0) -> Array:
    """`constant_pad_nd`: widths are (before, after) of the last dimension, then of the one before it, and so on."""
    for k in range(len(widths) // 2):
        dim, (before, after) = x.ndim - 1 - k, widths[2 * k : 2 * k + 2]
        size = x.shape[dim]
        inner = take(x, dim, slice(max(0, -before), size - max(0, -after)))
        edges = [zeros((*x.shape[:dim], max(0, width), *x.shape[dim + 1 :]), x) + value for width in (before, after)]
        x = np.concatenate([edges[0], inner, edges[1]], axis=dim) if before > 0 or after > 0 else inner
    return x


def triangle(x: Array, diagonal: int, upper: bool) -> Array:
    rows, columns = x.shape[-2:]
    below = np.arange(columns)[None, :] - np.arange(rows)[:, None]
    return np.where(below >= diagonal if upper else below <= diagonal, x, 0.0)


def tril(x: Array, diagonal: int = 0) -> Array:
    return triangle(x, diagonal, upper=False)


def triu(x: Array, diagonal: int = 0) -> Array:
    return triangle(x, diagonal, upper=True)


def put_elements(x: Array, update: Array, source: np.ndarray[Any, Any]) -> Array:
    """Flattened x followed by flattened update, taken at the positions `source`, in the shape of x."""
    both = np.concatenate([np.reshape(x, (-1,)), np.reshape(update, (-1,))])
    return np.reshape(both[source.reshape(-1)], x.shape)


def take_elements(x: Array, positions: np.ndarray[Any, Any]) -> Array:
    """The elements of flattened x at constant positions, in the shape of `positions`."""
    return np.reshape(np.reshape(x, (-1,))[positions.reshape(-1)], positions.shape)


def replaced(x: Array, update: Array, positions: np.ndarray[Any, Any]) -> Array:
    """x with the elements at these flat positions replaced by those of `update`."""
    size = int(np.prod(x.shape))
    source = np.arange(size)
    source[positions.reshape(-1)] = size + np.arange(positions.size)
    return put_elements(x, np.broadcast_to(update, positions.shape), source)


def flat_positions(shape: Sequence[int]) -> np.ndarray[Any, Any]:
    """The position of each element in the flattened array."""
    return np.arange(int(np.prod(shape, dtype=np.int64))).reshape(tuple(shape))


def select_scatter(x: Array, update: Array, dim: int, index: int) -> Array:
    return replaced(x, update, take(flat_positions(x.shape), dim, index))


def slice_scatter(
    x: Array, update: Array, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Array:
    return replaced(x, update, slice_(flat_positions(x.shape), dim, start, end, step))


def diagonal_scatter(x: Array, update: Array, offset: int = 0, first: int = 0, second: int = 1) -> Array:
    return replaced(x, update, np.diagonal(flat_positions(x.shape), offset, first, second))


def select_backward(grad: Array, shape: Sequence[int], dim: int, index: int) -> Array:
    return select_scatter(zeros(shape, grad), grad, dim, index)


def slice_backward(grad: Array, shape: Sequence[int], dim: int, start: int, end: int, step: int) -> Array:
    return slice_scatter(zeros(shape, grad), grad, dim, start, end, step)


def diagonal_backward(grad: Array, shape: Sequence[int], offset: int, first: int, second: int) -> Array:
    return diagonal_scatter(zeros(shape, grad), grad, offset, first, second)


TABLE: dict[str, Callable[..., Any]] = {
    "view": reshape,
    "_unsafe_view": reshape,
    "_reshape_copy": reshape,
    "expand": expand,
    "permute": permute,
    "transpose": transpose,
    "t": t,
    "unsqueeze": unsqueeze,
    "squeeze": squeeze,
    "select": take,
    "slice": slice_,
    "split": split,
    "split_with_sizes": split,
    "unbind": unbind,
    "cat": cat,
    "stack": stack,
    "flip": flip,
    "roll": roll,
    "repeat": repeat,
    "constant_pad_nd": pad,
    "tril": tril,
    "triu": triu,
    "select_scatter": select_scatter,
    "slice_scatter": slice_scatter,
    "diagonal_scatter": diagonal_scatter,
    "select_backward": select_backward,
    "slice_backward": slice_backward,
    "diagonal_backward": diagonal_backward,
}

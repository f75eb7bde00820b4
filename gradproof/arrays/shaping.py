"""Functions that move elements and compute nothing, with the user's axes shifted behind the hidden ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from gradproof.arrays.structure import Array, LeadArray, same_family, unsupported


def transpose(a: LeadArray, axes: Sequence[int] | None = None) -> LeadArray:
    """`np.transpose` of the user's axes."""
    order = range(a.ndim)[::-1] if axes is None else normalize_axis_tuple(axes, a.ndim)
    if len(order) != a.ndim:
        raise ValueError("axes don't match array")
    full = (*range(a.lead), *(a.lead + i for i in order))
    return a._map(lambda layer: layer.transpose(full))


def matrix_transpose(x: LeadArray) -> LeadArray:
    """`np.matrix_transpose`: the last two axes exchanged."""
    if x.ndim < 2:
        raise ValueError(f"Input array must be at least 2-dimensional, but it is {x.ndim}")
    return swapaxes(x, -1, -2)


def swapaxes(a: LeadArray, axis1: int, axis2: int) -> LeadArray:
    """`np.swapaxes`."""
    i, j = (a.lead + normalize_axis_index(k, a.ndim) for k in (axis1, axis2))
    return a._map(lambda layer: layer.swapaxes(i, j))


def moveaxis(a: LeadArray, source: Any, destination: Any) -> LeadArray:
    """`np.moveaxis`."""
    i, j = (tuple(a.lead + k for k in normalize_axis_tuple(at, a.ndim)) for at in (source, destination))
    return a._map(lambda layer: np.moveaxis(layer, i, j))


def reshape(a: LeadArray, shape: Any, order: str = "C", *, copy: bool | None = None) -> LeadArray:
    """`np.reshape` in C order; -1 stands for what is left of the user's elements."""
    if order not in ("C", "A"):
        raise unsupported(f"reshape with order={order!r}", way_out="reshape the transposed array")
    wanted = [int(n) for n in (shape if isinstance(shape, list | tuple) else (shape,))]
    if wanted.count(-1) == 1:
        known = -int(np.prod(wanted, dtype=int))
        wanted[wanted.index(-1)] = a.size // known if known else 0
    if min(wanted, default=0) < 0 or int(np.prod(wanted, dtype=int)) != a.size:
        raise ValueError(f"cannot reshape array of size {a.size} into shape {shape}")
    target = a.lead_shape + tuple(wanted)
    return a._map(lambda layer: layer.reshape(target))


def ravel(a: LeadArray, order: str = "C") -> LeadArray:
    """`np.ravel`."""
    return reshape(a, -1, order) if a.size else reshape(a, 0, order)


def squeeze(a: LeadArray, axis: Any = None) -> LeadArray:
    """`np.squeeze`."""
    ones = [i for i, n in enumerate(a.shape) if n == 1] if axis is None else normalize_axis_tuple(axis, a.ndim)
    axes = tuple(a.lead + i for i in ones)
    return a._map(lambda layer: layer.squeeze(axes))


def expand_dims(a: LeadArray, axis: Any) -> LeadArray:
    """`np.expand_dims`."""
    count = 1 if isinstance(axis, int) else len(axis)
    axes = tuple(a.lead + i for i in normalize_axis_tuple(axis, a.ndim + count))
    return a._map(lambda layer: np.expand_dims(layer, axes))


def atleast(ndim: int) -> Callable[..., Any]:
    """`np.atleast_1d` and its like."""

    def function(*arrays: Any) -> Any:
        model = same_family(arrays)
        results = tuple(_at_least(model._lift(x), ndim) for x in arrays)
        return results[0] if len(results) == 1 else results

    return function


def _at_least(x: LeadArray, ndim: int) -> LeadArray:
    shapes: dict[int, tuple[int, ...]] = {0: (1,) * ndim, 1: (1, *x.shape, 1)[:ndim], 2: (*x.shape, 1)[:ndim]}
    # a vector becomes a row in 2-D, and the middle axis in 3-D
    return x if x.ndim >= ndim else reshape(x, shapes[x.ndim] if ndim > 1 else (1,))


def broadcast_to(array: LeadArray, shape: Any, subok: bool = False) -> LeadArray:
    """`np.broadcast_to`: a read-only view."""
    wanted = (shape,) if isinstance(shape, int) else tuple(shape)
    x = array._padded(len(wanted))
    target = x.lead_shape + wanted
    return x._map(lambda layer: np.broadcast_to(layer, target))


def broadcast_arrays(*arrays: Any, subok: bool = False) -> tuple[LeadArray, ...]:
    """`np.broadcast_arrays`."""
    shape = np.broadcast_shapes(*(np.shape(x) for x in arrays))
    return tuple(broadcast_to(same_family(arrays)._lift(x), shape) for x in arrays)


def joined(arrays: Sequence[Any]) -> list[LeadArray]:
    """All as one kind with the same hidden shape; raises for an empty sequence as NumPy does."""
    model = same_family(arrays)
    lifted = [model._lift(x) for x in arrays]
    lead = np.broadcast_shapes(*(x.lead_shape for x in lifted))
    dtype = np.result_type(*(x.dtype for x in lifted))
    same = (x if x.dtype == dtype else x._cast(dtype) for x in lifted)
    return [x._map(lambda layer, s=x.shape: np.broadcast_to(layer, lead + s)) for x in same]  # type: ignore[misc]


def _by_layer(arrays: Sequence[LeadArray], function: Callable[[list[Array]], Array]) -> LeadArray:
    model = arrays[0]
    layers = tuple(function(list(parts)) for parts in zip(*(x.layers for x in arrays), strict=True))
    return model._make(layers, model.lead)


def concatenate(arrays: Sequence[Any], axis: int | None = 0, **rest: Any) -> LeadArray:
    """`np.concatenate`."""
    _no_out(rest, "np.concatenate")
    parts = joined([np.ravel(x) for x in arrays] if axis is None else arrays)
    at = parts[0].lead + normalize_axis_index(axis or 0, parts[0].ndim)
    return _by_layer(parts, lambda layers: np.concatenate(layers, axis=at))


def stack(arrays: Sequence[Any], axis: int = 0, **rest: Any) -> LeadArray:
    """`np.stack`."""
    _no_out(rest, "np.stack")
    parts = joined(arrays)
    at = parts[0].lead + normalize_axis_index(axis, parts[0].ndim + 1)
    return _by_layer(parts, lambda layers: np.stack(layers, axis=at))


def _no_out(rest: dict[str, Any], name: str) -> None:
    if given := {k for k, v in rest.items() if v is not None and (k, v) != ("casting", "same_kind")}:
        raise unsupported(f"{name} with {', '.join(sorted(given))}=")


def hstack(tup: Sequence[Any], **rest: Any) -> LeadArray:
    """`np.hstack`."""
    parts = [atleast(1)(x) for x in joined(tup)]
    return concatenate(parts, 0 if parts[0].ndim == 1 else 1, **rest)


def vstack(tup: Sequence[Any], **rest: Any) -> LeadArray:
    """`np.vstack`."""
    return concatenate([atleast(2)(x) for x in joined(tup)], 0, **rest)


def column_stack(tup: Sequence[Any]) -> LeadArray:
    """`np.column_stack`."""
    return concatenate([x if x.ndim >= 2 else atleast(2)(x).T for x in joined(tup)], 1)


def append(arr: Any, values: Any, axis: int | None = None) -> LeadArray:
    """`np.append`."""
    return concatenate([arr, values], axis)


def tile(a: LeadArray, reps: Any) -> LeadArray:
    """`np.tile`."""
    counts = (reps,) if isinstance(reps, int) else tuple(reps)
    x = a._padded(len(counts))
    counts = (1,) * (x.lead + x.ndim - len(counts)) + counts
    return x._map(lambda layer: np.tile(layer, counts))


def repeat(a: LeadArray, repeats: Any, axis: int | None = None) -> LeadArray:
    """`np.repeat` with constant counts."""
    x = ravel(a) if axis is None else a
    at = x.lead + normalize_axis_index(axis or 0, x.ndim)
    return x._map(lambda layer: np.repeat(layer, repeats, axis=at))


def _split(function: Callable[..., list[Array]], default_axis: int | None = 0) -> Callable[..., list[LeadArray]]:
    """`np.split` and its like: views of the parts."""

    def split(ary: LeadArray, indices_or_sections: Any, axis: int = 0) -> list[LeadArray]:
        use = axis if default_axis is not None else (0 if ary.ndim == 1 else 1)
        at = ary.lead + normalize_axis_index(use, ary.ndim)
        parts = zip(*(function(layer, indices_or_sections, at) for layer in ary.layers), strict=True)
        return [ary._make(layers, ary.lead) for layers in parts]

    return split


def unstack(x: LeadArray, /, *, axis: int = 0) -> tuple[LeadArray, ...]:
    """`np.unstack`."""
    return tuple(moveaxis(x, axis, 0))


def roll(a: LeadArray, shift: Any, axis: Any = None) -> LeadArray:
    """`np.roll`."""
    if axis is None:
        return reshape(roll(ravel(a), shift, 0), a.shape)
    axes = tuple(a.lead + i for i in normalize_axis_tuple(axis, a.ndim))
    return a._map(lambda layer: np.roll(layer, shift, axes[0] if len(axes) == 1 else axes))


def flip(m: LeadArray, axis: Any = None) -> LeadArray:
    """`np.flip`."""
    axes = tuple(m.lead + i for i in (range(m.ndim) if axis is None else normalize_axis_tuple(axis, m.ndim)))
    return m._map(lambda layer: np.flip(layer, axes))


def diagonal(a: LeadArray, offset: int = 0, axis1: int = 0, axis2: int = 1) -> LeadArray:
    """`np.diagonal`: a read-only view."""
    i, j = (a.lead + normalize_axis_index(k, a.ndim) for k in (axis1, axis2))
    return a._map(lambda layer: layer.diagonal(offset, i, j))


def diag(v: LeadArray, k: int = 0) -> LeadArray:
    """`np.diag`: the diagonal of a matrix, or the matrix of a diagonal."""
    if v.ndim == 2:
        return diagonal(v, k).copy()
    if v.ndim != 1:
        raise ValueError("Input must be 1- or 2-d.")
    n = v.shape[0]
    rows = np.arange(n) + max(-k, 0)
    result = v._full((n + abs(k), n + abs(k)), 0)
    result[rows, rows + k] = v
    return result


def _triangle(keep: Callable[..., Array]) -> Callable[..., LeadArray]:
    """`np.tril` and `np.triu`: zeros put on one side of a diagonal."""

    def triangle(m: LeadArray, k: int = 0) -> LeadArray:
        if m.ndim < 2:
            raise unsupported("np.tril or np.triu of a vector", way_out="build the matrix first")
        mask = np.broadcast_to(keep(np.ones(m.shape[-2:], dtype=bool), k), m.shape)
        result = m.copy()
        result[~mask] = 0
        return result

    return triangle


def pad(array: LeadArray, pad_width: Any, mode: str = "constant", *, constant_values: Any = 0) -> LeadArray:
    """`np.pad` with a scalar constant, or by copies of the array's own elements."""
    widths = np.broadcast_to(np.asarray(pad_width, dtype=int), (array.ndim, 2)).tolist()
    if mode in ("edge", "reflect", "symmetric", "wrap"):
        copies: Any = mode
        full = [(0, 0)] * array.lead + widths
        return array._map(lambda layer: np.pad(layer, full, mode=copies))
    if mode != "constant" or np.ndim(constant_values):
        raise unsupported(f"np.pad with mode={mode!r} or several constants")
    shape = tuple(low + n + high for n, (low, high) in zip(array.shape, widths, strict=True))
    result = array._full(shape, constant_values)
    result[tuple(slice(low, low + n) for n, (low, _) in zip(array.shape, widths, strict=True))] = array
    return result


def take(a: Any, indices: Any, axis: int | None = None, out: Any = None, mode: str = "raise") -> Any:
    """`np.take`; the indices, or the array, or both may differ from trial to trial."""
    if out is not None or mode != "raise":
        raise unsupported("np.take with out= or mode=")
    x = same_family([a, indices])._lift(a)
    if axis is None:
        return ravel(x)[indices]
    before = (slice(None),) * normalize_axis_index(axis, x.ndim)
    return x[(*before, indices)]


def take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Any:
    """`np.take_along_axis`."""
    x = same_family([arr, indices])._lift(arr)
    return ravel(x)[indices] if axis is None else x[_along(x, indices, axis)]


def put_along_axis(arr: LeadArray, indices: Any, values: Any, axis: int | None) -> None:
    """`np.put_along_axis`."""
    if not isinstance(arr, LeadArray) or axis is None:
        raise unsupported(
            "np.put_along_axis into a plain array or with axis=None", way_out="start from np.zeros_like(x)"
        )
    arr[_along(arr, indices, axis)] = values


def _along(x: LeadArray, indices: Any, axis: int) -> tuple[Any, ...]:
    """The index that keeps every axis but one in its place."""
    at, shape = normalize_axis_index(axis, x.ndim), np.shape(indices)
    if len(shape) != x.ndim:
        raise ValueError("`indices` and `arr` must have the same number of dimensions")
    grid: list[Any] = [np.arange(n).reshape((1,) * i + (-1,) + (1,) * (x.ndim - i - 1)) for i, n in enumerate(x.shape)]
    grid[at] = indices
    return tuple(grid)


def delete(arr: LeadArray, obj: Any, axis: int | None = None) -> LeadArray:
    """`np.delete` at constant places."""
    x = ravel(arr) if axis is None else arr
    at = x.lead + normalize_axis_index(axis or 0, x.ndim)
    return x._map(lambda layer: np.delete(layer, obj, axis=at))


def sliding_window_view(x: LeadArray, window_shape: Any, axis: Any = None, **rest: Any) -> LeadArray:
    """`np.lib.stride_tricks.sliding_window_view`: read-only."""
    window = (window_shape,) if isinstance(window_shape, int) else tuple(window_shape)
    axes = tuple(x.lead + i for i in (range(x.ndim) if axis is None else normalize_axis_tuple(axis, x.ndim)))
    return x._map(lambda layer: np.lib.stride_tricks.sliding_window_view(layer, window, axes))


def _filled(value: int) -> Callable[..., LeadArray]:
    """`np.zeros_like` and its like: writable, with as many trials as the model."""

    def like(
        a: LeadArray, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None, **_: Any
    ) -> LeadArray:
        return full_like(a, value, dtype, shape=shape)

    return like


def full_like(
    a: LeadArray, fill_value: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None, **_: Any
) -> LeadArray:
    """`np.full_like`."""
    wanted = a.shape if shape is None else (shape,) if isinstance(shape, int) else tuple(shape)
    if not isinstance(fill_value, LeadArray):
        return (
            a._full(wanted, fill_value, dtype)
            if np.ndim(fill_value) == 0
            else _assigned(a._full(wanted, 0, dtype), fill_value)
        )
    return _assigned(a._full(wanted, 0, dtype), fill_value)


def _assigned(target: LeadArray, value: Any) -> LeadArray:
    target[...] = value
    return target


SHAPING: dict[Callable[..., Any], Callable[..., Any]] = {
    np.shape: lambda a: a.shape,
    np.ndim: lambda a: a.ndim,
    np.size: lambda a, axis=None: a.size if axis is None else a.shape[axis],
    np.result_type: lambda *xs: np.result_type(*(x.dtype if isinstance(x, LeadArray) else x for x in xs)),
    np.iscomplexobj: lambda x: False,
    np.isrealobj: lambda x: True,
    np.real: lambda val: val,
    np.copy: lambda a, order="K", subok=False: a.copy(),
    np.transpose: transpose,
    np.matrix_transpose: matrix_transpose,
    np.swapaxes: swapaxes,
    np.moveaxis: moveaxis,
    np.reshape: reshape,
    np.ravel: ravel,
    np.squeeze: squeeze,
    np.expand_dims: expand_dims,
    np.atleast_1d: atleast(1),
    np.atleast_2d: atleast(2),
    np.atleast_3d: atleast(3),
    np.broadcast_to: broadcast_to,
    np.broadcast_arrays: broadcast_arrays,
    np.concatenate: concatenate,
    np.stack: stack,
    np.hstack: hstack,
    np.vstack: vstack,
    np.column_stack: column_stack,
    np.append: append,
    np.tile: tile,
    np.repeat: repeat,
    np.split: _split(np.split),
    np.array_split: _split(np.array_split),
    np.hsplit: _split(np.split, None),
    np.vsplit: _split(np.split),
    np.roll: roll,
    np.flip: flip,
    np.fliplr: lambda m: flip(m, 1),
    np.flipud: lambda m: flip(m, 0),
    np.diagonal: diagonal,
    np.diag: diag,
    np.tril: _triangle(np.tril),
    np.triu: _triangle(np.triu),
    np.pad: pad,
    np.take: take,
    np.take_along_axis: take_along_axis,
    np.put_along_axis: put_along_axis,
    np.delete: delete,
    np.lib.stride_tricks.sliding_window_view: sliding_window_view,
    np.zeros_like: _filled(0),
    np.ones_like: _filled(1),
    np.empty_like: _filled(0),
    np.full_like: full_like,
}
if hasattr(np, "unstack"):  # NumPy 2.1
    SHAPING[np.unstack] = unstack

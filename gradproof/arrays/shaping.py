"""Functions that give one array another shape or order of axes: the user's axes, behind the hidden ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from gradproof.arrays.structure import LeadArray, same_family, unsupported


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
    result = a._map(lambda layer: layer.reshape(target))
    return result if all(layer.flags.c_contiguous for layer in a.layers) else _alike(a, result)


def _alike(a: LeadArray, result: LeadArray) -> LeadArray:
    """All layers of a reshaped array as views, or all as copies: NumPy decides by the memory layout of each."""
    pairs = zip(result.layers, a.layers, strict=True)
    views = [np.may_share_memory(new, old) or not old.flags.writeable for new, old in pairs]
    if all(views) or not any(views):
        return result
    if views[0] and a.layers[0].flags.writeable:
        raise unsupported("this reshape", "the layers of the array differ in memory layout", "take a copy first")
    return result.copy()


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


def sliding_window_view(x: LeadArray, window_shape: Any, axis: Any = None, **rest: Any) -> LeadArray:
    """`np.lib.stride_tricks.sliding_window_view`: read-only."""
    window = (window_shape,) if isinstance(window_shape, int) else tuple(window_shape)
    axes = tuple(x.lead + i for i in (range(x.ndim) if axis is None else normalize_axis_tuple(axis, x.ndim)))
    return x._map(lambda layer: np.lib.stride_tricks.sliding_window_view(layer, window, axes))


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
    np.roll: roll,
    np.flip: flip,
    np.fliplr: lambda m: flip(m, 1),
    np.flipud: lambda m: flip(m, 0),
    np.diagonal: diagonal,
    np.lib.stride_tricks.sliding_window_view: sliding_window_view,
}

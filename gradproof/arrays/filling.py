"""Functions that make a new array from an old one: filled, padded, picked from, or with parts left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from gradproof.arrays.shaping import diagonal, ravel
from gradproof.arrays.structure import Array, LeadArray, same_family, unsupported


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


FILLING: dict[Callable[..., Any], Callable[..., Any]] = {
    np.diag: diag,
    np.tril: _triangle(np.tril),
    np.triu: _triangle(np.triu),
    np.pad: pad,
    np.take: take,
    np.take_along_axis: take_along_axis,
    np.put_along_axis: put_along_axis,
    np.delete: delete,
    np.zeros_like: _filled(0),
    np.ones_like: _filled(1),
    np.empty_like: _filled(0),
    np.full_like: full_like,
}

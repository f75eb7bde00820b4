"""Reductions over the user's axes: sums, products, extremes, and what is composed of them (mean, variance, norm)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from gradproof.arrays.structure import LeadArray, unsupported

Axis = int | tuple[int, ...] | None
_ABSENT: Any = np._NoValue
_REDUCIBLE = (np.add, np.multiply, np.maximum, np.minimum, np.logical_and, np.logical_or)
_NEUTRAL: dict[np.ufunc, Any] = {np.add: 0, np.multiply: 1, np.logical_and: True, np.logical_or: False}


def user_axes(x: LeadArray, axis: Axis) -> tuple[int, ...]:
    """`axis=` as the user gives it, normalised; None is all of the user's axes."""
    return tuple(range(x.ndim)) if axis is None else normalize_axis_tuple(axis, x.ndim)


def layer_axes(x: LeadArray, axis: Axis) -> tuple[int, ...]:
    """The axes of the layers that the user's `axis=` means."""
    return tuple(x.lead + a for a in user_axes(x, axis))


def reduce(
    ufunc: np.ufunc,
    x: Any,
    axis: Axis = 0,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = _ABSENT,
    where: Any = True,
) -> Any:
    """`ufunc.reduce` along the user's axes."""
    if ufunc not in _REDUCIBLE or not isinstance(x, LeadArray):
        raise unsupported(f"np.{ufunc.__name__}.reduce")
    if where is not True and where is not _ABSENT:
        raise unsupported(f"np.{ufunc.__name__}.reduce with where=", way_out="use np.where before the reduction")
    if dtype is not None:
        x = x._cast(np.dtype(dtype))
    result = x._reduced(ufunc, layer_axes(x, axis), bool(keepdims and keepdims is not _ABSENT))
    if initial is not _ABSENT and initial is not None:
        if ufunc in _NEUTRAL and initial != _NEUTRAL[ufunc]:
            raise unsupported(f"np.{ufunc.__name__}.reduce with initial={initial!r}", way_out="add it afterwards")
        result = result if ufunc in _NEUTRAL else ufunc(result, x._lift(initial)._cast(result.dtype))
    return _into(out, result)


def accumulate(ufunc: np.ufunc, x: Any, axis: int = 0, dtype: Any = None, out: Any = None) -> Any:
    """`ufunc.accumulate` along one of the user's axes."""
    if ufunc not in (np.add, np.multiply) or not isinstance(x, LeadArray):
        raise unsupported(f"np.{ufunc.__name__}.accumulate")
    if dtype is not None:
        x = x._cast(np.dtype(dtype))
    return _into(out, x._accumulated(ufunc, layer_axes(x, axis)[0]))


def _into(out: Any, result: Any) -> Any:
    target = out[0] if isinstance(out, tuple) else out
    if target is None or target is _ABSENT:
        return result
    if not isinstance(target, LeadArray):
        raise unsupported("a reduction with a plain array as out=")
    target[...] = result
    return target


def _reduction(ufunc: np.ufunc) -> Callable[..., Any]:
    """`np.sum` and its like: `ufunc.reduce` whose default is all axes."""

    def function(a: Any, axis: Axis = None, dtype: Any = None, out: Any = None, **kwargs: Any) -> Any:
        return reduce(ufunc, a, axis, dtype, out, **kwargs)

    return function


def _extreme(ufunc: np.ufunc) -> Callable[..., Any]:
    def function(a: Any, axis: Axis = None, out: Any = None, **kwargs: Any) -> Any:
        return reduce(ufunc, a, axis, None, out, **kwargs)

    return function


def _running(ufunc: np.ufunc) -> Callable[..., Any]:
    def function(a: Any, axis: int | None = None, dtype: Any = None, out: Any = None) -> Any:
        return accumulate(ufunc, np.ravel(a) if axis is None else a, 0 if axis is None else axis, dtype, out)

    return function


def _ordering(function: Callable[..., Any]) -> Callable[..., Any]:
    """argmax and argmin: where the extreme is, in each trial."""

    def ordered(a: LeadArray, axis: int | None = None, out: Any = None, *, keepdims: Any = False) -> Any:
        if axis is None:
            flat = a.ravel()
            result = flat._native(function, flat, axis=a.lead)
            return result.reshape((1,) * a.ndim) if keepdims is True else result
        return a._native(function, a, axis=layer_axes(a, axis)[0], keepdims=keepdims is True)

    return ordered


def _inexact(x: LeadArray) -> LeadArray:
    """NumPy means integers and booleans in float64."""
    return x._cast(np.dtype(np.float64)) if x.dtype.kind in "iub" else x


def _count(x: LeadArray, axis: Axis) -> int:
    return int(np.prod([x.shape[a] for a in user_axes(x, axis)], dtype=int))


def mean(
    a: LeadArray, axis: Axis = None, dtype: Any = None, out: Any = None, keepdims: Any = False, **rest: Any
) -> Any:
    """`np.mean`: the sum over the number of elements."""
    _refuse(rest, "np.mean")
    x = _inexact(a) if dtype is None else a._cast(np.dtype(dtype))
    return _into(out, reduce(np.add, x, axis, keepdims=keepdims) / _count(a, axis))


def var(
    a: LeadArray,
    axis: Axis = None,
    dtype: Any = None,
    out: Any = None,
    ddof: float = 0,
    keepdims: Any = False,
    *,
    correction: Any = _ABSENT,
    **rest: Any,
) -> Any:
    """`np.var`, by NumPy's own two passes: the mean of the squared distances from the mean."""
    _refuse(rest, "np.var")
    x = _inexact(a) if dtype is None else a._cast(np.dtype(dtype))
    distance = x - mean(x, axis, keepdims=True)
    degrees = max(_count(a, axis) - (ddof if correction is _ABSENT else correction), 0)
    return _into(out, reduce(np.add, distance * distance, axis, keepdims=keepdims) / degrees)


def std(a: LeadArray, axis: Axis = None, dtype: Any = None, out: Any = None, *args: Any, **kwargs: Any) -> Any:
    """`np.std`: the root of the variance."""
    return _into(out, np.sqrt(var(a, axis, dtype, None, *args, **kwargs)))


def average(a: Any, axis: Axis = None, weights: Any = None, returned: bool = False, *, keepdims: Any = False) -> Any:
    """`np.average`; the weights have the array's shape, or that of its one axis."""
    if returned:
        raise unsupported("np.average with returned=True")
    if weights is None:
        return np.mean(a, axis=axis, keepdims=keepdims is True)
    if np.shape(weights) != np.shape(a):
        if not isinstance(axis, int) or np.ndim(weights) != 1:
            raise unsupported("np.average with weights of another shape")
        weights = np.moveaxis(np.broadcast_to(weights, (*np.moveaxis(a, axis, -1).shape,)), -1, axis)
    keep = keepdims is True
    return np.sum(np.multiply(a, weights), axis=axis, keepdims=keep) / np.sum(weights, axis=axis, keepdims=keep)


def norm(x: Any, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> Any:
    """`np.linalg.norm` of a vector, or of a whole array: the root of the sum of squares (and the 1-norm)."""
    if ord is None and axis is None:
        flat = np.ravel(x)
        root = np.sqrt(np.dot(flat, flat))
        return root.reshape((1,) * x.ndim) if keepdims else root
    if axis is None and np.ndim(x) == 1:
        axis = 0
    if isinstance(axis, int) and ord in (None, 2):
        return np.sqrt(np.sum(x * x, axis=axis, keepdims=keepdims))
    if isinstance(axis, int) and ord == 1:
        return np.sum(np.abs(x), axis=axis, keepdims=keepdims)
    raise unsupported(f"np.linalg.norm with ord={ord!r} and axis={axis!r}")


def count_nonzero(a: LeadArray, axis: Axis = None, *, keepdims: Any = False) -> Any:
    """`np.count_nonzero`: the number of elements that are not zero."""
    return np.sum(a != 0, axis=axis, keepdims=keepdims is True)


def _refuse(rest: dict[str, Any], name: str) -> None:
    given = {k: v for k, v in rest.items() if v is not _ABSENT and not (k == "where" and v is True)}
    if given:
        raise unsupported(f"{name} with {', '.join(sorted(given))}=")


REDUCTIONS: dict[Callable[..., Any], Callable[..., Any]] = {
    np.sum: _reduction(np.add),
    np.prod: _reduction(np.multiply),
    np.max: _extreme(np.maximum),
    np.amax: _extreme(np.maximum),
    np.min: _extreme(np.minimum),
    np.amin: _extreme(np.minimum),
    np.all: _extreme(np.logical_and),
    np.any: _extreme(np.logical_or),
    np.cumsum: _running(np.add),
    np.cumprod: _running(np.multiply),
    np.argmax: _ordering(np.argmax),
    np.argmin: _ordering(np.argmin),
    np.mean: mean,
    np.var: var,
    np.std: std,
    np.average: average,
    np.linalg.norm: norm,
    np.count_nonzero: count_nonzero,
    np.ptp: lambda a, axis=None, out=None, keepdims=False: (
        np.max(a, axis=axis, keepdims=keepdims is True) - np.min(a, axis=axis, keepdims=keepdims is True)
    ),
}

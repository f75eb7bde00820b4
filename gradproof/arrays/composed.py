"""Operations said in terms of others, once for every kind of `LeadArray`.

`UFUNCS` is used where a subclass has no rule of its own for the ufunc.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradproof.arrays.structure import LeadArray, align, same_family, unsupported


def logaddexp(a: Any, b: Any) -> Any:
    """log(exp(a) + exp(b)), with the larger one taken out so that nothing overflows."""
    return np.maximum(a, b) + np.log1p(np.exp(-np.abs(np.subtract(a, b))))


def heaviside(x: Any, at_zero: Any) -> Any:
    """0 below zero, 1 above, `at_zero` there."""
    return np.where(np.greater(x, 0), 1.0, np.where(np.equal(x, 0), at_zero, 0.0))


def sign(x: Any) -> Any:
    """-1, 0 or 1."""
    return np.where(np.greater(x, 0), 1.0, np.where(np.less(x, 0), -1.0, 0.0))


def where(condition: Any, *choices: Any) -> Any:
    """`np.where` with both choices given."""
    if len(choices) != 2:
        raise unsupported("np.where with one argument", "the number of places differs from trial to trial")
    model = same_family([condition, *choices])
    mask = condition if isinstance(condition, LeadArray) else np.asarray(condition, dtype=bool)
    _, (mask, a, b) = align([model._lift(mask), *choices])
    return model._selected(mask, a, b)


def clip(
    a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, *, min: Any = None, max: Any = None, **rest: Any
) -> Any:
    """`np.clip`: minimum(maximum(a, low), high)."""
    low, high = (a_min if min is None else min), (a_max if max is None else max)
    if rest or (low is None and high is None):
        raise unsupported("np.clip with " + (", ".join(rest) or "no limits"))
    result = a if low is None else np.maximum(a, low)
    result = result if high is None else np.minimum(result, high)
    if out is None:
        return result.copy() if result is a else result
    out[...] = result
    return out


def select(conditions: Sequence[Any], choices: Sequence[Any], default: Any = 0) -> Any:
    """`np.select`: the choice of the first condition that holds."""
    result = default
    for condition, choice in zip(reversed(conditions), reversed(choices), strict=True):
        result = np.where(condition, choice, result)
    return result


def copyto(dst: Any, src: Any, casting: str = "same_kind", where: Any = True) -> None:
    """`np.copyto` into an array of trials."""
    if not isinstance(dst, LeadArray):
        raise unsupported("np.copyto into a plain array", way_out="start from np.zeros_like(x)")
    dst[...] = src if where is True else np.where(where, src, dst)


def fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    """`np.fill_diagonal` of a matrix."""
    if not isinstance(a, LeadArray) or a.ndim != 2 or wrap:
        raise unsupported("np.fill_diagonal of what is no matrix of trials", way_out="start from np.zeros_like(x)")
    places = np.arange(min(a.shape))
    a[places, places] = val


def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: Any = None) -> Any:
    """`np.trace`: the sum of the diagonal."""
    return np.sum(np.diagonal(a, offset, axis1, axis2), axis=-1, dtype=dtype, out=out)


def diff(a: Any, n: int = 1, axis: int = -1, **rest: Any) -> Any:
    """`np.diff`: neighbours subtracted, n times."""
    if any(isinstance(value, (LeadArray, np.ndarray, int, float)) for value in rest.values()):
        raise unsupported("np.diff with prepend= or append=")
    x = np.moveaxis(a, axis, -1)
    for _ in range(n):
        x = x[..., 1:] - x[..., :-1]
    return np.moveaxis(x, -1, axis)


def _on_values(function: Callable[..., Any], axis: int | None) -> Callable[..., Any]:
    """A function that only plain values can take, along one of the user's axes (`axis` is its default)."""

    def native(a: LeadArray, axis: int | None = axis, **kwargs: Any) -> Any:
        x = a.ravel() if axis is None else a
        return x._native(function, x, axis=x.lead + (0 if axis is None else axis % x.ndim), **kwargs)

    return native


def _on_elements(function: Callable[..., Any]) -> Callable[..., Any]:
    """An elementwise function that only plain values can take."""

    def native(a: LeadArray, *args: Any, **kwargs: Any) -> Any:
        return a._native(function, a, *args, **kwargs)

    return native


UFUNCS: dict[np.ufunc, Callable[..., Any]] = {
    np.square: lambda x: np.multiply(x, x),
    np.reciprocal: lambda x: np.true_divide(1, x),
    np.fabs: np.absolute,
    np.positive: lambda x: x.copy(),
    np.conjugate: lambda x: x.copy(),
    np.logaddexp: logaddexp,
    np.heaviside: heaviside,
    np.sign: sign,
    np.hypot: lambda a, b: np.sqrt(np.add(np.multiply(a, a), np.multiply(b, b))),
    np.fmax: np.maximum,
    np.fmin: np.minimum,
    np.less: lambda a, b: np.greater(b, a),
    np.less_equal: lambda a, b: np.greater_equal(b, a),
    np.not_equal: lambda a, b: np.logical_not(np.equal(a, b)),
    np.logical_xor: lambda a, b: np.not_equal(np.not_equal(a, 0), np.not_equal(b, 0)),
}

COMPOSED: dict[Callable[..., Any], Callable[..., Any]] = {
    np.where: where,
    np.clip: clip,
    np.select: select,
    np.copyto: copyto,
    np.trace: trace,
    np.fill_diagonal: fill_diagonal,
    np.diff: diff,
    np.sort: _on_values(np.sort, -1),
    np.argsort: _on_values(np.argsort, -1),
    np.median: _on_values(np.median, None),
    np.round: _on_elements(np.round),
    np.around: _on_elements(np.round),
    np.nan_to_num: _on_elements(np.nan_to_num),
}

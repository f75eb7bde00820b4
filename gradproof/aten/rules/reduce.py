"""Sums, means, extrema and norms along dimensions.

A dimension that is None, or an empty list, means all. The index of a maximum is built from comparisons and np.where,
the first of equal ones winning, so that it exists for every array type.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradproof.aten.rules.shape import take

Array = Any
Dims = int | list[int] | tuple[int, ...] | None


def axes(dim: Dims, ndim: int) -> tuple[int, ...]:
    """NumPy's axes for ATen's `dim`."""
    if dim is None or dim == [] or dim == () or ndim == 0:
        return tuple(range(ndim))
    return tuple(d % ndim for d in ([dim] if isinstance(dim, int) else dim))


def count(x: Array, dim: Dims) -> int:
    """How many elements one result of a reduction comes from."""
    return math.prod(x.shape[axis] for axis in axes(dim, x.ndim))


def total(x: Array, dim: Dims = None, keepdim: bool = False) -> Array:
    return np.sum(x, axis=axes(dim, x.ndim), keepdims=keepdim)


def mean(x: Array, dim: Dims = None, keepdim: bool = False) -> Array:
    return total(x, dim, keepdim) / count(x, dim)


def prod(x: Array, dim: int | None = None, keepdim: bool = False) -> Array:
    return np.prod(x, axis=axes(dim, x.ndim), keepdims=keepdim)


def amax(x: Array, dim: Dims = None, keepdim: bool = False) -> Array:
    return np.max(x, axis=axes(dim, x.ndim), keepdims=keepdim)


def amin(x: Array, dim: Dims = None, keepdim: bool = False) -> Array:
    return np.min(x, axis=axes(dim, x.ndim), keepdims=keepdim)


def first_extremum(x: Array, dim: int, keepdim: bool, better: Callable[[Array, Array], Array]) -> tuple[Array, Array]:
    """The value that no other is `better` than, and its first index, along a dimension."""
    if x.ndim == 0:
        return x, np.zeros((), dtype=np.int64)
    axis = dim % x.ndim
    best, where = take(x, axis, 0), np.zeros(_without(x.shape, axis), dtype=np.int64)
    for k in range(1, x.shape[axis]):
        candidate = take(x, axis, k)
        wins = better(candidate, best)
        best, where = np.where(wins, candidate, best), np.where(wins, k, where)
    if keepdim:
        return np.expand_dims(best, axis), np.expand_dims(where, axis)
    return best, where


def _without(shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    return (*shape[:axis], *shape[axis + 1 :])


def max_dim(x: Array, dim: int, keepdim: bool = False) -> tuple[Array, Array]:
    return first_extremum(x, dim, keepdim, np.greater)


def min_dim(x: Array, dim: int, keepdim: bool = False) -> tuple[Array, Array]:
    return first_extremum(x, dim, keepdim, np.less)


def argmax(x: Array, dim: int | None = None, keepdim: bool = False) -> Array:
    return _arg(x, dim, keepdim, np.greater)


def argmin(x: Array, dim: int | None = None, keepdim: bool = False) -> Array:
    return _arg(x, dim, keepdim, np.less)


def _arg(x: Array, dim: int | None, keepdim: bool, better: Callable[[Array, Array], Array]) -> Array:
    if dim is not None:
        return first_extremum(x, dim, keepdim, better)[1]
    index = first_extremum(np.reshape(x, (-1,)), 0, False, better)[1]
    return np.reshape(index, (1,) * x.ndim) if keepdim else index


def var_mean(x: Array, dim: Dims = None, correction: Any = 1, keepdim: bool = False) -> tuple[Array, Array]:
    """The variance, divided by count - correction, and the mean."""
    centre = mean(x, dim, keepdim=True)
    deviation = x - centre
    variance = total(deviation * deviation, dim, keepdim) / (count(x, dim) - _correction(correction))
    return variance, centre if keepdim else np.squeeze(centre, axis=axes(dim, x.ndim))


def _correction(correction: Any) -> Any:
    return 1 if correction is None else correction


def var(x: Array, dim: Dims = None, correction: Any = 1, keepdim: bool = False) -> Array:
    return var_mean(x, dim, correction, keepdim)[0]


def std(x: Array, dim: Dims = None, correction: Any = 1, keepdim: bool = False) -> Array:
    return np.sqrt(var(x, dim, correction, keepdim))


def std_mean(x: Array, dim: Dims = None, correction: Any = 1, keepdim: bool = False) -> tuple[Array, Array]:
    variance, centre = var_mean(x, dim, correction, keepdim)
    return np.sqrt(variance), centre


def cumsum(x: Array, dim: int) -> Array:
    return x if x.ndim == 0 else np.cumsum(x, axis=dim)


def cumprod(x: Array, dim: int) -> Array:
    """The running product."""
    if x.ndim == 0:
        return x
    parts = [take(x, dim, k) for k in range(x.shape[dim])]
    for k in range(1, len(parts)):
        parts[k] = parts[k - 1] * parts[k]
    return np.stack(parts, axis=dim) if parts else x


def logsumexp(x: Array, dim: Dims, keepdim: bool = False) -> Array:
    """log(sum(exp(x))) with the greatest entry taken out first."""
    highest = amax(x, dim, keepdim=True)
    shift = np.where(np.isfinite(highest), highest, 0.0) if isinstance(highest, np.ndarray) else highest
    result = np.log(total(np.exp(x - shift), dim, keepdim=True)) + shift
    return result if keepdim else np.squeeze(result, axis=axes(dim, x.ndim))


def vector_norm(x: Array, order: float = 2, dim: Dims = None, keepdim: bool = False) -> Array:
    """The norm of this order of all elements along dimensions."""
    size = np.abs(x)
    if order == math.inf:
        return amax(size, dim, keepdim)
    if order == -math.inf:
        return amin(size, dim, keepdim)
    if order == 0:
        return total(np.where(np.equal(x, 0), 0.0, 1.0), dim, keepdim)
    if order == 1:
        return total(size, dim, keepdim)
    if order == 2:
        return np.sqrt(total(x * x, dim, keepdim))
    return np.power(total(np.power(size, order), dim, keepdim), 1 / order)


def norm(x: Array, order: float | None = 2, dim: Dims = None, keepdim: bool = False) -> Array:
    return vector_norm(x, 2 if order is None else order, dim, keepdim)


def any_true(x: Array, dim: Dims = None, keepdim: bool = False) -> Array:
    return np.any(x, axis=axes(dim, x.ndim), keepdims=keepdim)


def all_true(x: Array, dim: Dims = None, keepdim: bool = False) -> Array:
    return np.all(x, axis=axes(dim, x.ndim), keepdims=keepdim)


TABLE: dict[str, Callable[..., Any]] = {
    "sum": total,
    "mean": mean,
    "prod": prod,
    "amax": amax,
    "amin": amin,
    "max": amax,
    "min": amin,
    "max.dim": max_dim,
    "min.dim": min_dim,
    "argmax": argmax,
    "argmin": argmin,
    "var.correction": var,
    "var_mean.correction": var_mean,
    "std.correction": std,
    "std_mean.correction": std_mean,
    "cumsum": cumsum,
    "cumprod": cumprod,
    "logsumexp": logsumexp,
    "linalg_vector_norm": vector_norm,
    "norm": norm,
    "any": any_true,
    "all": all_true,
}

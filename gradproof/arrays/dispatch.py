"""Universal functions on a `LeadArray`: alignment of the user's axes, keywords, and the methods of a ufunc."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradproof.arrays import composed, products, reductions
from gradproof.arrays.indexing import place_of
from gradproof.arrays.structure import LeadArray, align, same_family, unsupported

# Keywords of a ufunc call that do not change its values.
_HARMLESS = {"order", "subok", "casting"}
_PRODUCTS = {
    "matmul": products.matmul,
    "vecdot": products.vecdot,
    "matvec": products.matvec,
    "vecmat": products.vecmat,
}


_ERROR_FUNCTIONS = ("erf", "erf (vectorized)")
"""What `scipy.special.erf` and `np.frompyfunc(math.erf, 1, 1)` are called; NumPy itself has none."""


def apply_ufunc(ufunc: np.ufunc, method: str, inputs: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """What `NumpyArray.__array_ufunc__` does; raises UnsupportedOperation for what has no rule."""
    out = kwargs.pop("out", None)
    if method == "__call__":
        result = _called(ufunc, inputs, kwargs, out) if kwargs else _plain_call(ufunc, inputs)
    elif method == "reduce":
        result = reductions.reduce(ufunc, *inputs, **kwargs)
    elif method == "accumulate":
        result = reductions.accumulate(ufunc, *inputs, **kwargs)
    elif method == "outer":
        left, right = (same_family(inputs)._lift(x) for x in inputs)
        result = ufunc(left[(..., *[None] * right.ndim)], right, **kwargs)
    elif method == "at":
        return _at(ufunc, *inputs)
    else:
        raise unsupported(f"np.{ufunc.__name__}.{method}")
    return result if out is None else _written(ufunc, result, inputs, out)


def _plain_call(ufunc: np.ufunc, inputs: Sequence[Any]) -> Any:
    if ufunc.signature is not None:
        if ufunc.__name__ not in _PRODUCTS:
            raise unsupported(f"np.{ufunc.__name__}")
        return _PRODUCTS[ufunc.__name__](*inputs)
    if ufunc.__name__ in _ERROR_FUNCTIONS and hasattr(inputs[0], "__erf__"):
        return inputs[0].__erf__()
    model, operands = align(inputs)
    result = model._elementwise(ufunc, operands)
    if result is None:
        rule = composed.UFUNCS.get(ufunc)
        if rule is None:
            raise unsupported(f"np.{ufunc.__name__}", f"it has no rule for a {model.kind}")
        result = rule(*inputs)
    return result


def _called(ufunc: np.ufunc, inputs: Sequence[Any], kwargs: dict[str, Any], out: Any) -> Any:
    """A call with keywords: `dtype=` is a cast of the inputs, `where=` keeps what `out` held."""
    dtype, where = kwargs.pop("dtype", None), kwargs.pop("where", True)
    if unknown := set(kwargs) - _HARMLESS:
        raise unsupported(f"np.{ufunc.__name__} with {', '.join(sorted(unknown))}=")
    if dtype is not None:
        model = same_family(inputs)
        inputs = [model._lift(x)._cast(np.dtype(dtype)) for x in inputs]
    result = _plain_call(ufunc, inputs)
    if where is True:
        return result
    if out is None or ufunc.signature is not None:
        raise unsupported(f"np.{ufunc.__name__} with where= and no out=", "the other elements are not initialised")
    return np.where(where, result, out[0])


def _written(ufunc: np.ufunc, result: Any, inputs: Sequence[Any], out: Any) -> Any:
    """`result` written into `out`, as an in-place operator does."""
    target = out[0]
    if len(out) != 1 or isinstance(result, tuple):
        raise unsupported(f"np.{ufunc.__name__} with several out= arrays")
    if not np.can_cast(result.dtype, target.dtype, "same_kind"):
        raise TypeError(
            f"Cannot cast ufunc {ufunc.__name__!r} output from {result.dtype!r} to {target.dtype!r} "
            "with casting rule 'same_kind'"
        )
    if isinstance(target, LeadArray):
        target[...] = result
        return target
    return _replaced(ufunc, result, inputs, target)


def _replaced(ufunc: np.ufunc, result: LeadArray, inputs: Sequence[Any], target: Any) -> LeadArray:
    """`total = np.zeros(3); total += x`: the name is bound to the result, which a plain array cannot hold.

    Another name for the old array would now be stale, so the old array is filled with NaN: a use of it shows.
    """
    if not any(x is target for x in inputs) or target.dtype.kind != "f" or not target.flags.writeable:
        raise unsupported(
            f"np.{ufunc.__name__} with a plain array as out=",
            "it holds one trial only",
            "start from np.zeros_like(x) of an array in the computation",
        )
    if np.broadcast_shapes(result.shape, target.shape) != target.shape:
        raise ValueError(f"non-broadcastable output operand with shape {target.shape} for a result of {result.shape}")
    target.fill(np.nan)
    return result._cast(target.dtype)


def _at(ufunc: np.ufunc, target: Any, index: Any, values: Any = None) -> None:
    """`np.add.at` and `np.subtract.at`: unbuffered addition into repeated places."""
    if ufunc not in (np.add, np.subtract) or not isinstance(target, LeadArray):
        raise unsupported(
            f"np.{ufunc.__name__}.at" + ("" if isinstance(target, LeadArray) else " into a plain array"),
            way_out="add into np.zeros_like(x) of an array in the computation",
        )
    addend = target._lift(values if ufunc is np.add else np.negative(values))
    if not np.can_cast(addend.dtype, target.dtype, "same_kind"):
        raise unsupported(f"np.{ufunc.__name__}.at of {addend.dtype} into {target.dtype}")
    place, arranged = place_of(target, index, addend)
    target._scattered(place, arranged)

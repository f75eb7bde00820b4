"""The rounding model behind `BoundArray`, and the small tools that all its rules share.

IEEE 754: + - * / and sqrt are correctly rounded with unit roundoff u, and lose at most the smallest subnormal number
where they underflow. n roundings in any order, fused or not, lose at most gamma_n = n u / (1 - n u) relative to the
sum of magnitudes (Higham, "Accuracy and Stability of Numerical Algorithms", 2nd ed., lemmas 3.1 and 8.4).
Elementary functions are taken to be within `ULPS` units in the last place: NumPy tests its own to 4
(numpy/_core/tests/test_umath_accuracy.py), and SLEEF, behind torch, documents 1.

A rule works on terms (value, error); an error of None is an exact zero. The bound itself is computed in float64 and
inflated for its own rounding. NaN never survives in an error: `settled` turns it into inf, which means "no bound".
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradproof.arrays.structure import Array, unsupported

Term = tuple[Any, Any]  # value (ndarray or scalar), error (float64 ndarray, float or None)

F64, F32 = np.dtype(np.float64), np.dtype(np.float32)
UNIT_ROUNDOFF: dict[np.dtype[Any], float] = {F64: 2.0**-53, F32: 2.0**-24}
SUBNORMAL: dict[np.dtype[Any], float] = {F64: 2.0**-1074, F32: 2.0**-149}
NORMAL: dict[np.dtype[Any], float] = {F64: 2.0**-1022, F32: 2.0**-126}

_NAMES = (
    *("exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "power", "erf"),
    *("tanh", "sinh", "cosh", "sin", "cos", "arctan", "arcsinh"),
)
ULPS: dict[str, dict[str, float]] = {
    "float64": dict.fromkeys(_NAMES, 4.0) | {"exp": 2.0, "log": 2.0},
    "float32": dict.fromkeys(_NAMES, 4.0),
}
"""Assumed accuracy of the elementary functions, in units in the last place of the exact result."""

INFLATE = 1 + 2.0**-49
"""Covers the rounding of a bound that is computed by at most a dozen operations in float64."""

INFLATE_FUNCTION = 1 + 2.0**-46
"""The same where the bound itself uses elementary functions."""

MARGIN = 1 + 2.0**-49
"""Covers the rounding of a distance that is compared with a bound."""

ZERO = np.zeros(1)
ZERO.flags.writeable = False


def exact_zeros(shape: tuple[int, ...]) -> Array:
    """Zeros that take no memory and no time: a read-only view with zero strides, which `known_exact` recognises."""
    return np.ndarray(shape, F64, buffer=ZERO, strides=(0,) * len(shape))


def known_exact(error: Array) -> bool:
    """Whether the error is exactly zero everywhere, if that can be told without looking at every element."""
    return not any(error.strides) and (error.size == 0 or not error[(0,) * error.ndim])


def settled(error: Any) -> Any:
    """NaN, which stands for an overflow on the way, becomes inf. In place."""
    return np.fmin(error, np.inf, out=error) if isinstance(error, np.ndarray) else np.fmin(error, np.inf)


def magnitude(value: Any) -> Any:
    """|value| in float64; a new array."""
    return np.abs(value, dtype=F64) if isinstance(value, np.ndarray) else abs(float(value))


def rounding(value: Array, ulps: float = 0.5) -> Array:
    """The error of rounding to `value`, of a float dtype, within `ulps`; a new array. Infinite where it overflowed."""
    if value.dtype not in UNIT_ROUNDOFF:
        raise unsupported(f"arithmetic in {value.dtype}", "error bounds know float32 and float64")
    error = np.abs(value, dtype=F64)
    error *= 2 * ulps * UNIT_ROUNDOFF[value.dtype]
    return error


def gamma(count: int, dtype: np.dtype[Any]) -> float:
    """gamma_n for n roundings in the dtype."""
    lost = count * UNIT_ROUNDOFF[dtype]
    return lost / (1 - lost) * INFLATE if lost < 0.5 else np.inf


def plus(first: Any, second: Any) -> Any:
    """The sum of two errors, None being an exact zero; a new array if both are there."""
    if first is None or second is None:
        return second if first is None else first
    return first + second


def entered(term: Term, dtype: np.dtype[Any]) -> Term:
    """An operand as it enters an operation that is done in the dtype: converting it may round."""
    value, error = term
    if value.dtype == dtype if isinstance(value, np.ndarray) else isinstance(value, float) and dtype == F64:
        return term
    if isinstance(value, int | float):
        converted = dtype.type(value)
        gap = _scalar_gap(value, converted)
        return converted, plus(error, gap) if gap else error
    if value.dtype.kind == "b":
        return term
    converted = value.astype(dtype)
    if dtype.kind != "f" or (dtype == F64 and value.dtype.kind == "f"):
        return converted, error
    if value.dtype.kind == "f":
        lost = np.abs(value - converted.astype(F64))  # exact: both are float64 and close
    else:
        limit = 1 / UNIT_ROUNDOFF[dtype]
        size = magnitude(value)
        if not np.any(size >= limit):
            return converted, error
        lost = np.where(size >= limit, rounding(converted), 0.0)
    return converted, settled(plus(error, lost))


def _scalar_gap(value: float, converted: Any) -> float:
    """How far a Python number is from what it was converted to."""
    if converted.dtype.kind != "f" or not np.isfinite(value):
        return 0.0
    return float(abs(value - converted.item())) if np.isfinite(converted) else np.inf


def no_error(value: Array) -> Array:
    """A writable error of zero; inf where the value is not a number."""
    error = np.zeros(value.shape)
    if value.dtype.kind == "f" and (lost := np.isnan(value)).any():
        error[lost] = np.inf
    return error


def copied(error: Any, value: Array) -> Array:
    """An error of its own for a value that is as exact as its operand."""
    return no_error(value) if error is None else np.array(np.broadcast_to(error, value.shape), dtype=F64)


def real(value: Any) -> Any:
    """The value in float64."""
    return np.asarray(value, dtype=F64)

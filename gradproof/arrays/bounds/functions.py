"""Error bounds of elementary functions: the error that comes in, through the mean value theorem, and `ULPS` more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gradproof.arrays.bounds.model import (
    F64,
    INFLATE_FUNCTION,
    NORMAL,
    ULPS,
    UNIT_ROUNDOFF,
    Term,
    entered,
    magnitude,
    rounding,
    settled,
)
from gradproof.arrays.structure import Array
from gradproof.arrays.trials import gauss_error


class Accuracy(NamedTuple):
    """A computed v is within `slack * |v| + floor` of the function's exact value."""

    slack: float
    floor: float


Spread = Callable[[Any, Any, Array, Accuracy], Any]  # operand, its error, computed value (all float64) -> error
_LN2_UP = 0.6931471805599454
_LEVEL = frozenset(("exp", "exp2", "expm1", "tanh", "erf"))
"""Functions that tend to a whole number where the operand is infinite."""
_CORRECTLY_ROUNDED = (2, 1, 0.5, -1)  # NumPy squares, copies, takes the root, divides; scalars go through pow: an ulp


def elementary(name: str, function: Callable[..., Any], spread: Spread) -> Callable[[Term], tuple[Array, Array]]:
    """The rule of a function of one variable.

    `spread(x, e, v, near)` bounds |f(x') - f(x)| for |x' - x| <= e, where v is as near to f(x) as `near` says.
    """

    def rule(a: Term) -> tuple[Array, Array]:
        value = function(a[0])
        ulps = ULPS.get(str(value.dtype), {}).get(name, np.nan)
        error = rounding(value, ulps)
        operand, error_in = entered(a, value.dtype)
        if error_in is not None:
            near = Accuracy(4 * ulps * UNIT_ROUNDOFF[value.dtype], NORMAL[value.dtype])
            error += spread(np.asarray(operand, dtype=F64), error_in, value.astype(F64, copy=False), near)
        error *= INFLATE_FUNCTION
        error += NORMAL[value.dtype]  # a result that underflows may be flushed to zero
        error = settled(error)
        if name in _LEVEL and (ends := np.isinf(operand)).any():
            # an infinity that is exact, such as a score that a mask made -inf: so is what the function tends to
            error[ends & np.isfinite(value) & np.isfinite(0.0 if error_in is None else error_in)] = 0.0
        return value, error

    return rule


def _grown(error: Any) -> Any:
    """An upper bound of exp(e) - 1: e + e^2 for e <= 1, cheaper than the function."""
    return error + error * error if np.max(error, initial=0.0) <= 1 else np.expm1(error)


def _exp(x: Array, e: Any, v: Array, near: Accuracy) -> Any:
    # both ends of the interval are positive, so the upper one bounds the change too, however large the error is
    return np.fmin(_grown_by(e, v, near), np.exp(x + e) * (1 + 2 * near.slack) + near.floor)


def _grown_by(error: Any, v: Array, near: Accuracy) -> Any:
    return (v * (1 + near.slack) + near.floor) * _grown(error)


def _exp2(x: Array, e: Any, v: Array, near: Accuracy) -> Any:
    return np.fmin(_grown_by(e * _LN2_UP, v, near), np.exp2(x + e) * (1 + 2 * near.slack) + near.floor)


def _expm1(x: Array, e: Any, v: Array, near: Accuracy) -> Any:
    return (v + 1 + near.slack * (1 + np.abs(v))) * _grown(e)


def _log(x: Array, e: Any, v: Array, near: Accuracy) -> Any:
    return e / np.maximum(x - e, 0.0)


def _log2(x: Array, e: Any, v: Array, near: Accuracy) -> Any:
    return _log(x, e, v, near) * 1.4426950408889645


def _log10(x: Array, e: Any, v: Array, near: Accuracy) -> Any:
    return _log(x, e, v, near) * 0.4342944819032520


def _log1p(x: Array, e: Any, v: Array, near: Accuracy) -> Any:
    return e / np.maximum((1 + x) * (1 - 8 * UNIT_ROUNDOFF[F64]) - e, 0.0)


def _tanh(x: Array, e: Any, v: Array, near: Accuracy) -> Any:
    # tanh' = 1 - tanh^2, and |tanh''| < 1
    return e * np.minimum(1.0, 1 - v * v + (e + 2 * near.slack))


def _sinh(x: Array, e: Any, v: Array, near: Accuracy) -> Any:
    # cosh <= |sinh| + 1
    return e * (np.abs(v) * (1 + near.slack) + 1) * np.exp(e)


def _cosh(x: Array, e: Any, v: Array, near: Accuracy) -> Any:
    return e * v * (1 + near.slack) * np.exp(e)


def _lipschitz(x: Array, e: Any, v: Array, near: Accuracy) -> Any:
    return e


def _erf(x: Array, e: Any, v: Array, near: Accuracy) -> Any:
    # erf' = 2 / sqrt(pi) exp(-x^2)
    nearest = np.maximum(np.abs(x) - e, 0.0)
    return e * 1.1283791670955128 * np.exp(-nearest * nearest)


def logaddexp(a: Term, b: Term) -> tuple[Array, Array]:
    """log(e^a + e^b) by max + log1p(exp(-|a - b|)): 16 u for the inner steps and a rounding of the sum."""
    value = np.logaddexp(a[0], b[0])
    error = rounding(value)
    error += 16 * UNIT_ROUNDOFF[value.dtype]
    errors = [e for _, e in (entered(a, value.dtype), entered(b, value.dtype)) if e is not None]
    if errors:
        error += errors[0] if len(errors) == 1 else np.maximum(*errors)  # the two weights add up to one
    error *= INFLATE_FUNCTION
    return value, settled(error)


def power(a: Term, b: Term) -> tuple[Array, Array]:
    """a ** b; no bound where the base's interval holds zero and the power is not smooth there."""
    value = np.power(a[0], b[0])
    if value.dtype.kind in "iu":
        return _integer_power(value, a, b)
    (base, base_error), (exponent, exponent_error) = entered(a, value.dtype), entered(b, value.dtype)
    fixed = np.ndim(exponent) == 0 and exponent_error is None
    ulps = 1.0 if fixed and exponent in _CORRECTLY_ROUNDED else ULPS[str(value.dtype)]["power"]
    error = rounding(value, ulps)
    if fixed:
        if exponent == 0:
            return value, np.zeros(value.shape)
        if base_error is not None:
            error += _fixed_power(base, base_error, float(exponent), value)
    elif base_error is not None or exponent_error is not None:
        error += _varying_power(base, base_error, exponent, exponent_error, value)
    error *= INFLATE_FUNCTION
    error += NORMAL[value.dtype]
    return value, settled(error)


def _fixed_power(x: Any, e: Any, n: float, value: Array) -> Any:
    """|x'^n - x^n| <= |n| e max|xi|^(n-1) over the interval; |x' - x|^n bounds it too for 0 < n < 1."""
    size = magnitude(x)
    if n == 2:
        return n * e * (size + e)
    if n >= 1:
        return n * e * np.power(size + e, n - 1)
    if n < 0:
        return _varying_power(x, e, n, None, value)
    return np.fmin(n * e * np.power(np.maximum(size - e, 0.0), n - 1), np.power(e, n))


def _varying_power(x: Any, ex: Any, n: Any, en: Any, value: Array) -> Any:
    """x^n (e^d - 1), where d bounds the change of n log x."""
    size, exponent = magnitude(x), magnitude(n)
    change: Any = 0.0
    if ex is not None:
        change = (exponent + (0.0 if en is None else en)) * (ex / np.maximum(size - ex, 0.0))
    if en is not None:
        # a moving exponent is smooth for a positive base only
        change = change + np.where(np.asarray(x) > 0, en * np.abs(np.log(size)), np.inf)
    return (magnitude(value) * (1 + 2.0**-18) + NORMAL[value.dtype]) * _grown(change)


def _integer_power(value: Array, a: Term, b: Term) -> tuple[Array, Array]:
    error = np.zeros(value.shape)
    if a[1] is not None or b[1] is not None:
        error += np.where(
            np.equal(0.0 if a[1] is None else a[1], 0) & np.equal(0.0 if b[1] is None else b[1], 0), 0, np.inf
        )
    real = np.power(magnitude(a[0]), np.asarray(b[0], dtype=F64))
    error[np.broadcast_to(real > np.iinfo(value.dtype).max * (1 - 2.0**-50), error.shape)] = np.inf
    return value, error


_SPREADS: dict[np.ufunc, Spread] = {
    np.exp: _exp,
    np.exp2: _exp2,
    np.expm1: _expm1,
    np.log: _log,
    np.log2: _log2,
    np.log10: _log10,
    np.log1p: _log1p,
    np.tanh: _tanh,
    np.sinh: _sinh,
    np.cosh: _cosh,
    np.sin: _lipschitz,
    np.cos: _lipschitz,
    np.arctan: _lipschitz,
    np.arcsinh: _lipschitz,
}

FUNCTION_RULES: dict[np.ufunc, Callable[..., tuple[Array, Array]]] = {
    **{ufunc: elementary(ufunc.__name__, ufunc, spread) for ufunc, spread in _SPREADS.items()},
    np.logaddexp: logaddexp,
    np.power: power,
}

error_function = elementary("erf", gauss_error, _erf)
"""The rule of erf, for which NumPy has no ufunc."""

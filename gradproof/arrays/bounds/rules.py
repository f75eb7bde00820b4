"""Error bounds of arithmetic, elementwise on terms (value, error).

Every rule returns the value that NumPy computes, bit for bit, and a bound of its distance from the exact result for
any operands within their own bounds.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradproof.arrays.bounds.model import (
    F64,
    INFLATE,
    NORMAL,
    SUBNORMAL,
    UNIT_ROUNDOFF,
    Term,
    copied,
    entered,
    magnitude,
    no_error,
    plus,
    real,
    rounding,
    settled,
)
from gradproof.arrays.structure import Array

Result = tuple[Array, Array]


def add(a: Term, b: Term) -> Result:
    """a + b; adding a literal zero is exact, and so is adding to an exact infinity."""
    return _sum(np.add, a, b)


def subtract(a: Term, b: Term) -> Result:
    """a - b."""
    return _sum(np.subtract, a, b)


def _sum(ufunc: np.ufunc, a: Term, b: Term) -> Result:
    value = ufunc(a[0], b[0])
    (left, left_error), (right, right_error) = entered(a, value.dtype), entered(b, value.dtype)
    if value.dtype.kind != "f":
        return value, _integer_error(value, ufunc(real(left), real(right)), plus(left_error, right_error))
    if _is_zero(right) or _is_zero(left):
        return value, copied(plus(left_error, right_error), value)
    error = rounding(value)
    if left_error is not None:
        error += left_error
    if right_error is not None:
        error += right_error
    if left_error is not None or right_error is not None:
        error *= INFLATE
    error = settled(error)
    np.copyto(error, 0.0, where=_held_infinities(value, (left, left_error), (right, right_error)))
    return value, error


def _held_infinities(value: Array, *operands: Term) -> Any:
    """Where a sum is infinite because an operand is, and not by overflow: a score that a mask made -inf.

    An infinite value with a finite error is exactly infinite, and what is finite and has a finite error cannot
    change it. (Infinities of opposite sign give NaN.)
    """
    held = np.isinf(value)
    if not held.any():
        return False
    held &= np.logical_or(*(np.isinf(operand) for operand, _ in operands))
    for _, error in operands:
        held &= True if error is None else np.isfinite(error)
    return held


def multiply(a: Term, b: Term) -> Result:
    """a * b; exact by a mask and by a literal power of two."""
    value = np.multiply(a[0], b[0])
    left, right = entered(a, value.dtype), entered(b, value.dtype)
    spread = _product_spread(left, right)
    if value.dtype.kind != "f":
        return value, _integer_error(value, real(left[0]) * real(right[0]), spread)
    if _is_mask(left[0]) or _is_mask(right[0]):
        return value, _scaled(value, spread, 1.0)
    if (factor := left[0] if _scales(left[0]) else right[0] if _scales(right[0]) else None) is not None:
        return value, _scaled(value, spread, abs(factor))
    error = rounding(value)
    if spread is not None:
        error += spread
        error *= INFLATE
    error += 4 * SUBNORMAL[value.dtype]
    return value, settled(error)


def _product_spread(left: Term, right: Term) -> Any:
    """|a| eb + ea (|b| + eb): how far the product moves within the operands' errors; None if they are exact."""
    (a, ea), (b, eb) = left, right
    if ea is None and eb is None:
        return None
    if ea is None:
        return magnitude(a) * eb
    if eb is None:
        return magnitude(b) * ea
    return magnitude(a) * eb + (magnitude(b) + eb) * ea


def _scaled(value: Array, spread: Any, factor: float) -> Array:
    """The error of a product that is exact but for overflow and underflow."""
    error = copied(spread, value)
    error *= INFLATE
    if factor < 1:
        error += 4 * SUBNORMAL[value.dtype]
    error[~np.isfinite(value)] = np.inf
    return np.asarray(settled(error))


def divide(a: Term, b: Term) -> Result:
    """a / b; no bound where the divisor's interval holds zero."""
    value = np.true_divide(a[0], b[0])
    (_, left_error), (right, right_error) = entered(a, value.dtype), entered(b, value.dtype)
    if right_error is None and _scales(right):
        return value, _scaled(value, None if left_error is None else left_error / abs(right), 1 / abs(right))
    error = rounding(value)
    floor = 4 * SUBNORMAL[value.dtype]
    if right_error is None:
        if left_error is not None:
            error += left_error / magnitude(right)
    else:
        # |a'/b' - a/b| <= (ea + |a/b| eb) / (|b| - eb)
        room = np.maximum(magnitude(right) - right_error, 0.0)
        spread = np.abs(value, dtype=F64)
        spread += floor
        spread *= right_error / room * (1 + 4 * UNIT_ROUNDOFF[value.dtype])
        error += spread
        if left_error is not None:
            error += left_error / room
    error *= INFLATE
    error += floor
    return value, settled(error)


def square_root(a: Term) -> Result:
    """sqrt(a)."""
    value = np.sqrt(a[0])
    operand, error_in = entered(a, value.dtype)
    error = rounding(value)
    if error_in is not None:
        lowest = np.sqrt(np.maximum(operand - error_in, 0.0))
        lowest += value
        # both hold, and the second also where the value is zero
        error += np.fmin(error_in / lowest, np.sqrt(error_in))
        error *= INFLATE * (1 + 4 * UNIT_ROUNDOFF[value.dtype])
    return value, settled(error)


def negative(a: Term) -> Result:
    """-a, exact."""
    value = np.negative(a[0])
    return value, copied(a[1], value)


def positive(a: Term) -> Result:
    """+a, exact."""
    value = np.positive(a[0])
    return value, copied(a[1], value)


def absolute(a: Term) -> Result:
    """|a|, exact."""
    value = np.abs(a[0])
    return value, copied(a[1], value)


def _integer_error(value: Array, exact: Any, spread: Any) -> Array:
    """Integers are exact until they leave their type's range."""
    error = no_error(value)
    if spread is not None:
        error += spread
        error *= INFLATE
    if value.dtype.kind in "iu":
        limits = np.iinfo(value.dtype)
        outside = (exact > limits.max * (1 - 2.0**-50)) | (exact < limits.min * (1 - 2.0**-50))
        np.copyto(error, np.inf, where=outside)
    return error


def _is_mask(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "b"


def _is_zero(value: Any) -> bool:
    return not isinstance(value, np.ndarray) and bool(value == 0)


def _scales(value: Any) -> bool:
    """A literal power of two."""
    if isinstance(value, np.ndarray) or not np.isfinite(value) or value == 0:
        return False
    size = abs(float(value))
    return math.frexp(size)[0] == 0.5 and size >= NORMAL[F64]


ARITHMETIC_RULES: dict[np.ufunc, Callable[..., Result]] = {
    np.add: add,
    np.subtract: subtract,
    np.multiply: multiply,
    np.true_divide: divide,
    np.sqrt: square_root,
    np.negative: negative,
    np.positive: positive,
    np.absolute: absolute,
}

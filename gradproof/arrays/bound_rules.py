"""Error bounds of arithmetic, comparisons, masks and choices, elementwise on terms (value, error).

Every rule returns the value that NumPy computes, bit for bit, and a bound of its distance from the exact result for
any operands within their own bounds. A truth value is a boolean with error 0 (certain) or 1 (undecided).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradproof.arrays.bound_model import (
    F64,
    INFLATE,
    NORMAL,
    SUBNORMAL,
    UNIT_ROUNDOFF,
    Term,
    entered,
    magnitude,
    plus,
    rounding,
    settled,
)
from gradproof.arrays.structure import Array

Result = tuple[Array, Array]
_MARGIN = 1 + 2.0**-49


def add(a: Term, b: Term) -> Result:
    """a + b; adding a literal zero is exact."""
    return _sum(np.add, a, b)


def subtract(a: Term, b: Term) -> Result:
    """a - b."""
    return _sum(np.subtract, a, b)


def _sum(ufunc: np.ufunc, a: Term, b: Term) -> Result:
    value = ufunc(a[0], b[0])
    (left, left_error), (right, right_error) = entered(a, value.dtype), entered(b, value.dtype)
    if value.dtype.kind != "f":
        return value, _integer_error(value, ufunc(_real(left), _real(right)), plus(left_error, right_error))
    if _is_zero(right) or _is_zero(left):
        return value, _copied(plus(left_error, right_error), value)
    error = rounding(value)
    if left_error is None and right_error is None:
        return value, settled(error)
    if left_error is not None:
        error += left_error
    if right_error is not None:
        error += right_error
    error *= INFLATE
    return value, settled(error)


def multiply(a: Term, b: Term) -> Result:
    """a * b; exact by a mask and by a literal power of two."""
    value = np.multiply(a[0], b[0])
    left, right = entered(a, value.dtype), entered(b, value.dtype)
    spread = _product_spread(left, right)
    if value.dtype.kind != "f":
        return value, _integer_error(value, _real(left[0]) * _real(right[0]), spread)
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
    error = _copied(spread, value)
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
    return value, _copied(a[1], value)


def positive(a: Term) -> Result:
    """+a, exact."""
    value = np.positive(a[0])
    return value, _copied(a[1], value)


def absolute(a: Term) -> Result:
    """|a|, exact."""
    value = np.abs(a[0])
    return value, _copied(a[1], value)


def maximum(a: Term, b: Term) -> Result:
    """The larger one; the loser adds nothing where it cannot win."""
    return _extreme(np.maximum, a, b)


def minimum(a: Term, b: Term) -> Result:
    """The smaller one."""
    return _extreme(np.minimum, a, b)


def _extreme(ufunc: np.ufunc, a: Term, b: Term) -> Result:
    value = ufunc(a[0], b[0])
    parts = (entered(term, value.dtype) for term in (a, b))
    errors = [extreme_reach(ufunc, operand, error, value) for operand, error in parts if error is not None]
    if not errors:
        return value, no_error(value)
    return value, settled(errors[0] if len(errors) == 1 else np.maximum(*errors))


def extreme_reach(ufunc: np.ufunc, operand: Any, error: Any, value: Array) -> Array:
    """How far one operand can move the extreme `value`: its error, less its distance from winning."""
    gap = np.subtract(operand, value, dtype=F64) if ufunc is np.maximum else np.subtract(value, operand, dtype=F64)
    gap += error * _MARGIN
    np.maximum(gap, 0.0, out=gap)
    return np.asarray(np.minimum(gap, error))


def where(condition: Term, a: Term, b: Term) -> Result:
    """a where the condition holds, else b; where it is undecided, either."""
    mask, doubt = condition
    value = np.asarray(np.where(mask, a[0], b[0]))
    (left, left_error), (right, right_error) = entered(a, value.dtype), entered(b, value.dtype)
    error = no_error(value)
    if left_error is not None or right_error is not None:
        error += np.where(mask, 0.0 if left_error is None else left_error, 0.0 if right_error is None else right_error)
    if doubt is not None and doubt.any():
        apart = np.abs(_real(left) - _real(right)) * _MARGIN
        for other in (left_error, right_error):
            apart = apart if other is None else apart + other
        np.copyto(error, apart * _MARGIN, where=doubt > 0)
    return value, settled(error)


def comparison(ufunc: np.ufunc) -> Callable[[Term, Term], Result]:
    """A comparison: undecided where the two intervals meet, unless both sides are exact."""

    def rule(a: Term, b: Term) -> Result:
        value = ufunc(a[0], b[0])
        dtype = np.result_type(a[0], b[0])
        (left, left_error), (right, right_error) = entered(a, dtype), entered(b, dtype)
        reach = plus(left_error, right_error)
        if reach is None:
            return value, no_error(value)
        apart = np.abs(np.subtract(left, right, dtype=F64))
        return value, np.logical_not((apart > reach * _MARGIN) | np.equal(reach, 0)).astype(F64)

    return rule


def truth(a: Term) -> Term:
    """A number as a condition: whether it is not zero."""
    return a if np.result_type(a[0]).kind == "b" else comparison(np.not_equal)(a, (0, None))


def _connective(ufunc: np.ufunc, deciding: bool | None) -> Callable[[Term, Term], Result]:
    """`and`, `or`: certain also where one side, being certain, decides alone; `xor` has no such side."""

    def rule(a: Term, b: Term) -> Result:
        (left, left_doubt), (right, right_doubt) = truth(a), truth(b)
        value = ufunc(left, right)
        if left_doubt is None and right_doubt is None:
            return value, no_error(value)
        first, second = (0.0 if doubt is None else doubt for doubt in (left_doubt, right_doubt))
        doubt = np.maximum(first, second)
        if deciding is not None:
            decided = ((left == deciding) & np.equal(first, 0)) | ((right == deciding) & np.equal(second, 0))
            doubt = np.where(decided, 0.0, doubt)
        return value, doubt

    return rule


def logical_not(a: Term) -> Result:
    """Not a; as undecided as a is."""
    mask, doubt = truth(a)
    value = np.logical_not(mask)
    return value, _copied(doubt, value)


def finiteness(ufunc: np.ufunc) -> Callable[[Term], Result]:
    """isfinite, isnan, isinf: undecided where there is no bound."""

    def rule(a: Term) -> Result:
        value = ufunc(a[0])
        return value, no_error(value) if a[1] is None else np.logical_not(np.isfinite(a[1])).astype(F64)

    return rule


def sign(a: Term) -> Result:
    """-1, 0 or 1; undecided where the interval holds zero."""
    value = np.sign(a[0])
    return value, _jump(a, 2.0, value)


def heaviside(a: Term, at_zero: Term) -> Result:
    """The step; undecided where the interval holds zero."""
    value = np.heaviside(a[0], at_zero[0])
    height, height_error = entered(at_zero, value.dtype)
    error = _jump(a, np.maximum(1.0, magnitude(height) + 1.0), value)
    return value, error if height_error is None else error + height_error


def _jump(a: Term, height: Any, value: Array) -> Array:
    if a[1] is None:
        return no_error(value)
    return np.where((magnitude(a[0]) > a[1]) | (a[1] == 0), 0.0, height)


def step(ufunc: np.ufunc) -> Callable[[Term], Result]:
    """floor, ceil, rint, trunc: monotone, so the ends of the interval bound the result."""

    def rule(a: Term) -> Result:
        value = ufunc(a[0])
        if a[1] is None:
            return value, no_error(value)
        middle, reach = np.asarray(a[0], dtype=F64), a[1] + np.spacing(np.abs(a[0], dtype=F64))
        return value, settled(np.maximum(ufunc(middle + reach) - value, value - ufunc(middle - reach)))

    return rule


def no_error(value: Array) -> Array:
    """A writable error of zero; inf where the value is not a number."""
    error = np.zeros(value.shape)
    if value.dtype.kind == "f" and (lost := np.isnan(value)).any():
        error[lost] = np.inf
    return error


def _copied(error: Any, value: Array) -> Array:
    return no_error(value) if error is None else np.array(np.broadcast_to(error, value.shape), dtype=F64)


def _integer_error(value: Array, real: Any, spread: Any) -> Array:
    """Integers are exact until they leave their type's range."""
    error = no_error(value)
    if spread is not None:
        error += spread
        error *= INFLATE
    if value.dtype.kind in "iu":
        limits = np.iinfo(value.dtype)
        error[
            np.broadcast_to((real > limits.max * (1 - 2.0**-50)) | (real < limits.min * (1 - 2.0**-50)), error.shape)
        ] = np.inf
    return error


def _real(value: Any) -> Any:
    return np.asarray(value, dtype=F64)


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


RULES: dict[np.ufunc, Callable[..., Result]] = {
    np.add: add,
    np.subtract: subtract,
    np.multiply: multiply,
    np.true_divide: divide,
    np.sqrt: square_root,
    np.negative: negative,
    np.positive: positive,
    np.absolute: absolute,
    np.maximum: maximum,
    np.minimum: minimum,
    np.sign: sign,
    np.heaviside: heaviside,
    np.logical_not: logical_not,
    np.logical_and: _connective(np.logical_and, False),
    np.logical_or: _connective(np.logical_or, True),
    np.logical_xor: _connective(np.logical_xor, None),
    **{f: comparison(f) for f in (np.greater, np.less, np.greater_equal, np.less_equal, np.equal, np.not_equal)},
    **{f: finiteness(f) for f in (np.isfinite, np.isnan, np.isinf)},
    **{f: step(f) for f in (np.floor, np.ceil, np.rint, np.trunc)},
}

MASK_RULES: dict[np.ufunc, Callable[..., Result]] = {
    np.bitwise_and: RULES[np.logical_and],
    np.bitwise_or: RULES[np.logical_or],
    np.bitwise_xor: RULES[np.logical_xor],
    np.invert: logical_not,
}
"""The bitwise operators where all operands are boolean."""

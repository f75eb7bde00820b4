"""Leading terms of rounding bounds: rules that give at most what the full ones give, in a third of the time.

They keep what the operands' errors do to first order, and the rounding of the operation itself where a number takes
part (1 - x, 1 / x) or a function levels off: there it may be all that counts. What else the full rules add (second
orders, other roundings, the inflation for their own rounding) only makes a bound larger. Where all operands are exact,
or a sum is not finite, there is no rule here: None asks for the full one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gradproof.arrays.bounds.model import F32, F64, ULPS, Term, magnitude, plus, rounding
from gradproof.arrays.structure import Array

Part = tuple[Array, Array] | None


def leading_part(ufunc: np.ufunc, terms: list[Term]) -> Part:
    """The value of an elementwise function and a part of its error; None where that has no rule here."""
    rule = _RULES.get(ufunc)
    if rule is None or not _of_one_kind(terms) or all(error is None for _, error in terms):
        return None
    return rule(*terms)


def _of_one_kind(terms: list[Term]) -> bool:
    """Whether all operands are real arrays of one dtype or Python numbers, so that nothing is converted."""
    dtypes = {value.dtype for value, _ in terms if isinstance(value, np.ndarray)}
    numbers = (value for value, _ in terms if not isinstance(value, np.ndarray))
    return dtypes <= {F64} | {F32} and len(dtypes) == 1 and all(type(number) in (int, float) for number in numbers)


def _sum(ufunc: np.ufunc) -> Callable[[Term, Term], Part]:
    def rule(a: Term, b: Term) -> Part:
        value = ufunc(a[0], b[0])
        if not np.isfinite(value.sum()):
            return None  # a score that a mask made -inf is exact
        if a[1] is not None and b[1] is not None:
            return value, plus(a[1], b[1])
        error = rounding(value) if _has_number(a, b) else np.zeros(value.shape)
        error += plus(a[1], b[1])
        return value, error

    return rule


def _has_number(a: Term, b: Term) -> bool:
    return not (isinstance(a[0], np.ndarray) and isinstance(b[0], np.ndarray))


def _multiply(a: Term, b: Term) -> Part:
    value = np.multiply(a[0], b[0])
    moved = [_moved(one, other) for one, other in ((a, b), (b, a)) if other[1] is not None]
    if len(moved) == 2:
        moved[0] += moved[1]
    return value, moved[0]


def _moved(one: Term, other: Term) -> Array:
    """|a| eb."""
    error = magnitude(one[0])
    return np.asarray(np.multiply(error, other[1]))


def _divide(a: Term, b: Term) -> Part:
    value = np.true_divide(a[0], b[0])
    if b[1] is None:
        return value, np.asarray(a[1] / magnitude(b[0]))
    error = magnitude(value)
    error *= b[1]
    if _has_number(a, b):
        error += rounding(value) * magnitude(b[0])
    if a[1] is not None:
        error += a[1]
    error /= magnitude(b[0])
    return value, error


def _exp(a: Term) -> Part:
    value = np.exp(a[0])
    return value, np.asarray(value * a[1], dtype=F64)


def _tanh(a: Term) -> Part:
    value = np.tanh(a[0])
    error = np.multiply(value, value, dtype=F64)
    np.subtract(1.0, error, out=error)
    error *= a[1]
    error += rounding(value, ULPS[str(value.dtype)]["tanh"])
    return value, error


def _extreme(ufunc: np.ufunc) -> Callable[[Term, Term], Part]:
    def rule(a: Term, b: Term) -> Part:
        value = ufunc(a[0], b[0])
        won = [np.multiply(error, operand == value) for operand, error in (a, b) if error is not None]
        return value, won[0] if len(won) == 1 else np.maximum(*won)

    return rule


_RULES: dict[np.ufunc, Callable[..., Part]] = {
    np.add: _sum(np.add),
    np.subtract: _sum(np.subtract),
    np.multiply: _multiply,
    np.true_divide: _divide,
    np.exp: _exp,
    np.tanh: _tanh,
    np.maximum: _extreme(np.maximum),
    np.minimum: _extreme(np.minimum),
}

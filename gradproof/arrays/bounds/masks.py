"""Error bounds of comparisons, masks, choices and steps, elementwise on terms (value, error).

A truth value is a boolean with error 0 (certain) or 1 (undecided).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradproof.arrays.bounds.model import F64, MARGIN, Term, copied, entered, magnitude, no_error, plus, real, settled
from gradproof.arrays.structure import Array

Result = tuple[Array, Array]


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
    gap += error * MARGIN
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
        apart = np.abs(real(left) - real(right)) * MARGIN
        for other in (left_error, right_error):
            apart = apart if other is None else apart + other
        np.copyto(error, apart * MARGIN, where=doubt > 0)
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
        return value, np.logical_not((apart > reach * MARGIN) | np.equal(reach, 0)).astype(F64)

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
    return value, copied(doubt, value)


def finiteness(ufunc: np.ufunc) -> Callable[[Term], Result]:
    """isfinite, isnan, isinf: what NumPy says of the value, since no rounding is asked about."""

    def rule(a: Term) -> Result:
        value = ufunc(a[0])
        return value, no_error(value)

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


def near_neighbours(value: Array, error: Array, axis: int, origin: Array | None = None) -> Array:
    """Which of sorted values are so near to a neighbour, of another origin, that they might change places.

    Args:
        value: The values in order along the axis.
        error: Their bounds.
        axis: The axis.
        origin: Where each value comes from; values of one origin are equal. None where that is not followed.
    """
    value, error = (np.moveaxis(layer, axis, -1) for layer in (value, error))
    reach = error[..., :-1] + error[..., 1:]
    with np.errstate(all="ignore"):
        near = (np.abs(np.diff(np.asarray(value, dtype=F64))) <= reach * MARGIN) & (reach > 0)
    if origin is not None:
        origin = np.moveaxis(origin, axis, -1)
        near &= origin[..., :-1] != origin[..., 1:]
    either = np.zeros(value.shape, dtype=bool)
    either[..., :-1] |= near
    either[..., 1:] |= near
    return np.moveaxis(either, -1, axis)


def equal_neighbours(value: Array, axis: int) -> Array:
    """Which of sorted values equal a neighbour: in what order they come is a matter of the implementation."""
    value = np.moveaxis(value, axis, -1)
    either = np.zeros(value.shape, dtype=bool)
    equal = value[..., :-1] == value[..., 1:]
    either[..., :-1] |= equal
    either[..., 1:] |= equal
    return np.moveaxis(either, -1, axis)


CHOICE_RULES: dict[np.ufunc, Callable[..., Result]] = {
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
    np.bitwise_and: CHOICE_RULES[np.logical_and],
    np.bitwise_or: CHOICE_RULES[np.logical_or],
    np.bitwise_xor: CHOICE_RULES[np.logical_xor],
    np.invert: logical_not,
}
"""The bitwise operators where all operands are boolean."""

"""Rows: the values of one quantity at several random points of a field."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Protocol

from gradproof.proof.field.field import Field

Key = tuple[str, int]
Row = list[int]
Turn = tuple[int, int]  # (cos, sin) of a point of the circle modulo p

ONE = -1  # stands for the constant 1 where a basis is named by the ids of nodes


class Values(Protocol):
    """The values of nodes and generators at some random points, all rows of one width."""

    field: Field
    width: int
    values: dict[int, Row]

    def draw(self, key: Key) -> Row:
        """The values of a free generator."""

    def turns(self, key: Key, unit: int) -> list[Turn]:
        """The points of the circle at `unit` times the angle of an angle generator."""

    def node(self, number: int) -> Row:
        """The values of a node; of the constant 1 for ONE."""

    def roots(self, number: int) -> Row:
        """The square roots of a node that some rule asked to be a square."""


def combination(at: Values, parts: Iterable[tuple[Row, Fraction]]) -> Row:
    """The linear combination of rows."""
    p, total = at.field.p, [0] * at.width
    for row, coefficient in parts:
        c = at.field.rational(coefficient)
        total = [(t + c * value) % p for t, value in zip(total, row, strict=True)]
    return total


def product(at: Values, rows: Sequence[Row]) -> Row:
    """The product of rows."""
    p, total = at.field.p, [1] * at.width
    for row in rows:
        total = [t * value % p for t, value in zip(total, row, strict=True)]
    return total


def powers(at: Values, row: Row, exponent: Fraction) -> Row:
    """A rational power of every value. Raises ZeroDivisionError where the field has none."""
    if exponent == 1:
        return row
    powers = [at.field.power(value, exponent) for value in row]
    if None in powers:
        raise ZeroDivisionError("a power that the field does not have")
    return [value for value in powers if value is not None]


def root_of_rational(field: Field, value: Fraction) -> int:
    """The positive root: rational where it is, else the one that is a square in the field."""
    exact = rational_root(value)
    if exact is not None:
        return field.rational(exact)
    root = field.square_root(field.rational(value))
    if root is None:
        raise ArithmeticError(f"{value} is no square in the field that was drawn")
    return root


def rational_root(value: Fraction) -> Fraction | None:
    """The square root of a positive rational where that is rational, else None."""
    top, bottom = math.isqrt(value.numerator), math.isqrt(value.denominator)
    exact = top * top == value.numerator and bottom * bottom == value.denominator
    return Fraction(top, bottom) if exact else None


def compose(a: Turn, b: Turn, p: int) -> Turn:
    """The sum of two angles."""
    return (a[0] * b[0] - a[1] * b[1]) % p, (a[0] * b[1] + a[1] * b[0]) % p


def turned_by(unit: Turn, steps: int, p: int) -> Turn:
    """The point `steps` times as far round the circle."""
    total, (c, s) = (1, 0), unit if steps >= 0 else (unit[0], -unit[1])
    steps = abs(steps)
    while steps:
        if steps & 1:
            total = compose(total, (c, s), p)
        c, s = (c * c - s * s) % p, 2 * c * s % p
        steps >>= 1
    return total

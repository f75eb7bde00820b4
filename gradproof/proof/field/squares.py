"""Products that are squares of an expression at hand, times a rational constant."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction

from gradproof.proof.field.field import Field
from gradproof.proof.field.points import Points, Program
from gradproof.proof.field.rows import ONE, Row, product

_MOST_FACTORS = 4
Shape = tuple[int, int]


class Squares:
    """The squares of all nodes that have values at some points, by their shape; those of certain sign come first."""

    def __init__(self, program: Program, at: Points) -> None:
        self._field, self._at = at.field, at
        self._by_shape: dict[Shape, list[int]] = {}
        nodes = program.graph.nodes
        for number in sorted(at.values, key=lambda n: (n != ONE and not nodes[n].nonnegative, n)):
            row = at.node(number)
            if row[0]:
                self._by_shape.setdefault(_shape([value * value for value in row[:3]], self._field), []).append(number)

    def factors(self, row: Row) -> list[tuple[int, Fraction]]:
        """(t, k) with row = k t^2, as far as three points tell."""
        found = []
        for number in self._by_shape.get(_shape(row, self._field), []):
            p = self._field.p
            scale = self._field.small_rational(row[0] * pow(self._at.node(number)[0], -2, p) % p)
            if scale:
                found.append((number, scale))
        return found

    def sign(self, row: Row) -> int | None:
        """The sign of a row that is k t^2 at all points; None where no such t is at hand."""
        for number, scale in self.factors(row):
            k = [self._field.rational(scale)] * self._at.width
            if product(self._at, [k, self._at.node(number), self._at.node(number)]) == row:
                return 1 if scale > 0 else -1
        return None


def signs_contradict(program: Program, chosen: Sequence[tuple[int, int]], at: Points) -> bool:
    """Whether no real input has these signs, because a product of some of the arguments is k t^2.

    `chosen` holds (argument, truth value of [argument > 0]).
    """
    squares = Squares(program, at)
    parities = {number: [at.field.square_root(value) is None for value in at.node(number)] for number, _ in chosen}
    for count in range(2, _MOST_FACTORS + 1):
        for some in itertools.combinations(chosen, count):
            odd = [sum(column) % 2 for column in zip(*(parities[number] for number, _ in some), strict=True)]
            if len(set(odd)) > 1:
                continue
            sign = squares.sign(product(at, [at.node(number) for number, _ in some]))
            negative = sum(1 - value for _, value in some) % 2
            if sign is not None and (sign < 0) != bool(negative):
                return True
    return False


def _shape(row: Row, field: Field) -> Shape:
    """Equal for rows that are proportional, as far as three points tell."""
    p, inverse = field.p, pow(row[0], -1, field.p)
    return row[1] * inverse % p, row[2] * inverse % p

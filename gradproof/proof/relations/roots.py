"""Square roots: free where the radicand is no square of an expression, else written with the absolute value.

A radicand u is no square, times a constant, of anything made of the generators and the earlier roots, if among
random points where these exist u is a square at one and none at another. Then the polynomial r^2 - u is irreducible
and an expression that vanishes at random points of r^2 = u is zero (its norm is). Otherwise u = k t^2 prod r_i^2,
and sqrt(u) = sqrt(k) |t| prod r_i once such a t is found among the expressions at hand. Without this step
sqrt(x^2) = x would pass every second point.
"""

from __future__ import annotations

import dataclasses
import itertools
import random
from fractions import Fraction

from gradproof.proof.expressions.expression import Expression
from gradproof.proof.field.conditions import Conditions
from gradproof.proof.field.coprime import without
from gradproof.proof.field.field import Field
from gradproof.proof.field.points import Points, Program
from gradproof.proof.field.rows import ONE, Row, rational_root
from gradproof.proof.field.rules import Atom, Decided, Rule
from gradproof.proof.field.rules_root import RootOfRational, RootOfSquare, SquareRoot
from gradproof.proof.field.squares import Squares

_POINTS_TO_CALL_A_SQUARE = 64
_MOST_ROOTS_IN_A_PRODUCT = 2


class NeedSquares(Exception):
    """The field must be drawn again such that these integers are squares in it."""

    def __init__(self, numbers: tuple[int, ...]) -> None:
        super().__init__(f"roots of {numbers}")
        self.numbers = numbers


class RootFinder:
    """Finds the rules of the square roots of one program, in their order."""

    def __init__(self, program: Program, rng: random.Random, conditions: Conditions) -> None:
        self._program, self._rng, self._conditions = program, rng, conditions
        self._required: list[int] = []  # nodes certified to be no squares, and asked to be squares at every point
        self._free: list[tuple[int, int]] = []  # (root, radicand)

    def rule(self, node: Expression, at: Points) -> tuple[Rule, str]:
        """The rule of a square root, and why nothing can be proved of it ("" where something can)."""
        radicand = node.args[0]
        if radicand.op == "const":
            require_squares(radicand.data, at.field)
            return RootOfRational(radicand.data), ""
        row = at.node(radicand.id)
        if not any(row):
            return Decided(radicand.id, 0, ()), ""
        if self.independent(radicand.id, at):
            self._free.append((node.id, radicand.id))
            return SquareRoot(radicand.id), ""
        found = self._root_of_square(radicand.id, at)
        if found is not None:
            return found, ""
        return Atom(radicand.id, ("sqrt", radicand.id), 1), "a square root of a square whose root is not at hand"

    def independent(self, number: int, at: Points) -> bool:
        """Whether the node with this id is certified to be no square; it is then asked to be one at all points."""
        row = at.node(number)
        if any(row == at.node(other) for other in self._required):
            return True
        seen = _kinds(row, at.field)
        if len(seen) < 2:
            probe = Points(self._program, _POINTS_TO_CALL_A_SQUARE, self._rng)
            probe.evaluate(at.place)
            seen |= _kinds(probe.node(number), at.field)
        if len(seen) == 2:
            self._required.append(number)
        return len(seen) == 2

    def _root_of_square(self, number: int, at: Points) -> RootOfSquare | None:
        """u = k t^2 prod r_i^2, or the same with 1/t, of a node t and roots r_i that are at hand."""
        field, row = at.field, at.node(number)
        squares = Squares(self._program, at)
        for count in range(_MOST_ROOTS_IN_A_PRODUCT + 1):
            for chosen in itertools.combinations(self._free, count):
                quotient = row
                for _, radicand in chosen:
                    inverses = field.inverses(at.node(radicand))
                    quotient = [a * b % field.p for a, b in zip(quotient, inverses, strict=True)]
                roots = tuple(root for root, _ in chosen)
                for power in (1, -1):
                    sought = quotient if power > 0 else field.inverses(quotient)
                    for factor, scale in squares.factors(sought):
                        rule = self._checked(number, scale**power, factor, power, roots, at) if scale > 0 else None
                        if rule is not None:
                            return rule
        return None

    def _checked(
        self, number: int, scale: Fraction, factor: int, power: int, roots: tuple[int, ...], at: Points
    ) -> RootOfSquare | None:
        require_squares(scale, at.field)
        certain = factor == ONE or self._program.graph.nodes[factor].nonnegative
        rule = RootOfSquare(number, scale, factor, power, roots, None)
        if not rule.holds(at):
            return None
        return rule if certain else dataclasses.replace(rule, sign=self._conditions.rule(factor, at))


def require_squares(value: Fraction, field: Field) -> None:
    """Raise NeedSquares unless every coprime factor of a positive rational is a square in the field."""
    if rational_root(value) is None:
        rest = [without(n, (2, 3, 5, 7, *field.squares)) for n in (value.numerator, value.denominator)]
        if rest != [1, 1]:
            raise NeedSquares(tuple(n for n in rest if n > 1))


def _kinds(row: Row, field: Field) -> set[bool]:
    return {field.square_root(value) is not None for value in row if value}

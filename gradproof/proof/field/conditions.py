"""What is made of the indicators [u > 0]: free variables, or bits of one region."""

from __future__ import annotations

from fractions import Fraction
from typing import Protocol

from gradproof.proof.expressions.walking import topological
from gradproof.proof.field.field import Field
from gradproof.proof.field.points import Points, Program
from gradproof.proof.field.rows import Row
from gradproof.proof.field.rules import Decided, Indicator
from gradproof.proof.field.rules_root import RootOfSquare


class Conditions(Protocol):
    """What is made of the indicators [u > 0]."""

    def rule(self, argument: int, at: Points) -> Indicator | Decided:
        """The rule of [u > 0] for the node u with this id."""


class FreeConditions:
    """Every condition a free variable: one test then covers all regions at once.

    Conditions with proportional arguments share it. For a negative ratio, [-u > 0] = 1 - [u > 0], that needs an
    argument that is zero on no set of positive measure.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self._classes: list[int] = []
        self._by_direction: dict[int, list[int]] = {}
        self._generation = -1

    def rule(self, argument: int, at: Points) -> Indicator | Decided:
        """The rule of [u > 0] for the node u with this id."""
        row, field = at.node(argument), at.field
        if not any(row):
            return Decided(argument, 0, ())
        if self._program.graph.nodes[argument].nonnegative and rarely_zero(self._program, argument):
            return Decided(argument, 1, None)
        for number in self._parallel(row, at):
            ratio = proportion(row, at.node(number), field)
            if ratio is not None and (ratio > 0 or rarely_zero(self._program, argument)):
                return Indicator(argument, ("if", number), ratio)
        self._parallel(row, at).append(argument)
        self._classes.append(argument)
        return Indicator(argument, ("if", argument), Fraction(1))

    def _parallel(self, row: Row, at: Points) -> list[int]:
        """The classes whose arguments may be proportional to the row."""
        if self._generation != at.generation:
            self._generation, self._by_direction = at.generation, {}
            for number in self._classes:
                self._by_direction.setdefault(direction(at.node(number), at.field), []).append(number)
        return self._by_direction.setdefault(direction(row, at.field), [])


def rarely_zero(program: Program, argument: int) -> bool:
    """Whether a node that is not zero identically is zero at most on a set of measure zero.

    So are functions that are analytic where they are defined; not those made of pieces (z [z > 0]), as long as their
    conditions are open, and not those of a variable that takes some numbers only.
    """
    for node in topological([program.graph.nodes[argument]]):
        rule = program.rules.get(node.id)
        if isinstance(rule, RootOfSquare):
            rule = rule.sign
        if isinstance(rule, Indicator) or (node.op == "var" and node.data[0] in program.graph.discrete):
            return False
    return True


def direction(row: Row, field: Field) -> int:
    """Equal for rows that are proportional."""
    return row[1] * pow(row[0], -1, field.p) % field.p if row[0] else -1


def proportion(row: Row, other: Row, field: Field) -> Fraction | None:
    """The rational q of row = q other, None where there is none."""
    p = field.p
    if not other[0] or any((a * other[0] - b * row[0]) % p for a, b in zip(row, other, strict=True)):
        return None
    ratio = field.small_rational(row[0] * pow(other[0], -1, p) % p)
    return ratio or None

"""Identities region by region: a tree over the truth values of the conditions, without the impossible branches.

A condition opens a branch only if the earlier ones leave it open: it is decided where its argument, or minus it, is
a sum of positive multiples of what is known to be positive, or not negative by its form (Farkas' lemma). For
conditions that are linear in some functions this leaves just the regions that exist, as far as those functions are
independent.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from gradproof.proof.expressions.walking import topological
from gradproof.proof.field.basis import Basis
from gradproof.proof.field.conditions import FreeConditions, rarely_zero
from gradproof.proof.field.field import RATIONAL_BOUND
from gradproof.proof.field.points import Points, Program, Undecidable
from gradproof.proof.field.rows import ONE
from gradproof.proof.field.rules import Decided, Indicator
from gradproof.proof.relations.farkas import nonnegative_combination

_A_NUMBER = 0.2  # of a table, in about microseconds
_MOST_TERMS = 8  # that are not negative, taken into account beside the conditions


@dataclass
class Region:
    """The truth values chosen so far; `bits` grows with the conditions that are met, as true."""

    bits: list[int]
    most: int
    arguments: list[int] = field(default_factory=list)

    def restart(self) -> None:
        """Forget the conditions met, not the truth values, before the region is evaluated again."""
        self.arguments.clear()

    def choose(self, argument: int) -> int:
        """The truth value of the next open condition."""
        if len(self.arguments) == len(self.bits):
            if len(self.bits) == self.most:
                raise Undecidable(f"more than {self.most} conditions to be told apart region by region")
            self.bits.append(1)
        self.arguments.append(argument)
        return self.bits[len(self.arguments) - 1]


def walk(most: int) -> Iterator[Region]:
    """All regions: the caller evaluates each, which fills in its bits, before the next is taken."""
    bits: list[int] = []
    while True:
        region = Region(bits, most)
        yield region
        bits = region.bits[: len(region.arguments)]
        while bits and not bits[-1]:
            bits.pop()
        if not bits:
            return
        bits[-1] = 0


class RegionConditions:
    """Conditions of one region: those in `told_apart` are decided, the others stay free variables.

    `classes` maps the argument of a condition to the one that stands for its class; an argument that it does not
    know is decided.
    """

    def __init__(
        self, program: Program, region: Region, classes: dict[int, int], told_apart: Collection[int] | None
    ) -> None:
        self._region, self._classes, self._told_apart = region, classes, told_apart
        self._free, self._program, self._graph = FreeConditions(program), program, program.graph
        self._known: list[tuple[int, int, dict[int, Fraction]]] = [(ONE, 1, {ONE: Fraction(1)})]
        self._terms: set[int] = set()
        self._basis = Basis[int](program.field.p, RATIONAL_BOUND, ONE, lambda number, at: at.node(number))

    def rule(self, argument: int, at: Points) -> Indicator | Decided:
        """The rule of [u > 0] for the node u with this id."""
        representative = self._classes.get(argument)
        if self._told_apart is not None and representative is not None and representative not in self._told_apart:
            return self._free.rule(argument, at)
        row = at.node(argument)
        if not any(row):
            return Decided(argument, 0, ())
        strict = rarely_zero(self._program, argument)
        if strict and self._graph.nodes[argument].nonnegative:
            return Decided(argument, 1, None)
        self._learn_of_terms(argument, at)
        coordinates = self._coordinates(argument, at)
        implied = self._implied(argument, coordinates)
        if implied is not None:
            return implied
        value = self._region.choose(argument)
        if value or strict:
            self._known.append((argument, 1 if value else -1, coordinates))
        return Decided(argument, value, None)

    def _learn_of_terms(self, argument: int, at: Points) -> None:
        """Take up the terms of a sum that are certainly not negative: they too may decide conditions."""
        terms = topological([self._graph.nodes[argument]], through=lambda e: e.op in ("add", "mul"))
        for term in terms:
            fresh = term.id not in self._terms and len(self._terms) < _MOST_TERMS
            certain = term.nonnegative and term.op != "const" and any(at.node(term.id))
            if fresh and certain and rarely_zero(self._program, term.id):
                self._terms.add(term.id)
                self._known.append((term.id, 1, self._coordinates(term.id, at)))

    def _coordinates(self, number: int, at: Points) -> dict[int, Fraction]:
        """A node in the basis, which it joins if it is not in its span."""
        found = self._basis.express(at.node(number), at)
        if found is None:
            self._basis.add(number, at)
            return {number: Fraction(1)}
        return found

    def _implied(self, argument: int, coordinates: dict[int, Fraction]) -> Decided | None:
        generators = [{i: sign * c for i, c in known.items()} for _, sign, known in self._known]
        axes = sorted({i for vector in (coordinates, *generators) for i in vector})
        columns = [[vector.get(i, Fraction(0)) for i in axes] for vector in generators]
        for value in (1, 0):
            target = [coordinates.get(i, Fraction(0)) * (1 if value else -1) for i in axes]
            weights = nonnegative_combination(target, columns, self._spend)
            if weights is not None:
                direction = 1 if value else -1
                reason = [
                    (number, direction * sign * weight)
                    for (number, sign, _), weight in zip(self._known, weights, strict=True)
                    if weight
                ]
                return Decided(argument, value, tuple(reason))
        return None

    def _spend(self, numbers: int) -> None:
        self._program.deadline.check(_A_NUMBER * numbers)

"""Whether expressions are zero for all inputs: the test in the field, over all regions at once or one by one."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from gradproof.proof.expressions.expression import Expression
from gradproof.proof.expressions.walking import topological
from gradproof.proof.field.conditions import rarely_zero
from gradproof.proof.field.coprime import coprime_base, without
from gradproof.proof.field.field import Field, draw_field
from gradproof.proof.field.points import Deadline, OutOfTime, Points, Program, Undecidable
from gradproof.proof.field.rules import Indicator
from gradproof.proof.field.rules_root import RootOfSquare
from gradproof.proof.field.squares import signs_contradict
from gradproof.proof.relations.degree import error_bound
from gradproof.proof.relations.dependence import Dependence, dependence
from gradproof.proof.relations.discovery import discover
from gradproof.proof.relations.regions import Region, RegionConditions, walk
from gradproof.proof.relations.roots import NeedSquares

T = TypeVar("T")
_TEST_POINTS = 2
_MOST_EXTRA_SQUARES = 6
_ROOTS_TESTED_TOGETHER = 4
_CONDITIONS_NOT_WORTH_PROBING = 4
_PROBES = 3
_POINTS_FOR_SIGNS = 24


@dataclass(frozen=True)
class Finding:
    """Whether a difference was shown to be zero; else why not."""

    proved: bool
    error: float = 0.0
    reason: str = ""
    regions: int = 1


class Prover:
    """Tests differences for zero. Everything random comes from `seed`; all methods stop at their deadline."""

    def __init__(self, seed: int, most_conditions: int) -> None:
        self.seed, self._most = seed, most_conditions
        self._deadline = Deadline(0.0)
        self._streams = 0

    def all_at_once(self, differences: Sequence[Expression], deadline: Deadline) -> dict[int, Finding]:
        """Findings by id, with the conditions as free variables; what is not proved may still hold by regions."""
        self._deadline = deadline
        found: dict[int, Finding] = {}
        for group in _grouped(differences):
            found |= self._split_on_failure(group, self._free_test)
        return found

    def by_regions(self, differences: Sequence[Expression], deadline: Deadline) -> dict[int, Finding]:
        """Findings by id, region by region and with products under logarithms compared."""
        self._deadline = deadline
        found: dict[int, Finding] = {}
        for group in _grouped(differences, by_conditions=True):
            found |= self._split_on_failure(group, self._region_test)
        return found

    def _split_on_failure(
        self, group: list[Expression], test: Callable[[list[Expression]], dict[int, Finding]]
    ) -> dict[int, Finding]:
        """The test of a group; where it cannot be done, of each member alone."""
        try:
            return test(group)
        except (Undecidable, ArithmeticError, ValueError) as problem:  # pow says ValueError of a reciprocal of zero
            if len(group) == 1 or isinstance(problem, OutOfTime):
                reason = str(problem) if isinstance(problem, Undecidable) else "a division by zero at every point"
                return {root.id: Finding(False, reason=reason) for root in group}
        found: dict[int, Finding] = {}
        for root in group:
            found |= self._split_on_failure([root], test)
        return found

    # --- all regions at once

    def _free_test(self, roots: list[Expression]) -> dict[int, Finding]:
        program, notes = self._with_field(lambda field: discover(roots, field, self._stream(), self._deadline), roots)
        zero, error = self._zeros(program, roots)
        needs = dependence(program, notes)
        found = {}
        for root in roots:
            need = needs.of(root)
            reason = need.note
            if root.id not in zero:
                reason = reason or "not the same expression where all conditions are free"
            elif need.divisors:
                reason = reason or "a divisor that may be zero in a region"
            found[root.id] = Finding(not reason, error, reason)
        return found

    def _zeros(self, program: Program, roots: Sequence[Expression]) -> tuple[set[int], float]:
        points = Points(program, _TEST_POINTS, self._rng())
        points.evaluate()
        if not points.relations_hold():
            raise Undecidable("a relation that was seen by chance")
        return {r.id for r in roots if not any(points.values[r.id])}, error_bound(program, roots)

    # --- region by region

    def _region_test(self, roots: list[Expression]) -> dict[int, Finding]:
        classes, told_apart = self._with_field(lambda field: self._classes(roots, field), roots)
        found = self._walk(roots, classes, told_apart)
        rest = [root for root in roots if not found[root.id].proved]
        if rest and told_apart != set(classes.values()):
            found |= self._walk(rest, classes, None)
        return found

    def _classes(self, roots: list[Expression], field: Field) -> tuple[dict[int, int], set[int]]:
        """Arguments of conditions by class, and the classes that cannot stay free variables."""
        program, notes = discover(roots, field, self._stream(), self._deadline, products_of_logs=True)
        classes = {}
        for rule in program.rules.values():
            condition = rule.sign if isinstance(rule, RootOfSquare) else rule
            if isinstance(condition, Indicator):
                classes[condition.argument] = condition.key[1]
        everything = set(classes.values())
        if len(everything) <= _CONDITIONS_NOT_WORTH_PROBING:
            return classes, everything
        needs = dependence(program, notes)
        told_apart = set().union(*(needs.of(root).divisors for root in roots))
        return classes, told_apart | self._not_linear(program, roots, needs)

    def _not_linear(self, program: Program, roots: list[Expression], needs: Dependence) -> set[int]:
        """Conditions c of which the difference is not a linear function when the others are 0 or 1.

        Only c^2 = c can make such a difference zero, so these have to be told apart.
        """
        rng = random.Random(self._stream())
        mine = sorted(set().union(*(needs.of(root).conditions for root in roots)))
        found: set[int] = set()
        for _ in range(_PROBES):
            bits = {("if", c): rng.getrandbits(1) for c in mine}
            for c in mine:
                others = {key: bit for key, bit in bits.items() if key != ("if", c)}
                points = Points(program, 1, rng, others)
                points.evaluate()
                if any(any(points.values[root.id]) for root in roots):
                    found.add(c)
        return found

    def _walk(
        self, roots: list[Expression], classes: dict[int, int], told_apart: Collection[int] | None
    ) -> dict[int, Finding]:
        """The test in every region that the conditions in `told_apart` (None: all) make."""
        failed: dict[int, str] = {}
        error, count = 0.0, 0
        for region in walk(self._most):
            remaining = [root for root in roots if root.id not in failed]
            test = partial(self._one_region, remaining, region, classes, told_apart)
            zero, notes, bound = self._with_field(test, remaining)
            error, count = error + bound, count + 1
            for root in remaining:
                if root.id not in zero or notes[root.id]:
                    failed[root.id] = notes[root.id] or "the two differ in a region where no input was found"
            if len(failed) == len(roots):
                break
        return {root.id: Finding(root.id not in failed, error, failed.get(root.id, ""), count) for root in roots}

    def _one_region(
        self,
        roots: list[Expression],
        region: Region,
        classes: dict[int, int],
        told_apart: Collection[int] | None,
        field: Field,
    ) -> tuple[set[int], dict[int, str], float]:
        region.restart()
        program, notes = discover(
            roots,
            field,
            self._stream(),
            self._deadline,
            lambda program: RegionConditions(program, region, classes, told_apart),
            products_of_logs=True,
            spare_points=2 * self._most,
        )
        zero, error = self._zeros(program, roots)
        needs = dependence(program, notes)
        reasons = {root.id: needs.of(root).note for root in roots}
        if (len(zero) < len(roots) or any(reasons.values())) and self._impossible(program, region):
            return {root.id for root in roots}, dict.fromkeys(reasons, ""), error
        return zero, reasons, error

    def _impossible(self, program: Program, region: Region) -> bool:
        """Whether products of the conditions' arguments show that the region is empty."""
        points = Points(program, _POINTS_FOR_SIGNS, self._rng())
        points.evaluate()
        chosen = zip(region.arguments, region.bits, strict=False)
        strict = [(argument, bit) for argument, bit in chosen if bit or rarely_zero(program, argument)]
        return signs_contradict(program, strict, points)

    # --- randomness

    def _stream(self) -> int:
        """A seed for the next use of random numbers."""
        self._streams += 1
        return self.seed + (self._streams << 64)

    def _rng(self) -> random.Random:
        return random.Random(self._stream())

    def _with_field(self, work: Callable[[Field], T], roots: Sequence[Expression]) -> T:
        """`work` in a field in which the constants under square roots have roots."""
        numbers = [n for r in topological(roots) if r.op == "sqrt" for n in _terms_of_constant(r.args[0])]
        while True:
            squares = tuple(n for n in coprime_base(without(n, (2, 3, 5, 7)) for n in numbers))
            if len(squares) > _MOST_EXTRA_SQUARES:
                raise Undecidable("too many square roots of constants")
            try:
                return work(draw_field(self.seed, squares))
            except NeedSquares as need:
                numbers += need.numbers


def _terms_of_constant(node: Expression) -> tuple[int, ...]:
    return (node.data.numerator, node.data.denominator) if node.op == "const" else ()


def _grouped(roots: Sequence[Expression], *, by_conditions: bool = False) -> list[list[Expression]]:
    """Roots that are tested together: all, if few square roots are in them; else those with the same ones.

    `by_conditions` groups by the indicators too.
    """
    ops = ("sqrt", "pos") if by_conditions else ("sqrt",)
    special = [node for node in topological(roots) if node.op in ops]
    if not by_conditions and len(special) <= _ROOTS_TESTED_TOGETHER:
        return [list(roots)]
    masks: dict[int, int] = {}
    bits = {node.id: 1 << i for i, node in enumerate(special)}
    for node in topological(roots):
        masks[node.id] = bits.get(node.id, 0)
        for argument in node.args:
            masks[node.id] |= masks[argument.id]
    groups: dict[int, list[Expression]] = {}
    for root in roots:
        groups.setdefault(masks[root.id], []).append(root)
    return list(groups.values())

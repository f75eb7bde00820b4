"""Which sides may be mended, what each should be worth, and what it may have lost."""

from __future__ import annotations

from collections.abc import Sequence

from gradproof.audit.judging.findings import Finding
from gradproof.audit.judging.mending.search import Attempt, Case
from gradproof.audit.judging.sides import Sides
from gradproof.audit.reading.limits import Budget
from gradproof.audit.reading.read import Statement
from gradproof.audit.reading.tree import Derivative, Node, Product, Symbol
from gradproof.audit.reading.vocabulary import WORDS


def suspects(wrong: Finding) -> list[int]:
    """The side at fault, then the other one; a first side that is no name comes before both: `-Y_3 = ...`."""
    other = next(side for side in wrong.pair if side != wrong.fault)
    first = wrong.sides.statement.sides[0].node
    if other == 0 and not isinstance(first, Symbol | Derivative):
        return [other, wrong.fault]
    return [wrong.fault, other]


def attempt_at(statement: Statement, side: int, decided: Sequence[Finding], budget: Budget) -> Attempt | None:
    """A side with what it should be worth in every case that was decided; None where that is not known."""
    tree = statement.sides[side].node
    found: list[Case] = []
    for finding in decided:
        target = _target(finding.sides, side, at_fault=side == finding.fault)
        if tree is None or target is None:
            return None
        finding.sides.evaluation.budget = budget
        found.append(Case(finding.sides, finding.sides.outcomes[target].value))
    return Attempt(side, tree, tuple(found)) if tree is not None and found else None


def _target(sides: Sides, side: int, *, at_fault: bool) -> int | None:
    """The side that a wrong one should equal: one with which all the others agree, else the anchor."""
    others = [number for number in range(len(sides.outcomes)) if number != side and sides.has_value(number)]
    if others and all(sides.agree(others[0], number) for number in others[1:]):
        return others[0]
    anchor = sides.anchor()
    return anchor if at_fault and anchor != side else None


def steps_of_descent(sides: Sides) -> list[Node]:
    """What an update may have lost as a whole: the step size times the derivative by its parameter."""
    first = sides.statement.sides[0].node
    if sides.kind != "update" or not isinstance(first, Symbol):
        return []
    provider = sides.evaluation.provider
    keys = list(provider.names.declared())
    rates = [provider.names.symbol(key) for key in keys if provider.role(key) == "hyperparameter"]
    losses = [provider.names.symbol(key) for key in keys if key.lower() in WORDS]
    return [Product((rate, Derivative(loss, first)), ("juxt",)) for rate in rates for loss in losses]

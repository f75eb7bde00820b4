"""What can be said of each `=` of one statement in one case: the status, and which side is at fault."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gradproof.audit.judging.results import Status
from gradproof.audit.judging.sides import Outcome, Sides
from gradproof.audit.reading.tree import Symbol, walk
from gradproof.audit.values import lookup
from gradproof.audit.values.evaluation import Evaluation, Remarks
from gradproof.audit.values.provider import Agreement
from gradproof.audit.values.readings import Reading, readings


@dataclass(frozen=True, slots=True)
class Finding:
    """The status of one `=`: which pair of sides decided it, which is at fault, and the reading it was taken in."""

    status: Status
    sides: Sides
    equality: int
    reason: str = ""
    position: int = -1
    fault: int = -1
    pair: tuple[int, int] = (-1, -1)
    agreement: Agreement | None = None
    note: str = ""

    @property
    def misfit(self) -> bool:
        """Whether the fault is one of shapes."""
        return self.status == "WRONG" and (self.agreement is None or self.agreement.trials == 0)


def findings(first: Sides) -> list[Finding]:
    """A finding for every `=`, each in the first reading in which it holds, else in the usual one.

    In a chain no side may be read in one way to equal the side before it, and in another to equal the one behind it.
    """
    best = [find(first, equality) for equality in range(len(first.statement.relations))]
    for reading in _other_readings(first.evaluation):
        if not any(finding.status == "WRONG" for finding in best):
            break
        other = Sides(first.statement, _in_reading(first.evaluation, reading))
        for equality, finding in enumerate(best):
            if finding.status == "WRONG":
                again = find(other, equality)
                fits = finding.misfit and again.status == "WRONG" and not again.misfit
                best[equality] = again if again.status == "holds" or fits else finding
    held = [finding.sides.evaluation.reading for finding in best if finding.status == "holds"]
    if len(held) == len(best) and any(reading != held[0] for reading in held):
        return _as_one_chain(first, best)
    return best


def _as_one_chain(first: Sides, best: list[Finding]) -> list[Finding]:
    """Findings that hold, each in a reading of its own, but the first that no reading of the sides before it bears."""
    every = [
        first,
        *(Sides(first.statement, _in_reading(first.evaluation, r)) for r in _other_readings(first.evaluation)),
    ]
    before = [sides for sides in every if sides.has_value(0)]
    for equality, finding in enumerate(best):
        if finding.pair != (equality, equality + 1):
            return best
        behind = [o for o in every if any(sides.agree_across(equality, o, equality + 1) for sides in before)]
        if not behind:
            wrong = next((f for sides in before if (f := find(sides, equality)).status == "WRONG"), finding)
            return [*best[:equality], wrong, *best[equality + 1 :]]
        before = behind
    return best


def find(sides: Sides, equality: int) -> Finding:
    """The finding for one `=` in one reading."""
    statement = sides.statement
    left, right = equality, equality + 1
    if statement.relations[equality].kind == "~":
        sign = statement.relations[equality].printed
        return Finding("not judged", sides, equality, f"'{sign}' claims no equality")
    if reason := _nothing_to_compare(sides):
        return Finding("not judged", sides, equality, reason)
    if sides.outcomes[right].fault:
        return _faulty(sides, equality, right)
    if sides.outcomes[left].fault:
        anchor = sides.anchor()
        if left == 0 or anchor is None or anchor >= left:
            return _faulty(sides, equality, left)
        note = f"compared with side {anchor + 1}, because the side before the sign has no value"
        return _compared(sides, equality, anchor, right, note)
    return _compared(sides, equality, left, right, "")


def _compared(sides: Sides, equality: int, left: int, right: int, note: str) -> Finding:
    agreement = sides.agreement(left, right)
    if agreement.status == "agree":
        return Finding("holds", sides, equality, pair=(left, right), agreement=agreement, note=note)
    if agreement.status == "undecided":
        return Finding("not judged", sides, equality, agreement.reason, note=note)
    fault = _at_fault(sides, left, right)
    reason = agreement.reason or f"{agreement.differing} of {agreement.trials} trials differ"
    return Finding("WRONG", sides, equality, reason, -1, fault, (left, right), agreement, note)


def _at_fault(sides: Sides, left: int, right: int) -> int:
    """The side of a false equality that differs from the anchor; where that is one of the two, the lonelier one."""
    anchor = sides.anchor()
    if anchor not in (left, right, None):
        assert anchor is not None
        return left if sides.agree(right, anchor) and not sides.agree(left, anchor) else right
    others = [number for number in range(len(sides.outcomes)) if number not in (left, right)]
    with_left = sum(sides.agree(left, number) for number in others)
    with_right = sum(sides.agree(right, number) for number in others)
    return left if with_right > with_left else right


def _faulty(sides: Sides, equality: int, side: int) -> Finding:
    outcome: Outcome = sides.outcomes[side]
    if outcome.fault == "misfit":
        return Finding("WRONG", sides, equality, outcome.reason, outcome.position, side, (equality, equality + 1))
    status: Status = "not read" if outcome.fault == "not read" else "not judged"
    return Finding(status, sides, equality, outcome.reason, outcome.position)


def _nothing_to_compare(sides: Sides) -> str:
    """Why a statement says nothing about the reference: it sets an index or the value of what is drawn."""
    node = sides.statement.sides[0].node
    if not isinstance(node, Symbol):
        return ""
    names = sides.evaluation.provider.names
    if names.is_index(node):
        return f"{node.name} is an index letter: there is nothing to compare"
    place = lookup.find(sides.evaluation.provider, node, sides.evaluation.indices)
    drawn = place is not None and sides.evaluation.provider.role(place.key) != "value"
    rest = [side.node for side in sides.statement.sides[1:]]
    symbols = any(node is None or any(isinstance(n, Symbol) for n in walk(node)) for node in rest)
    if drawn and not symbols:
        return "it sets a value that is drawn at random here: there is nothing to compare"
    return ""


def _other_readings(evaluation: Evaluation) -> list[Reading]:
    return list(readings(evaluation.remarks.choices))[1:]


def _in_reading(evaluation: Evaluation, reading: Reading) -> Evaluation:
    e = evaluation
    return Evaluation(e.provider, e.rules, e.budget, e.limits, e.indices, reading, Remarks(), e.bound)


def in_usual_reading(finding: Finding) -> Finding:
    """A finding with its sides in the usual reading, as which one edit may be meant that does not fit in another."""
    sides = finding.sides
    return replace(finding, sides=Sides(sides.statement, _in_reading(sides.evaluation, Reading())))

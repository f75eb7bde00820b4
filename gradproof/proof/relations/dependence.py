"""On which conditions, uncertain divisors and unresolved nodes an expression depends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gradproof.proof.expressions.expression import Expression
from gradproof.proof.expressions.ranges import certain_divisors
from gradproof.proof.field.points import Program
from gradproof.proof.field.rules import Indicator
from gradproof.proof.field.rules_exponential import Exponential
from gradproof.proof.field.rules_root import RootOfSquare

_A_LOOK = 5.0
"""How long it takes to look at a node, in about microseconds."""


@dataclass(frozen=True)
class Need:
    """What one expression depends on.

    `conditions`: classes of conditions; `divisors`: those on which a divisor depends that is not certain to be
    non-zero. With such a condition as a free variable a factor could cancel that is zero in one of its regions.
    `note`: why nothing can be proved, or "".
    """

    conditions: frozenset[int]
    divisors: frozenset[int]
    note: str


class Dependence:
    """Answers for every node of a program; sets are kept as the bits of integers."""

    def __init__(self, classes: list[int], masks: Mapping[int, tuple[int, int, int]], notes: list[str]) -> None:
        self._classes, self._masks, self._notes = classes, masks, notes

    def of(self, node: Expression) -> Need:
        """What a node of the program depends on."""
        conditions, divisors, noted = self._masks[node.id]
        note = next((text for i, text in enumerate(self._notes) if noted >> i & 1), "")
        return Need(self._named(conditions), self._named(divisors), note)

    def _named(self, mask: int) -> frozenset[int]:
        return frozenset(number for i, number in enumerate(self._classes) if mask >> i & 1)


def dependence(program: Program, notes: Mapping[int, str]) -> Dependence:
    """One pass over a program whose rules are known; `notes` are reasons by the id of a node."""
    program.deadline.check(_A_LOOK * len(program.nodes))
    certain = certain_divisors(sorted(program.nodes, key=lambda node: node.id))
    classes: dict[int, int] = {}
    texts = list(dict.fromkeys(notes.values()))
    masks: dict[int, tuple[int, int, int]] = {}
    for node in program.nodes:
        conditions = divisors = noted = 0
        below = [a.id for a in node.args]
        rule = program.rules.get(node.id)
        if isinstance(rule, RootOfSquare) and rule.factor in masks:
            below.append(rule.factor)
        for number in below:
            mine = masks[number]
            conditions, divisors, noted = conditions | mine[0], divisors | mine[1], noted | mine[2]
        condition = rule.sign if isinstance(rule, RootOfSquare) else rule
        if isinstance(condition, Indicator):
            conditions |= 1 << classes.setdefault(condition.key[1], len(classes))
        if node.op == "inv" and node.args[0].id not in certain:
            divisors |= conditions
        if isinstance(rule, Exponential):
            for number, power in rule.powers:
                if power < 0 and number not in certain:
                    divisors |= masks[number][0]
        if node.id in notes:
            noted |= 1 << texts.index(notes[node.id])
        masks[node.id] = (conditions, divisors, noted)
    return Dependence(list(classes), masks, texts)

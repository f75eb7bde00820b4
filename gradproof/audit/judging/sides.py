"""The values of a statement's sides in one case and one reading, and how they compare."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Literal

from gradproof.audit.judging.results import Kind
from gradproof.audit.reading.names import form
from gradproof.audit.reading.read import Statement
from gradproof.audit.reading.tree import Derivative, Node, Number, Symbol, walk
from gradproof.audit.values import lookup
from gradproof.audit.values.evaluation import Evaluation, Unjudged
from gradproof.audit.values.provider import Agreement, Array, NotAvailable
from gradproof.audit.values.shapes import Misfit, alike

BOTH_ZERO = "both sides are zero in every trial"
"""Why an equality is not judged that says nothing."""
_COMPARISON_STEPS = 10  # what a comparison costs, in steps of evaluation


@dataclass(frozen=True, slots=True)
class Outcome:
    """The value of a side, or why it has none."""

    value: Array | None
    fault: Literal["", "not read", "not judged", "misfit"] = ""
    reason: str = ""
    position: int = -1


@dataclass
class Sides:
    """All sides of a statement under one evaluation; `kind` says what the first side is."""

    statement: Statement
    evaluation: Evaluation
    kind: Kind = "value"
    outcomes: tuple[Outcome, ...] = ()
    _agreements: dict[tuple[int, int], Agreement] = field(default_factory=dict)

    def __post_init__(self) -> None:
        first = self.statement.sides[0].node
        self.kind = kind_of(first, self.statement, self.evaluation) if first is not None else "value"
        if self.kind == "update" and isinstance(first, Symbol):
            self.evaluation = _with_state(self.evaluation, self.statement, first)
        self.outcomes = tuple(self._outcome(number) for number in range(len(self.statement.sides)))

    def value_of(self, side: int, tree: Node) -> Array:
        """The value of a tree in the place of a side: on the left of an update, the updated parameter."""
        if side == 0 and kind_of(tree, self.statement, self.evaluation) == "update":
            return _updated(self.evaluation, tree)
        return self.evaluation.value(tree)

    def _outcome(self, number: int) -> Outcome:
        side = self.statement.sides[number]
        if side.node is None:
            assert side.problem is not None
            return Outcome(None, "not read", side.problem.reason, side.problem.position)
        try:
            return Outcome(self.value_of(number, side.node))
        except Unjudged as error:
            return Outcome(None, "not judged", error.reason, error.position)
        except Misfit as error:
            return Outcome(None, "misfit", error.reason, error.position)

    def has_value(self, side: int) -> bool:
        """Whether a side has a value."""
        return self.outcomes[side].value is not None

    def anchor(self) -> int | None:
        """The first side that names one quantity, else the first that has a value: what the others must equal."""
        valued = [number for number in range(len(self.outcomes)) if self.has_value(number)]
        named = [n for n in valued if isinstance(self.statement.sides[n].node, Symbol | Derivative)]
        return next(iter(named or valued), None)

    def agreement(self, first: int, second: int) -> Agreement:
        """How two sides that have values compare."""
        key = (min(first, second), max(first, second))
        if key not in self._agreements:
            self._agreements[key] = self._compare(*key)
        return self._agreements[key]

    def agree(self, first: int, second: int) -> bool:
        """Whether two sides have values, and equal ones."""
        return self.has_value(first) and self.has_value(second) and self.agreement(first, second).status == "agree"

    def agree_across(self, mine: int, other: Sides, its: int) -> bool:
        """Whether a side of this reading equals a side of another reading."""
        if not (self.has_value(mine) and other.has_value(its) and self.evaluation.budget.spend(_COMPARISON_STEPS)):
            return False
        try:
            left, right = alike(self.outcomes[mine].value, other.outcomes[its].value)
        except Misfit:
            return False
        return self.evaluation.provider.compare(left, right).status == "agree"

    def _compare(self, first: int, second: int) -> Agreement:
        if not self.evaluation.budget.spend(_COMPARISON_STEPS):
            return Agreement("undecided", "the budget of evaluation steps is spent")
        try:
            left, right = alike(self.outcomes[first].value, self.outcomes[second].value)
        except Misfit as error:
            return Agreement("differ", error.reason)
        agreement = self.evaluation.provider.compare(left, right)
        if agreement.zero and not any(self._is_literal(number) for number in (first, second)):
            return Agreement("undecided", BOTH_ZERO, agreement.trials)
        return agreement

    def _is_literal(self, side: int) -> bool:
        return isinstance(self.statement.sides[side].node, Number)


def kind_of(first: Node, statement: Statement, evaluation: Evaluation) -> Kind:
    """Whether a statement with this first side gives a value, a derivative, or the update of a parameter."""
    if isinstance(first, Derivative):
        return "derivative"
    if isinstance(first, Symbol) and _is_update(statement, evaluation, first):
        return "update"
    return "value"


def _is_update(statement: Statement, evaluation: Evaluation, first: Symbol) -> bool:
    """A parameter on the left, and marked as new, assigned to, or made of itself, a derivative or a step size."""
    provider, indices = evaluation.provider, evaluation.indices
    parameter = lookup.parameter_of(provider, first, indices)
    if parameter is None:
        return False
    place, marked = parameter
    if marked or statement.relations[0].kind == ":=":
        return True
    rest: Sequence[Node] = [side.node for side in statement.sides[1:] if side.node is not None]
    for node in (below for tree in rest for below in walk(tree)):
        if isinstance(node, Derivative):
            return True
        if isinstance(node, Symbol):
            other = lookup.find(provider, node, indices)
            if other and (other.key, other.index) == (place.key, place.index):
                return True
            if other and provider.role(other.key) == "hyperparameter":
                return True
    return False


def _with_state(evaluation: Evaluation, statement: Statement, first: Symbol) -> Evaluation:
    """The evaluation of an update, in which the state that an optimizer keeps is the new one where it is read so.

    Notes update the velocity before the parameter: `v \\leftarrow \\mu v + g`, then `w \\leftarrow w - \\eta v`.
    """
    provider, own = evaluation.provider, lookup.parameter_of(evaluation.provider, first, evaluation.indices)
    new: dict[object, Array] = {}
    trees = [side.node for side in statement.sides[1:] if side.node is not None]
    for symbol in (node for tree in trees for node in walk(tree) if isinstance(node, Symbol)):
        place = lookup.find(provider, symbol, evaluation.indices)
        if place is None or provider.role(place.key) != "state" or (own is not None and place.key == own[0].key):
            continue
        with suppress(NotAvailable):
            new[form(symbol)] = lookup.updated_at(provider, place)
    if not new:
        return evaluation
    evaluation.remarks.choices.add("state")
    if evaluation.reading.state == "old":
        return evaluation
    evaluation.remarks.note(first.span[0], "what the optimizer keeps is read as it is after the step")
    return replace(evaluation, bound={**evaluation.bound, **new}, _known={})


def _updated(evaluation: Evaluation, tree: Node) -> Array:
    parameter = lookup.parameter_of(evaluation.provider, tree, evaluation.indices) if isinstance(tree, Symbol) else None
    if parameter is None:
        raise Unjudged("the left side of an update is no parameter", tree.span[0])
    try:
        return lookup.updated_at(evaluation.provider, parameter[0])
    except NotAvailable as error:
        raise Unjudged(str(error), tree.span[0]) from error

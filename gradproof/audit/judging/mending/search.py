"""The search: kinds of slips in the order of their plainness, the first kind that mends ends it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gradproof.audit.judging.mending import dropped, slips
from gradproof.audit.judging.mending.changes import Edit, Material, Rule, Screen, Spot, spots, words_of
from gradproof.audit.judging.mending.rewrite import mended_latex
from gradproof.audit.judging.mending.screen import OpenScreen, StackedScreen
from gradproof.audit.judging.results import Mend
from gradproof.audit.judging.sides import Sides, kind_of
from gradproof.audit.reading.limits import Budget
from gradproof.audit.reading.read import Statement
from gradproof.audit.reading.tree import Derivative, Node, Number, Symbol, walk
from gradproof.audit.values.evaluation import Unjudged
from gradproof.audit.values.lookup import parameter_of
from gradproof.audit.values.provider import Array
from gradproof.audit.values.shapes import Misfit, alike
from gradproof.tolerances import MEND_FAR

_ALTERNATIVES = 3
_RANKS: tuple[tuple[Rule, ...], ...] = (
    (slips.signs,),
    (slips.primes, slips.transposes, slips.products, slips.upside_down),
    (dropped.another_index, dropped.another_label, slips.numbers),
    (slips.too_much, slips.order, slips.brackets),
    (slips.missing_minus,),
    (dropped.missing_term,),
    (dropped.missing_symbol,),
    (dropped.another_letter,),
    (dropped.missing_long_term,),
    (dropped.missing_expression,),
)


@dataclass(frozen=True)
class Case:
    """The sides of a statement for some values of its index letters, and what the wrong one should be worth."""

    sides: Sides
    target: Array


@dataclass(frozen=True)
class Attempt:
    """A side that may be the wrong one, with its target in every case."""

    side: int
    tree: Node
    cases: tuple[Case, ...]


def mend(
    text: str, statement: Statement, attempts: Sequence[Attempt], material: Material, budget: Budget
) -> Mend | None:
    """The simplest edit of one of some sides after which it has the right value; None where one is not enough.

    Of edits of the same kind that of an earlier attempt is taken. The search also ends with its budget.
    """
    screens = [_screen(attempt) for attempt in attempts]
    places = [list(spots(attempt.tree)) for attempt in attempts]
    for rules in _RANKS:
        for attempt, screen, spot_list in zip(attempts, screens, places, strict=True):
            found = _found(attempt, _edits(spot_list, rules, material, screen), budget)
            if found:
                return _mend(text, statement, attempt, found)
        if budget.left == 0:
            return None
    return None


def _screen(attempt: Attempt) -> Screen:
    if attempt.side == 0 and isinstance(attempt.tree, Symbol):
        return OpenScreen()  # it may be the updated value of a parameter, which is not the value of its symbol
    case = attempt.cases[0]
    evaluation = case.sides.evaluation
    return StackedScreen(attempt.tree, evaluation, evaluation.provider.numbers(case.target)[: StackedScreen.trials])


def _edits(places: Sequence[Spot], rules: Sequence[Rule], material: Material, screen: Screen) -> Iterator[Edit]:
    """The edits of one kind, made as they are asked for."""
    for spot in places:
        for rule in rules:
            for change in rule(spot, material, screen):
                yield Edit(spot.rebuild(change.node), change, spot.node)


def _found(attempt: Attempt, edits: Iterator[Edit], budget: Budget) -> list[Edit]:
    """The first few edits with which the side has its target's value in every case."""
    found: dict[Node, Edit] = {}
    for edit in edits:
        if not budget.spend(1):
            break
        if not _stays_a_name(attempt, edit.tree) or _begs(attempt, edit.tree):
            continue
        if all(_holds(attempt.side, case, edit.tree) for case in attempt.cases):
            found.setdefault(edit.tree, edit)
            if len(found) == _ALTERNATIVES:
                break
    return list(found.values())


def _stays_a_name(attempt: Attempt, tree: Node) -> bool:
    """Whether a first side that names what is derived or updated still does: no `W = W` out of an update."""
    if attempt.side > 0 or not isinstance(attempt.tree, Symbol | Derivative):
        return True
    evaluation = attempt.cases[0].sides.evaluation
    if isinstance(tree, Symbol) and parameter_of(evaluation.provider, tree, evaluation.indices):
        return kind_of(tree, attempt.cases[0].sides.statement, evaluation) == "update"
    return isinstance(tree, Symbol | Derivative)


def _begs(attempt: Attempt, tree: Node) -> bool:
    """Whether a side would be made of what stands on another side: `dL/db = dL/db` mends nothing."""
    sides = attempt.cases[0].sides.statement.sides
    others = {side.node for at, side in enumerate(sides) if at != attempt.side and side.node is not None}
    others = {node for node in others if not isinstance(node, Number)}
    if tree in others:
        return True
    named = sides[0].node
    if attempt.side == 0 or not isinstance(named, Derivative):
        return False
    return named in set(walk(tree)) and named not in set(walk(attempt.tree))


def _holds(side: int, case: Case, tree: Node) -> bool:
    provider = case.sides.evaluation.provider
    try:
        value, target = alike(case.sides.value_of(side, tree), case.target)
    except (Unjudged, Misfit):
        return False
    if not _near(provider.numbers(value), provider.numbers(target)):
        return False
    agreement = provider.compare(value, target)
    return agreement.status == "agree" and not agreement.zero


def _near(value: np.ndarray, target: np.ndarray) -> bool:
    """A quick look at the first trials: most edits are far off."""
    a, b = value[:4], target[:4]
    with np.errstate(all="ignore"):
        far = np.abs(a - b) > MEND_FAR * (np.abs(a) + np.abs(b) + MEND_FAR)
    return not bool(far.any())


def _mend(text: str, statement: Statement, attempt: Attempt, found: Sequence[Edit]) -> Mend:
    evaluation = attempt.cases[0].sides.evaluation
    first, *others = (
        Mend(words_of(edit.change.printed), words_of(edit.change.should), edit.change.position, "") for edit in found
    )
    names, limits = evaluation.provider.names, evaluation.limits
    latex = mended_latex(text, statement, attempt.side, found[0], names, limits)
    wordings = dict.fromkeys(other.wording for other in others)
    alternatives = tuple(wording for wording in wordings if wording != first.wording)
    return replace(first, latex=latex, alternatives=alternatives)

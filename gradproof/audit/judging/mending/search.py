"""The search: kinds of slips in the order of their plainness, the first kind that mends ends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gradproof.audit.judging.mending import dropped, slips
from gradproof.audit.judging.mending.changes import Edit, Material, Rule, Screen, Spot, spots, words_of
from gradproof.audit.judging.mending.rewrite import mended_latex
from gradproof.audit.judging.mending.screen import OpenScreen, StackedScreen
from gradproof.audit.judging.results import Mend
from gradproof.audit.judging.sides import Sides, kind_of
from gradproof.audit.reading.limits import Budget
from gradproof.audit.reading.read import Side, Statement
from gradproof.audit.reading.tree import Derivative, Node, Number, Symbol, walk
from gradproof.audit.values.evaluation import Evaluation, Unjudged
from gradproof.audit.values.lookup import parameter_of
from gradproof.audit.values.provider import Array
from gradproof.audit.values.shapes import TURNED, Misfit, alike
from gradproof.tolerances import MEND_FAR

_ALTERNATIVES = 3
_RANKS: tuple[tuple[Rule, ...], ...] = (
    (slips.signs,),
    (slips.primes, slips.transposes, slips.products, slips.upside_down),
    (dropped.another_index, dropped.another_label, slips.numbers),
    (slips.too_much, slips.order, slips.brackets),
    (slips.missing_minus,),
    (dropped.missing_number,),
    (dropped.another_letter,),
    (dropped.missing_term,),
    (dropped.missing_symbol,),
    (dropped.missing_long_term,),
    (dropped.missing_expression,),
)
_PLAIN = 5  # so many kinds are tried at the side at fault, and then at the other one, before any further kind


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
    text: str,
    statement: Statement,
    attempts: Sequence[Attempt],
    material: Material,
    budget: Budget,
    confirms: Callable[[Statement], bool] | None = None,
) -> Mend | None:
    """The simplest edit of one of some sides after which it has the right value; None where one is not enough.

    Of edits of the same kind that of an earlier attempt is taken. The search also ends with its budget. `confirms`:
    whether a mended statement holds elsewhere, with other numbers and sizes.
    """
    made = [(attempt, _screen(attempt), list(spots(attempt.tree))) for attempt in attempts]
    blamed = [one for one in made if one[0].side == attempts[0].side]
    others = [one for one in made if one[0].side != attempts[0].side]
    for ranks in (_RANKS[:_PLAIN], _RANKS[_PLAIN:]):
        for group in (blamed, others):
            for rules in ranks:
                for attempt, screen, places in group:
                    found = _found(attempt, _edits(places, rules, material, screen), budget, confirms)
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


def _found(
    attempt: Attempt, edits: Iterator[Edit], budget: Budget, confirms: Callable[[Statement], bool] | None
) -> list[Edit]:
    """The first few edits with which the side has its target's value in every case."""
    found: dict[Node, Edit] = {}
    for edit in edits:
        if not budget.spend(1):
            break
        if not _stays_a_name(attempt, edit.tree) or _begs(attempt, edit.tree):
            continue
        if all(_holds(attempt.side, case, edit.tree) for case in attempt.cases):
            if edit.tree in found or _turns(attempt, edit.tree):
                continue
            if not (confirms is None or confirms(_with_side(attempt, edit.tree))):
                continue
            found.setdefault(edit.tree, edit)
            if len(found) == _ALTERNATIVES:
                break
    return list(found.values())


def _turns(attempt: Attempt, tree: Node) -> bool:
    """Whether an edit multiplies a column by a matrix on its right, as nothing in the statement does: `t (X X^T)`."""
    sides = attempt.cases[0].sides
    printed = [side.node for side in sides.statement.sides if side.node is not None]
    return _is_turned(sides, tree) and not any(_is_turned(sides, other) for other in printed)


def _is_turned(sides: Sides, tree: Node) -> bool:
    e = sides.evaluation
    fresh = Evaluation(e.provider, e.rules, e.budget, e.limits, e.indices, e.reading, bound=e.bound)
    try:
        fresh.value(tree)
    except (Unjudged, Misfit):
        return False
    return TURNED in fresh.remarks.choices


def _with_side(attempt: Attempt, tree: Node) -> Statement:
    """The statement of an attempt with a mended side."""
    statement = attempt.cases[0].sides.statement
    sides = (replace(s, node=tree) if at == attempt.side else s for at, s in enumerate(statement.sides))
    return replace(statement, sides=tuple(sides))


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
    back = getattr(evaluation.provider, "as_printed", None)
    if back is not None:  # in the words of the author
        statement = replace(statement, sides=tuple(_put_back(side, back) for side in statement.sides))
        found = [_edit_back(edit, back) for edit in found]
    first, *others = (
        Mend(words_of(edit.change.printed), words_of(edit.change.should), edit.change.position, "") for edit in found
    )
    names, limits = evaluation.provider.names, evaluation.limits
    latex = mended_latex(text, statement, attempt.side, found[0], names, limits)
    wordings = dict.fromkeys(other.wording for other in others)
    alternatives = tuple(wording for wording in wordings if wording != first.wording)
    return replace(first, latex=latex, alternatives=alternatives)


def _put_back(side: Side, back: Callable[[Node], Node]) -> Side:
    return side if side.node is None else replace(side, node=back(side.node))


def _edit_back(edit: Edit, back: Callable[[Node], Node]) -> Edit:
    """An edit whose trees are printed as the author of the note prints them."""
    change = edit.change
    words = [part if isinstance(part, str) else back(part) for part in (change.printed, change.should)]
    told = replace(change, node=back(change.node), printed=words[0], should=words[1])
    return Edit(back(edit.tree), told, edit.old)

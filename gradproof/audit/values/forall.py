"""The cases of a statement with free index letters: `\\delta_j = \\sum_k W_{kj} \\delta_k` holds for all j."""

from __future__ import annotations

from itertools import islice, product
from operator import eq, ge, gt, le, lt, ne

from gradproof.audit.reading.read import Condition, Statement
from gradproof.audit.reading.tree import Entry, Symbol
from gradproof.audit.values import lookup
from gradproof.audit.values.evaluation import Evaluation
from gradproof.audit.values.indices import Assignment, free_letters, index_value, symbols_with
from gradproof.audit.values.ranges import exists, known_numbers

_LETTERS = 4
_TRIED = 5_000
_COMPARED = {"<": lt, ">": gt, "<=": le, ">=": ge, "==": eq, "!=": ne}


def cases(e: Evaluation, statement: Statement, most: int) -> tuple[list[Assignment], bool]:
    """The assignments of a statement's free letters for which its symbols are declared, and whether all are there.

    One empty assignment for a statement without free letters, or where nothing fits them.
    """
    trees = [side.node for side in statement.sides if side.node is not None]

    def resolves(symbol: Symbol) -> bool:
        provider = e.provider
        return (
            provider.names.constant(symbol) is not None
            or lookup.parameter_of(provider, symbol, {}) is not None
            or lookup.find(provider, symbol, {}) is not None
        )

    free = set[str]().union(*(free_letters(tree, resolves) for tree in trees)) - set(e.indices)
    running: frozenset[str] | None = getattr(e.provider, "running", None)
    letters = sorted(free if running is None else free & running)[:_LETTERS]
    if not letters:
        return [{}], True
    carriers = [s for letter in letters for tree in trees for s in symbols_with(letter, tree)]
    distinct: list[Symbol | Entry] = list(dict.fromkeys(carriers))
    known = known_numbers(e, distinct)
    ranges = [e.provider.names.indices.get(letter) or known for letter in letters]
    tried = islice(product(*ranges), _TRIED)
    assignments = (dict(zip(letters, numbers, strict=True)) for numbers in tried)
    allowed = (a for a in assignments if all(is_met(e, condition, a) for condition in statement.conditions))
    fitting = [a for a in allowed if all(_fits(e, a, place) for place in distinct)]
    return (list(fitting[:most]), len(fitting) <= most) if fitting else ([{}], True)


def is_met(e: Evaluation, condition: Condition, values: Assignment) -> bool:
    """Whether values of index letters meet a printed condition; one about anything else excludes nothing."""
    known = {**e.indices, **values}
    left, right = (_number(e, text, known) for text in (condition.left, condition.right))
    if left is None or right is None:
        return True
    if condition.high:
        high = _number(e, condition.high, known)
        return right <= left and (high is None or left <= high)
    return bool(_COMPARED[condition.operator](left, right))


def _number(e: Evaluation, text: str, values: Assignment) -> int | None:
    number = index_value(text, values)
    if number is not None:
        return number
    constants = {s.name: int(n) for s, n in e.provider.names.constants if n.denominator == 1}
    return index_value(text, {**constants, **values})


def _fits(e: Evaluation, values: Assignment, place: Symbol | Entry) -> bool:
    new = isinstance(place, Symbol) and lookup.parameter_of(e.provider, place, values) is not None
    return new or exists(e, values, place)

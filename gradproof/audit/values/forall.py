"""The cases of a statement with free index letters: `\\delta_j = \\sum_k W_{kj} \\delta_k` holds for all j."""

from __future__ import annotations

from itertools import islice, product

from gradproof.audit.reading.read import Statement
from gradproof.audit.reading.tree import Entry, Symbol
from gradproof.audit.values import lookup
from gradproof.audit.values.evaluation import Evaluation
from gradproof.audit.values.indices import Assignment, free_letters, symbols_with
from gradproof.audit.values.ranges import exists, known_numbers

_LETTERS = 3
_TRIED = 5_000


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

    letters = sorted(set[str]().union(*(free_letters(tree, resolves) for tree in trees)))[:_LETTERS]
    if not letters:
        return [{}], True
    carriers = [s for letter in letters for tree in trees for s in symbols_with(letter, tree)]
    distinct: list[Symbol | Entry] = list(dict.fromkeys(carriers))
    known = known_numbers(e, distinct)
    ranges = [e.provider.names.indices.get(letter) or known for letter in letters]
    tried = islice(product(*ranges), _TRIED)
    assignments = (dict(zip(letters, numbers, strict=True)) for numbers in tried)
    fitting = [a for a in assignments if all(_fits(e, a, place) for place in distinct)]
    return (list(fitting[:most]), len(fitting) <= most) if fitting else ([{}], True)


def _fits(e: Evaluation, values: Assignment, place: Symbol | Entry) -> bool:
    new = isinstance(place, Symbol) and lookup.parameter_of(e.provider, place, values) is not None
    return new or exists(e, values, place)

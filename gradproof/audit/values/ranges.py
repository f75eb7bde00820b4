"""The values that an index runs over: printed limits, declared ranges, or what the quantities allow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice, product
from operator import eq, ge, gt, le, lt, ne

from gradproof.audit.reading.tree import Big, Entry, Node, Symbol
from gradproof.audit.values import lookup
from gradproof.audit.values.evaluation import Evaluation
from gradproof.audit.values.indices import (
    Assignment,
    candidates,
    index_value,
    labels_with,
    letters_in,
    put_in,
    symbols_with,
)
from gradproof.audit.values.provider import NotAvailable

_COMPARED = {"<": lt, ">": gt, "<=": le, ">=": ge, "==": eq, "!=": ne}
_LAYERS = 6  # so many values of a letter that counts layers are tried for the lengths of their arrays
_TRIED = 400  # combinations of inner indices


def range_of(e: Evaluation, node: Big) -> Sequence[int] | None:
    """The values of a sum's index; None where nothing says what they are."""
    whole = _whole_range(e, node)
    if whole is None or not node.conditions:
        return whole
    kept = []
    for number in whole:
        values = {**e.indices, node.index: number}
        sides = [(_limit_in(e, a, values), op, _limit_in(e, b, values)) for a, op, b in node.conditions]
        known = [(a, op, b) for a, op, b in sides if a is not None and b is not None]
        if len(known) < len(sides):
            return None
        if all(_COMPARED[op](a, b) for a, op, b in known):
            kept.append(number)
    return kept


def _limit_in(e: Evaluation, text: str, values: Assignment) -> int | None:
    number = index_value(text, values)
    return _limit(e, text) if number is None else number


def _whole_range(e: Evaluation, node: Big) -> Sequence[int] | None:
    if node.items:
        items = [index_value(item, e.indices) for item in node.items]
        return None if None in items else [item for item in items if item is not None]
    if node.low and node.high:
        low, high = _limit(e, node.low), _limit(e, node.high)
        return None if low is None or high is None else range(low, high + 1)
    declared = e.provider.names.indices.get(node.index)
    if declared is not None:
        return declared
    found = inferred(e, node.index, symbols_with(node.index, node.body))
    if found:
        shown = ", ".join(map(str, found[:8])) + (", ..." if len(found) > 8 else "")
        e.remarks.note(node.span[0], f"the index {node.index} is taken over {shown}")
    return found


def inferred(e: Evaluation, letter: str, where: Iterable[Symbol | Entry]) -> list[int] | None:
    """The values of an index letter for which all the symbols that carry it are declared."""
    places = list(where)
    if not places:
        return None
    known = known_numbers(e, places)
    allowed = [number for number in known if all(_exists(e, {letter: number}, place, known) for place in places)]
    return allowed or None


def known_numbers(e: Evaluation, places: Iterable[Symbol | Entry]) -> list[int]:
    """The numbers that index letters of some symbols can be."""
    return candidates(e.provider.names, _lengths(e, places))


def exists(e: Evaluation, values: Assignment, place: Symbol | Entry) -> bool:
    """Whether a symbol or entry is declared for some values of its index letters."""
    return _exists(e, values, place, known_numbers(e, [place]))


def _exists(e: Evaluation, values: Assignment, place: Symbol | Entry, known: Sequence[int]) -> bool:
    values = {**e.indices, **values}
    if isinstance(place, Entry):
        shape = _shape_of(e, place.argument)
        numbers = (index_value(label.text, values) for label in place.labels)
        return all(n is None or 1 <= n <= length for n, length in zip(numbers, shape, strict=False))
    letters = letters_in(place.sub + place.sup)
    own = place, tuple(known), tuple(sorted((name, number) for name, number in values.items() if name in letters))
    standing: dict[object, bool] = getattr(e.provider, "standing", {})
    if own not in standing:
        standing[own] = _stands(e, values, place, known)
    return standing[own]


def _stands(e: Evaluation, values: Assignment, place: Symbol, known: Sequence[int]) -> bool:
    """Whether a symbol is declared for some values of its index letters."""
    if lookup.is_kronecker(e.provider, place):
        return True
    if lookup.find(e.provider, place, values) is not None:
        return True
    # The indices of inner sums have no value yet: any will do.
    inner = sorted(letters_in(labels_with(place.sub + place.sup, values)) - set(values))[:2]
    choices = islice(product(known, repeat=len(inner)), _TRIED)
    return any(
        lookup.find(e.provider, place, {**values, **dict(zip(inner, choice, strict=True))}) is not None
        for choice in choices
    )


def _lengths(e: Evaluation, places: Iterable[Symbol | Entry]) -> list[int]:
    """Lengths of the axes into which labels may point."""
    lengths: list[int] = []
    for place in places:
        if isinstance(place, Entry):
            lengths += _shape_of(e, place.argument)
            continue
        for kept in range(len(place.sub)):
            head = put_in(Symbol(place.name, place.sub[:kept], place.sup, place.mark), e.indices)
            open_letters = sorted(letters_in(head.sub + head.sup) - set(e.indices))[:1]
            for number in range(_LAYERS) if open_letters else (0,):
                base = e.provider.names.resolve(put_in(head, dict.fromkeys(open_letters, number)))
                if base is not None:
                    lengths += _shape(e, base.key)
    return lengths


def _shape(e: Evaluation, key: str) -> tuple[int, ...]:
    try:
        return tuple(e.provider.value(key).shape)
    except NotAvailable:
        return ()


def _shape_of(e: Evaluation, node: Node) -> tuple[int, ...]:
    try:
        return tuple(e.value(node).shape)
    except ValueError:  # it may depend on the index itself
        return ()


def _limit(e: Evaluation, text: str) -> int | None:
    """A printed limit: index arithmetic, or a constant such as `N` with a whole value."""
    number = index_value(text, e.indices)
    if number is not None:
        return number
    known = {s.name: int(n) for s, n in e.provider.names.constants if n.denominator == 1}
    return index_value(text, {**known, **e.indices})

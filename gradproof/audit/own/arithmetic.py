"""The mend of an equality whose sides are numbers: a sign or a number that makes it come out, else the right number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from gradproof.audit.judging.mending import slips
from gradproof.audit.judging.mending.changes import Change, Material, spots, words_of
from gradproof.audit.judging.mending.screen import OpenScreen
from gradproof.audit.judging.results import Mend
from gradproof.audit.printing.latex import latex
from gradproof.audit.reading.read import Statement
from gradproof.audit.reading.tree import Node, Number, Sum

_RULES = (slips.signs, slips.products)


def numeric_mend(
    text: str,
    statement: Statement,
    printed: int,
    computed: int,
    value: float,
    comes_out: Callable[[Node], bool] | None,
    *,
    number_is_right: bool,
) -> Mend | None:
    """The edit after which two neighbouring sides agree; None where none is found.

    `printed`, `computed`: the sides; `value`: what the second is worth. `comes_out`: whether a tree in its place has
    the printed value; None where that side is no arithmetic, so that only the printed number may be wrong.
    `number_is_right`: whether other sides say that the printed number is the right one.
    """
    tree, other = statement.sides[printed].node, statement.sides[computed].node
    assert tree is not None
    assert other is not None
    mends = [_of_the_number(text, statement, tree, value)]
    if comes_out is not None:
        edit = next((change for change in _edits(other) if comes_out(change[1])), None)
        mends.append(None if edit is None else _told(text, statement, *edit, other))
    found = [mend for mend in (reversed(mends) if number_is_right else mends) if mend is not None]
    return replace(found[0], alternatives=tuple(mend.wording for mend in found[1:])) if found else None


def _of_the_number(text: str, statement: Statement, tree: Node, value: float) -> Mend | None:
    """The right number in place of the printed one, to as many digits."""
    number = _digits(tree)
    if number is None:
        return None
    should = f"{value:.{len(number.partition('.')[2])}f}"
    if float(should) == 0.0 != value:
        return None
    start, end = tree.span
    return Mend(latex(tree), should, start, _spliced(text, statement, (start, end, should)))


def _edits(tree: Node) -> Iterator[tuple[Change, Node]]:
    for spot in spots(tree):
        for rule in _RULES:
            for change in rule(spot, Material((), ()), OpenScreen()):
                yield change, spot.rebuild(change.node)


def _told(text: str, statement: Statement, change: Change, whole: Node, side: Node) -> Mend:
    splice = change.splice or (*side.span, latex(whole))
    words = words_of(change.printed), words_of(change.should)
    return Mend(*words, change.position, _spliced(text, statement, splice))


def _spliced(text: str, statement: Statement, splice: tuple[int, int, str]) -> str:
    start, end, new = splice
    whole = text[statement.start : start] + new + text[end : statement.end]
    return " ".join(whole.replace("&", " ").split())


def _digits(tree: Node) -> str | None:
    """The digits of a side that is one number, with or without a sign."""
    if isinstance(tree, Sum) and len(tree.terms) == 1:
        tree = tree.terms[0]
    return tree.text if isinstance(tree, Number) else None

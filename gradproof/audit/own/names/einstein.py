"""The summation convention, where a note says that it keeps it: an index that a product repeats is summed over."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from gradproof.audit.reading.read import Statement
from gradproof.audit.reading.tree import (
    Big,
    Call,
    Derivative,
    Entry,
    Fraction,
    Node,
    Power,
    Product,
    Sum,
    Symbol,
    children,
    with_children,
)
from gradproof.audit.values.indices import letters_in

_SAID = re.compile(
    r"(?i)\bsummation\s{1,3}convention\b|\beinstein(?:'s)?\s{1,3}(?:summation|convention|notation|sum)"
    r"|\brepeated\s{1,3}ind(?:ices|exes)\s{1,3}(?:are|is)\s{1,3}(?:implicitly\s{1,3})?summed"
)
_NO_SUM = re.compile(r"(?i)\bno\s{1,3}(?:implicit\s{1,3})?sum|\bwithout\s{1,3}(?:the\s{1,3})?summation")


def keeps_convention(text: str) -> bool:
    """Whether a note says that repeated indices are summed over."""
    return bool(_SAID.search(text)) and not _NO_SUM.search(text)


def summed(statements: Sequence[Statement]) -> list[Statement]:
    """The statements with the sums that the convention leaves out, where none is printed."""
    return [statement if _prints_sums(statement) else _with_sums(statement) for statement in statements]


def as_printed(node: Node) -> Node:
    """A node without the sum that the convention leaves out."""
    implied = isinstance(node, Big) and node.operator == "sum" and not (node.low or node.high or node.items)
    return node.body if implied and isinstance(node, Big) else node


def _with_sums(statement: Statement) -> Statement:
    first = statement.sides[0].node if statement.sides else None
    counts = _counts(first) if first is not None else Counter[str]()
    free = frozenset(letter for letter, count in counts.items() if count == 1)
    sides = (side if side.node is None else replace(side, node=_summed(side.node, free)) for side in statement.sides)
    return replace(statement, sides=tuple(sides))


def _prints_sums(statement: Statement) -> bool:
    return any(_has_sum(side.node) for side in statement.sides if side.node is not None)


def _has_sum(node: Node) -> bool:
    return isinstance(node, Big) or any(map(_has_sum, children(node)))


def _summed(node: Node, free: frozenset[str]) -> Node:
    """A tree with a sum over each index that stands twice in a term, set where the term begins; `free` ones are not."""

    def inner(node: Node) -> Node:
        return _summed(node, free)

    if isinstance(node, Sum):
        return replace(node, terms=tuple(map(inner, node.terms)))
    if isinstance(node, Fraction):
        return replace(node, top=inner(node.top)) if not _twice(node.bottom) else node
    if isinstance(node, Derivative):
        return replace(node, of=inner(node.of)) if not isinstance(node.of, Symbol) else node
    if isinstance(node, Call):
        return with_children(node, tuple(map(inner, children(node))))
    if isinstance(node, Product):
        factors = tuple(inner(factor) if isinstance(factor, Sum | Call) else factor for factor in node.factors)
        node = replace(node, factors=factors)
    for letter in sorted(letter for letter, count in _counts(node).items() if count > 1 and letter not in free):
        node = Big("sum", letter, node, span=node.span)
    return node


def _twice(node: Node) -> bool:
    return any(count > 1 for count in _counts(node).values())


def _counts(node: Node) -> Counter[str]:
    """How often each index letter stands in a term; in a bracket with several terms as often as in one of them."""
    if isinstance(node, Symbol):
        return Counter(letter for label in node.sub for letter in re.findall(r"[a-z]", _index(node, label.text)))
    if isinstance(node, Entry):
        below = _counts(node.argument)
        return below + Counter(letter for label in node.labels for letter in re.findall(r"[a-z]", label.text))
    if isinstance(node, Sum):
        total: Counter[str] = Counter()
        for term in node.terms:
            total |= _counts(term)
        return total
    if isinstance(node, Big):
        inner = _counts(node.body)
        inner.pop(node.index, None)
        return inner
    if isinstance(node, Power):
        counts = _counts(node.base)
        return counts + counts if getattr(node.exponent, "text", "") == "2" else counts
    total = Counter()
    for child in children(node):
        total += _counts(child)
    return total


def _index(symbol: Symbol, text: str) -> str:
    """The letters of a label that are indices; none where it is a word."""
    return text if letters_in(symbol.sub) and len(text) <= 3 else ""

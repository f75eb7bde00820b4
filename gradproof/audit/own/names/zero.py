"""Entries counted from zero, `\\sum_{k=0}^{K-1} w_k x_{i+k}`, made entries counted from one, and printed back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from gradproof.audit.own.names.families import Letters, letters_of, symbols_in, trees_of
from gradproof.audit.reading.read import Condition, Statement
from gradproof.audit.reading.tree import Big, Label, Node, Number, Sum, Symbol, walk

_ATOM = re.compile(r"([+-]?)(\\ell|[A-Za-z]|[0-9]+)")
_Family = tuple[str, str, tuple[str, ...]]


@dataclass(frozen=True)
class FromZero:
    """Which index letters and quantities of a note count from zero."""

    letters: frozenset[str]
    families: frozenset[_Family]
    known: Letters

    def node(self, node: Node, by: int = 1) -> Node:
        """A node that counts from one; `by = -1`: one that is printed again as its author counts."""
        if isinstance(node, Big) and node.index in self.letters:
            low, high = (self._text(text, by) if text else "" for text in (node.low, node.high))
            return replace(node, low=low, high=high, items=tuple(self._text(item, by) for item in node.items))
        if by < 0 and isinstance(node, Sum) and self._is_shifted_letter(node):
            return node.terms[0]
        if not isinstance(node, Symbol):
            return node
        if not (node.sub or node.sup or node.mark) and node.name in self.letters:
            return node if by < 0 else Sum(("+", "-"), (node, Number("1")), span=node.span)
        if _family(node, self.known) not in self.families:
            return node
        return replace(node, sub=tuple(self._label(label, by) for label in node.sub))

    def condition(self, condition: Condition) -> Condition:
        """A condition on letters that count from one."""
        if condition.left not in self.letters:
            return condition
        right, high = (self._text(text, 1) if text else "" for text in (condition.right, condition.high))
        return replace(condition, right=right, high=high)

    def case(self, text: str) -> str:
        """`k = 1` of a verdict as its author counts."""
        pattern = re.compile(rf"(?<![\w\\])({'|'.join(map(re.escape, sorted(self.letters)))}) = (\d+)")
        return pattern.sub(lambda match: f"{match[1]} = {int(match[2]) - 1}", text)

    def _is_shifted_letter(self, node: Sum) -> bool:
        first = node.terms[0]
        return (
            node.signs == ("+", "-")
            and isinstance(first, Symbol)
            and first.name in self.letters
            and not (first.sub or first.sup or first.mark)
            and node.terms[1] == Number("1")
        )

    def _label(self, label: Label, by: int) -> Label:
        text = label.text
        if not self.known.is_index(text):
            return label
        if "+" in text or "-" in text:
            return replace(label, text=self._text(text, by))
        parts = [self._text(part, by) for part in re.findall(r"\\ell|.", text)] if len(text) < 3 else [text]
        return replace(label, text="".join(parts) if all(len(p) == 1 for p in parts) else self._text(text, by))

    def _text(self, text: str, by: int) -> str:
        """Index arithmetic: one more, less one for each letter that is one more itself."""
        atoms = _ATOM.findall(text)
        if "".join(sign + atom for sign, atom in atoms) != text:
            return text
        letters = [(sign, atom) for sign, atom in atoms if not atom.isdecimal()]
        number = sum(int(sign + atom) for sign, atom in atoms if atom.isdecimal())
        number += by * (1 - sum(-1 if sign == "-" else 1 for sign, atom in letters if atom in self.letters))
        printed = "".join((sign or ("+" if at else "")) + atom for at, (sign, atom) in enumerate(letters))
        return f"{printed}{number:+d}" if printed and number else printed or str(number)


def from_zero(statements: Sequence[Statement]) -> FromZero | None:
    """What a note counts from zero; None where it counts all from one, or a letter both ways."""
    statements = [statement for statement in statements if statement.sides]  # what is not read has none
    zero, one = (set(_starts(statements, low)) for low in ("0", "1"))
    known = letters_of(statements)
    zero -= known.layered
    if not zero:
        return None
    families: set[_Family] = set()
    symbols = [symbol for tree in trees_of(statements) for symbol in symbols_in(tree) if symbol.sub]
    grown = -1
    while grown != len(zero) + len(families):
        grown = len(zero) + len(families)
        for symbol in symbols:
            letters = {x for label in symbol.sub if known.is_index(label.text) for x in _letters(label.text)}
            if letters & known.layered or symbol.name == r"\delta":
                continue
            if letters & zero:
                families.add(_family(symbol, known))
            if _family(symbol, known) in families:
                zero |= letters & known.indices
    return None if zero & one else FromZero(frozenset(zero), frozenset(families), known)


def _starts(statements: Sequence[Statement], low: str) -> Iterator[str]:
    """The letters that run from a number, in sums and in what is said behind an equation."""
    for node in (below for tree in trees_of(statements) for below in walk(tree)):
        if isinstance(node, Big) and node.low == low:
            yield node.index
    for condition in (c for statement in statements for c in statement.conditions):
        if condition.high and condition.right == low:
            yield condition.left


def _letters(text: str) -> list[str]:
    return re.findall(r"\\ell|[A-Za-z]", text)


def _family(symbol: Symbol, known: Letters) -> _Family:
    return symbol.name, symbol.mark, tuple(label.text for label in symbol.sub if not known.is_index(label.text))

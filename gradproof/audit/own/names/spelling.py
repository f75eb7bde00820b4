"""Two ways in which a note prints one thing made one: entries `e_{ij}` of a matrix `E`, a last step `\\tau`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from gradproof.audit.own.names.families import symbols_in, trees_of
from gradproof.audit.reading.read import Condition, Statement
from gradproof.audit.reading.tree import Big, Label, Node, Symbol, walk

_LAST_STEP = r"\tau"
_TWO_LETTERS = re.compile(r"[a-z]{2}|[a-z0-9]{2}")
_SIGNED = {"+": "{+}", "-": "{-}"}


class Spelling:
    """What is printed in two ways in some statements."""

    def __init__(self, statements: Sequence[Statement]) -> None:
        symbols = [symbol for tree in trees_of(statements) for symbol in symbols_in(tree)]
        self.matrices = _matrices(symbols)
        self.signed = _signed(symbols)
        self.last = _last_step(statements, symbols)

    def __bool__(self) -> bool:
        return bool(self.matrices or self.signed or self.last)

    def symbol(self, symbol: Symbol) -> Symbol:
        """A symbol as all others of its kind are printed."""
        if symbol.name in self.matrices and not symbol.mark and _entry_labels(symbol) == 2:
            symbol = replace(symbol, name=symbol.name.upper())
        if symbol.name in self.signed and len(symbol.sub) == 1 and symbol.sub[0].text in _SIGNED:
            symbol = replace(symbol, sub=(Label(_SIGNED[symbol.sub[0].text]),))
        if self.last and (symbol.sub or symbol.sup):
            symbol = replace(symbol, sub=tuple(map(self._label, symbol.sub)), sup=tuple(map(self._label, symbol.sup)))
        return symbol

    def node(self, node: Node) -> Node:
        """A node as all others of its kind are printed."""
        if isinstance(node, Symbol):
            return self.symbol(node)
        if self.last and isinstance(node, Big) and _LAST_STEP in node.high:
            return replace(node, high=self._text(node.high))
        return node

    def condition(self, condition: Condition) -> Condition:
        """A condition as the labels are printed."""
        if not self.last:
            return condition
        return replace(condition, right=self._text(condition.right), high=self._text(condition.high))

    def _label(self, label: Label) -> Label:
        return replace(label, text=self._text(label.text)) if _LAST_STEP in label.text else label

    def _text(self, text: str) -> str:
        return text.replace(_LAST_STEP, "T") if self.last else text


def _entry_labels(symbol: Symbol) -> int:
    """How many index letters a symbol's labels below are, if they are nothing else."""
    texts = [label.text for label in symbol.sub]
    if symbol.sup or symbol.mark:
        return 0
    if len(texts) == 1 and _TWO_LETTERS.fullmatch(texts[0]):
        return 2
    return len(texts) if all(len(text) == 1 and text.isalnum() for text in texts) else 0


def _matrices(symbols: Sequence[Symbol]) -> frozenset[str]:
    """Small letters that occur with two indices only, and whose capital occurs bare and never with indices."""
    small: dict[str, bool] = {}
    capital: dict[str, bool] = {}
    for symbol in symbols:
        if len(symbol.name) != 1 or not symbol.name.isalpha() or symbol.mark:
            continue
        if symbol.name.islower():
            small[symbol.name] = small.get(symbol.name, True) and _entry_labels(symbol) == 2
        else:
            bare = not (symbol.sub or symbol.sup)
            capital[symbol.name] = capital.get(symbol.name, True) and bare
    return frozenset(name for name, fits in small.items() if fits and capital.get(name.upper(), False))


def _signed(symbols: Sequence[Symbol]) -> frozenset[str]:
    """Names with a plus and a minus below, such as the distances `d_+` and `d_-`: two quantities, no new value."""
    below: dict[str, set[str]] = {}
    for symbol in symbols:
        if len(symbol.sub) == 1:
            below.setdefault(symbol.name, set()).add(symbol.sub[0].text)
    return frozenset(name for name, texts in below.items() if texts >= set(_SIGNED))


def _last_step(statements: Sequence[Statement], symbols: Sequence[Symbol]) -> bool:
    """Whether a tau ends a sum or a range of steps, and no T is a label."""
    highs = {c.high for s in statements for c in s.conditions}
    highs |= {node.high for tree in trees_of(statements) for node in walk(tree) if isinstance(node, Big)}
    labels = {label.text for symbol in symbols for label in (*symbol.sub, *symbol.sup)}
    return (
        _LAST_STEP in highs
        and _LAST_STEP in {t for text in labels for t in re.findall(r"\\tau", text)}
        and ("T" not in labels | highs)
    )

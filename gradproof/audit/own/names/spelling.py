"""Two ways in which a note prints one thing made one: entries `e_{ij}` of a matrix `E`, a last step `\\tau`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from gradproof.audit.own.names.families import symbols_in, trees_of
from gradproof.audit.reading.read import Condition, Statement
from gradproof.audit.reading.tree import Big, Derivative, Label, Node, Symbol, walk

_LAST_STEP = r"\tau"
_TWO_LETTERS = re.compile(r"[a-z]{2}|[a-z0-9]{2}")
_SIGNED = {"+": "{+}", "-": "{-}"}
_PRIMED = re.compile(r"([a-z])('+)")
_NESTED = re.compile(r"([a-z])_([a-z0-9])")
_SPARE = "qruvwxyzabcdefgh"


class Spelling:
    """What is printed in two ways in some statements."""

    def __init__(self, statements: Sequence[Statement]) -> None:
        symbols = [symbol for tree in trees_of(statements) for symbol in symbols_in(tree)]
        tops = {n.of for tree in trees_of(statements) for n in walk(tree) if isinstance(n, Derivative)}
        self.matrices = _matrices(symbols) - {top.name.lower() for top in tops if isinstance(top, Symbol)}
        self.signed = _signed(symbols)
        self.last = _last_step(statements, symbols)
        self.primed = _primed(statements, symbols)
        self.nested = any(_NESTED.fullmatch(label.text) for symbol in symbols for label in symbol.sub)

    def __bool__(self) -> bool:
        return bool(self.matrices or self.signed or self.last or self.primed or self.nested)

    def symbol(self, symbol: Symbol) -> Symbol:
        """A symbol as all others of its kind are printed."""
        if symbol.name in self.matrices and not symbol.mark and _entry_labels(symbol) == 2:
            symbol = replace(symbol, name=symbol.name.upper())
        if symbol.name in self.signed and len(symbol.sub) == 1 and symbol.sub[0].text in _SIGNED:
            symbol = replace(symbol, sub=(Label(_SIGNED[symbol.sub[0].text]),))
        if self.nested:
            symbol = replace(symbol, sub=tuple(x for label in symbol.sub for x in _unnested(label)))
        if (self.last or self.primed) and (symbol.sub or symbol.sup):
            symbol = replace(symbol, sub=tuple(map(self._label, symbol.sub)), sup=tuple(map(self._label, symbol.sup)))
        return symbol

    def node(self, node: Node) -> Node:
        """A node as all others of its kind are printed."""
        if isinstance(node, Symbol):
            return self.symbol(node)
        if isinstance(node, Big):
            conditions = tuple((self._text(a), operator, self._text(b)) for a, operator, b in node.conditions)
            index = self.primed.get(node.index, node.index)
            return replace(node, index=index, high=self._text(node.high), conditions=conditions)
        return node

    def back(self, node: Node) -> Node:
        """A node whose primed indices are printed as the author does."""
        letters = {letter: primed for primed, letter in self.primed.items()}
        if isinstance(node, Big) and node.index in letters:
            return replace(node, index=letters[node.index])
        if isinstance(node, Symbol) and self.nested:
            node = replace(node, sub=tuple(_nested(node.sub)))
        if not isinstance(node, Symbol) or not letters:
            return node

        def label(label: Label) -> Label:
            text = label.text
            short = text.isalpha() and len(text) < 3
            return replace(label, text="".join(letters.get(x, x) for x in text)) if short else label

        return replace(node, sub=tuple(map(label, node.sub)), sup=tuple(map(label, node.sup)))

    def condition(self, condition: Condition) -> Condition:
        """A condition as the labels are printed."""
        left = self.primed.get(condition.left, condition.left)
        return replace(condition, left=left, right=self._text(condition.right), high=self._text(condition.high))

    def _label(self, label: Label) -> Label:
        text = self._text(label.text)
        return label if text == label.text else replace(label, text=text)

    def _text(self, text: str) -> str:
        text = text.replace(_LAST_STEP, "T") if self.last else text
        return _PRIMED.sub(lambda m: self.primed.get(m[0], m[0]), text) if self.primed else text


def _unnested(label: Label) -> Iterator[Label]:
    """`u_{n_k}`, the k-th of the chosen, as the entry `k` of a quantity of its own."""
    match = _NESTED.fullmatch(label.text)
    if match is None:
        yield label
    else:
        yield from (Label(f"{{{match[1]}}}"), Label(match[2]))


def _nested(labels: Sequence[Label]) -> Iterator[Label]:
    """Labels with such a pair as its author prints it."""
    waiting = ""
    for label in labels:
        if len(label.text) == 3 and label.text[0] == "{" and label.text[1].isalpha():
            waiting = label.text[1]
            continue
        yield replace(label, text=f"{waiting}_{label.text}") if waiting else label
        waiting = ""


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


def _primed(statements: Sequence[Statement], symbols: Sequence[Symbol]) -> dict[str, str]:
    """A letter that nothing else is called for each primed index of a sum: `\\sum_{j'} e^{z_{j'}}`."""
    found = {n.index for tree in trees_of(statements) for n in walk(tree) if isinstance(n, Big) and "'" in n.index}
    if not found:
        return {}
    taken = {symbol.name for symbol in symbols}
    taken |= {letter for s in symbols for label in (*s.sub, *s.sup) for letter in re.findall("[a-z]", label.text)}
    taken |= {n.index for tree in trees_of(statements) for n in walk(tree) if isinstance(n, Big)}
    spare = [letter for letter in _SPARE if letter not in taken]
    return dict(zip(sorted(found), spare, strict=False))

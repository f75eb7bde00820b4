"""Index letters: labels with their values put in, arithmetic in labels, ranges inferred from what is declared."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from gradproof.audit.reading.names import Names
from gradproof.audit.reading.tree import Big, Entry, Label, Labels, Node, Symbol, children, walk

Assignment = Mapping[str, int]
_ATOM = re.compile(r"([+-]?)([0-9]{1,9}|\\?[A-Za-z]+)")
_DIGITS = re.compile(r"[0-9]{1,6}")
_SHORT = re.compile(r"(?:\\ell|[A-Za-z0-9])(?:[+-]?(?:\\ell|[A-Za-z0-9])){0,3}")
_VERSIONS = frozenset({"new", "old", "next", "prev", "init"})  # words, and no indices one behind the other
_LETTER = re.compile(r"\\ell|[A-Za-z]")


def index_value(text: str, values: Mapping[str, int]) -> int | None:
    """The whole number that index arithmetic such as `l+1` means; None where a letter has no value."""
    total, at = 0, 0
    while at < len(text):
        match = _ATOM.match(text, at)
        if match is None or (at > 0 and not match[1]):
            return None
        atom = int(match[2]) if match[2].isdecimal() else values.get(match[2])
        if atom is None:
            return None
        total += -atom if match[1] == "-" else atom
        at = match.end()
    return total if text else None


def put_in(symbol: Symbol, values: Assignment) -> Symbol:
    """The symbol with the values of its index letters in its labels: `W_{jk}` with j = 1, k = 2 is `W_{12}`."""
    if not values or not (symbol.sub or symbol.sup):
        return symbol
    return replace(symbol, sub=labels_with(symbol.sub, values), sup=labels_with(symbol.sup, values))


def labels_with(labels: Labels, values: Assignment) -> Labels:
    """Labels with the values of index letters put in."""
    return tuple(Label(_put_in(label.text, values), label.bracket) for label in labels)


def _put_in(text: str, values: Assignment) -> str:
    if "+" in text or "-" in text:
        number = index_value(text, values)
        return text if number is None else str(number)
    if (not _LETTER.fullmatch(text) and not text.isalnum()) or text in _VERSIONS:
        return text
    return _LETTER.sub(lambda letter: str(values.get(letter[0], letter[0])), text)


def letters_in(labels: Labels) -> set[str]:
    """The letters in labels that can be indices: those of labels made of single letters, digits and signs."""
    texts = [label.text for label in labels if _SHORT.fullmatch(label.text) and label.text not in _VERSIONS]
    return {letter for text in texts for letter in _LETTER.findall(text)}


def free_letters(node: Node, resolves: Callable[[Symbol], bool], bound: frozenset[str] = frozenset()) -> set[str]:
    """Index letters over which no sum runs, in labels of symbols that are not declared as they stand."""
    found: set[str] = set()
    if isinstance(node, Symbol) and not resolves(node):
        found |= letters_in(node.sub + node.sup) - bound
    elif isinstance(node, Entry):
        found |= letters_in(node.labels) - bound
    inner = bound | {node.index} if isinstance(node, Big) else bound
    for below in children(node):
        found |= free_letters(below, resolves, inner)
    return found


def index_letters(node: Node) -> set[str]:
    """The small letters that a formula uses as indices: those of its sums and those in its labels."""
    return {
        letter
        for here in walk(node)
        for letter in ({here.index} if isinstance(here, Big) else _labels_of(here))
        if letter.islower()
    }


def _labels_of(node: Node) -> set[str]:
    if isinstance(node, Symbol):
        return letters_in(node.sub)
    return letters_in(node.labels) if isinstance(node, Entry) else set()


def candidates(names: Names, lengths: Iterable[int]) -> list[int]:
    """The numbers that an index can be: those in declared labels, and 1 up to the longest axis (at most 64)."""
    digits: set[int] = set()
    for symbol, _ in names.quantities:
        for label in symbol.sub + symbol.sup:
            if _DIGITS.fullmatch(label.text):
                digits |= {int(label.text), *map(int, label.text)}
    return sorted(digits | set(range(1, min(64, max(lengths, default=0)) + 1)))


def symbols_with(letter: str, node: Node) -> list[Symbol | Entry]:
    """The symbols and entries in which a letter is an index, outside of sums over the same letter."""
    if isinstance(node, Big) and node.index == letter:
        return []
    found: list[Symbol | Entry] = []
    if (isinstance(node, Symbol) and letter in letters_in(node.sub + node.sup)) or (
        isinstance(node, Entry) and letter in letters_in(node.labels)
    ):
        found.append(node)
    for below in children(node):
        found += symbols_with(letter, below)
    return found

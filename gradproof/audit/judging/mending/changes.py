"""What an edit is: a place in a tree, what stands there, and what may have been meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from gradproof.audit.printing.latex import latex
from gradproof.audit.reading.tree import (
    Big,
    Derivative,
    Node,
    Number,
    Power,
    Product,
    Sum,
    Symbol,
    children,
    walk,
    with_children,
)

Splice: TypeAlias = tuple[int, int, str]
_STEP = re.compile(r"(?:\\ell|[A-Za-z])[+-][0-9]")
# How a part is put to a value: as a factor of it, a term with it, or in its place.
Combine: TypeAlias = Literal["factor", "plus", "minus", "instead"]


@dataclass(frozen=True, slots=True)
class Spot:
    """A node of a side, and the side with another node in its place."""

    node: Node
    rebuild: Callable[[Node], Node]


@dataclass(frozen=True, slots=True)
class Change:
    """A node and what it may have been: `printed` for `should` at `position`.

    Both are words, or trees that are printed only if the change is the right one. `splice`: the characters to
    replace in the text, where the change is smaller than the node.
    """

    node: Node
    printed: str | Node
    should: str | Node
    position: int
    splice: Splice | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """A whole side after one change; `old` is the node before it."""

    tree: Node
    change: Change
    old: Node


@dataclass(frozen=True, slots=True)
class Material:
    """What a slip may have dropped or exchanged.

    Declared symbols, parts printed elsewhere, index letters, labels with arithmetic such as `t-1`, exponents.
    """

    symbols: tuple[Symbol, ...]
    parts: tuple[Node, ...]
    letters: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    exponents: tuple[Node, ...] = ()
    diagonals: bool = False  # whether an entry such as `R_{ii}` is printed

    def small(self) -> tuple[Node, ...]:
        """Symbols and numbers."""
        return (*self.symbols, *(part for part in self.parts if isinstance(part, Number)))

    def large(self) -> tuple[Node, ...]:
        """Whole expressions."""
        return tuple(part for part in self.parts if not isinstance(part, Number))


class Screen(Protocol):
    """Which parts are worth a try at a spot."""

    def fitting(self, spot: Spot, parts: Sequence[Node], combine: Combine) -> Iterable[Node]:
        """The parts with which the side comes near its target; all where that cannot be told."""

    def is_number(self, spot: Spot) -> bool:
        """Whether the spot has a single number as its value, so that the order of factors does not matter."""


Rule: TypeAlias = Callable[[Spot, Material, Screen], Iterator[Change]]


def words_of(part: str | Node) -> str:
    """What a change shows, as text."""
    return part if isinstance(part, str) else latex(part)


def spots(tree: Node) -> Iterator[Spot]:
    """Every spot of a side in printed order; what does not change is shared, not copied."""
    waiting = [Spot(tree, lambda node: node)]
    while waiting:
        here = waiting.pop()
        yield here
        below = children(here.node)
        waiting.extend(Spot(below[at], _replacing(here, below, at)) for at in reversed(range(len(below))))


def _replacing(parent: Spot, below: tuple[Node, ...], at: int) -> Callable[[Node], Node]:
    return lambda node: parent.rebuild(with_children(parent.node, (*below[:at], node, *below[at + 1 :])))


def parts_of(trees: Iterable[Node], most: int = 200) -> tuple[Node, ...]:
    """Factors and terms printed in some trees that are more than a symbol: what a slip may have dropped."""
    found: dict[Node, None] = {}
    for tree in trees:
        if isinstance(tree, Derivative):
            found[tree] = None
        waiting = [tree]
        while waiting and len(found) < most:
            here = waiting.pop()
            below = children(here)
            waiting.extend(below)
            if isinstance(here, Sum | Product):
                found.update((part, None) for part in below if not isinstance(part, Symbol))
    return tuple(found)[:most]


def printed_symbols(trees: Iterable[Node], most: int = 200) -> tuple[Symbol, ...]:
    """The symbols of some trees as they are printed, each once."""
    found: dict[Symbol, None] = {}
    for tree in trees:
        if len(found) < most:
            found.update((node, None) for node in walk(tree) if isinstance(node, Symbol))
    return tuple(found)[:most]


def labels_of(trees: Iterable[Node], most: int = 20) -> tuple[str, ...]:
    """The labels of letters and signs that are printed, such as `t-1`, and their letters alone."""
    found: dict[str, None] = {}
    for node in (below for tree in trees for below in walk(tree)):
        if isinstance(node, Symbol) and len(found) < most:
            texts = [label.text for label in (*node.sub, *node.sup) if _STEP.fullmatch(label.text)]
            found.update((step, None) for text in texts for step in (text, re.split("[+-]", text)[0]))
    return tuple(found)


def exponents_of(trees: Iterable[Node], most: int = 6) -> tuple[Node, ...]:
    """The exponents that are printed, and letters up to which is summed, each once."""
    found: dict[Node, None] = {}
    for node in (below for tree in trees for below in walk(tree)):
        if isinstance(node, Power) and len(found) < most:
            found[node.exponent] = None
        elif isinstance(node, Big) and node.high.isalpha() and len(found) < most:
            found[Symbol(node.high)] = None
    return tuple(found)

"""Lengths that a note names: the N of `\\sum_{i=1}^N`, those made of others, those printed for an array."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gradproof.audit.own.names.definitions import Definitions
from gradproof.audit.own.names.families import trees_of
from gradproof.audit.own.shapes.axes import Axes, Axis, Clash
from gradproof.audit.own.shapes.sizes import Shapes
from gradproof.audit.reading.read import Statement
from gradproof.audit.reading.tree import Big, Node, Number, Sum, Symbol, walk


def lengths_in(statements: Sequence[Statement]) -> set[str]:
    """Letters that are the upper limit of a sum over entries."""
    found: set[str] = set()
    for tree in trees_of(statements):
        for node in walk(tree):
            if isinstance(node, Big) and node.low == "1" and node.high and not node.high.isdecimal():
                found.add(node.high)
    for statement in statements:
        found |= {c.high for c in statement.conditions if c.high and not c.high.isdecimal()}
    return {name for name in found if name.isalpha() or name[0] == "\\"}


def related_lengths(statements: Sequence[Statement], lengths: set[str]) -> dict[str, Node]:
    """Lengths that are made of others, `M = N - K + 1`, with what they are made of."""
    found: dict[str, Node] = {}
    for statement in statements:
        trees = [side.node for side in statement.sides]
        if len(trees) != 2 or not isinstance(trees[0], Symbol) or not isinstance(trees[1], Sum):
            continue
        if trees[0].name in lengths and all(_is_size(term) for term in trees[1].terms):
            found[trees[0].name] = trees[1]
    return found


def relate(related: Mapping[str, Node], axes: Axes) -> None:
    """`M = N - K + 1`: the axis of N has as many entries as those of M and K ask for."""
    for name, tree in related.items():
        assert isinstance(tree, Sum)
        terms = [(sign, term) for sign, term in zip(tree.signs, tree.terms, strict=True)]
        names = [(sign, term.name) for sign, term in terms if isinstance(term, Symbol)]
        largest = [letter for sign, letter in names if sign == "+"]
        others = [name, *(letter for sign, letter in names if sign == "-")]
        if len(largest) == 1 and {*largest, *others} <= set(axes.named):
            number = sum(int(sign + t.text) for sign, t in terms if isinstance(t, Number) and t.text.isdecimal())
            axes.spans.setdefault(axes.name(largest[0]), []).append((tuple(map(axes.name, others)), -number))


def _is_size(node: Node) -> bool:
    return isinstance(node, Number) or (isinstance(node, Symbol) and not (node.sub or node.sup or node.mark))


def solve_lengths(related: Mapping[str, Node], numbers: dict[str, int]) -> None:
    """Give the one length of a relation that no axis has the number that the others leave for it."""
    for name, tree in related.items():
        assert isinstance(tree, Sum)
        terms = [("-", Symbol(name)), *zip(tree.signs, tree.terms, strict=True)]
        names = [(sign, term.name) for sign, term in terms if isinstance(term, Symbol)]
        unknown = [(sign, letter) for sign, letter in names if letter not in numbers]
        if len(unknown) != 1:
            continue
        total = sum(int(sign + term.text) for sign, term in terms if isinstance(term, Number) and term.text.isdecimal())
        total += sum(numbers[letter] * (-1 if sign == "-" else 1) for sign, letter in names if letter in numbers)
        sign, letter = unknown[0]
        if (size := total if sign == "-" else -total) > 0:
            numbers[letter] = size


def declare(shapes: Shapes, spaces: Mapping[str, tuple[str, ...]], definitions: Definitions) -> None:
    """Give leaves the axes that the note prints for them: `W \\in \\mathbb{R}^{m \\times n}`."""
    for name, space in spaces.items():
        head = Symbol(name)
        if (name, "") in definitions.quantities:
            continue
        axes: list[Axis] = []
        rank = shapes.rank(head)
        kept = [text for text in space if text != "1"] if len(space) > rank else list(space)
        if len(kept) != rank:
            continue
        for text in kept:
            if text.isdecimal():
                axis = shapes.axes.new()
                shapes.axes.fix(axis, int(text))
            else:
                axis = shapes.axes.name(text)
            axes.append(axis)
        try:
            shape = shapes.head(head)
            for mine, told in zip(shape, axes, strict=True):
                shapes.axes.join(mine, told)
        except (Clash, ValueError):
            continue

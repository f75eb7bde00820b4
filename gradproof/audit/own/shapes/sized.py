"""The sizes of all that a note names, from what its statements bring together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gradproof.audit.own.names.families import Letters, symbols_in, trees_of
from gradproof.audit.own.shapes.sizes import ATOM, Shapes
from gradproof.audit.reading.read import Statement
from gradproof.audit.values.indices import letters_in


@dataclass(frozen=True)
class Sized:
    """Sizes of leaves by form, the numbers of letters for lengths, lengths of what is defined by form and axis.

    `printed`: the leaves all sizes of which the note prints, by form.
    """

    leaves: dict[object, tuple[int, ...]]
    numbers: dict[str, int]
    lengths: dict[tuple[object, int], int]
    printed: frozenset[object]


def shaped(statements: Sequence[Statement], shapes: Shapes, layered: Iterable[str]) -> Sized:
    """The sizes that a note's arrays have."""
    shapes.reached = set(_reached(statements, shapes.families.letters))
    for statement in statements:
        used = [letter for letter in layered if _uses(statement, letter)]
        letters = shapes.families.letters
        least = 0 if letters.from_zero & set(used) else 1
        for number in range(least, letters.count + 1) if used else (0,):
            shapes.layers = dict.fromkeys(used, number)
            shapes.statement(statement)
    shapes.layers = {}
    size = shapes.axes.solve()
    leaves = {key: tuple(size(axis) for axis in shape) for key, shape in shapes.leaves.items()}
    lengths = {
        (key, at): size(axis) for key, shape in shapes.known() if key not in leaves for at, axis in enumerate(shape)
    }
    printed = frozenset(key for key, shape in shapes.leaves.items() if all(map(shapes.axes.is_printed, shape)))
    return Sized(leaves, {name: size(axis) for name, axis in shapes.axes.named.items()}, lengths, printed)


def _reached(statements: Sequence[Statement], letters: Letters) -> Iterator[tuple[str, str]]:
    """Names with entries that two letters count, as a convolution does."""
    for symbol in (s for tree in trees_of(statements) for s in symbols_in(tree)):
        for label in symbol.sub:
            found = [letter for _, letter in ATOM.findall(label.text) if not letter.isdecimal()]
            signed = "+" in label.text or "-" in label.text
            if signed and len(found) > 1 and letters.is_index(label.text) and not letters.is_layered(label.text):
                yield symbol.name, symbol.mark


def _uses(statement: Statement, letter: str) -> bool:
    trees = [side.node for side in statement.sides if side.node is not None]
    return any(letter in letters_in(symbol.sub + symbol.sup) for tree in trees for symbol in symbols_in(tree))

"""Printed lists and tables of numbers: compared entry by entry, to the last digit of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gradproof.audit.judging.results import Mend, Verdict
from gradproof.audit.own.names.definitions import is_literal, is_numeric
from gradproof.audit.own.numerals import Numerals, literal_array, spread_of, unit_of
from gradproof.audit.printing.latex import latex
from gradproof.audit.reading.names import form
from gradproof.audit.reading.read import Statement
from gradproof.audit.reading.tree import Call, Label, Matrix, Node, Symbol, walk

Numbers = NDArray[np.float64]
_SHOWN = 6


def lists_given(statements: Sequence[Statement]) -> dict[object, Numbers]:
    """The lists that some statements give to symbols, by form; rows that are given one by one are put together."""
    found: dict[object, Numbers] = {}
    rows: dict[Symbol, dict[int, Numbers]] = {}
    several: set[object] = set()
    named: list[tuple[Symbol, Numbers]] = []
    for statement in statements:
        trees = [side.node for side in statement.sides]
        last = trees[-1] if len(trees) > 1 else None
        value = literal_array(last) if last is not None and is_list(last) and is_literal(last) else None
        if value is None:
            continue
        for tree in (tree for tree in trees[:-1] if isinstance(tree, Symbol)):
            key = form(tree)
            if key in found and (found[key].shape != value.shape or not np.allclose(found[key], value)):
                several.add(key)
            found.setdefault(key, value)
            named.append((tree, value))
            if len(tree.sub) == 1 and tree.sub[0].text.isdecimal():
                rows.setdefault(replace(tree, sub=()), {})[int(tree.sub[0].text)] = value
    for head, by_number in rows.items():
        together = list(by_number) and sorted(by_number) == list(range(1, len(by_number) + 1))
        if together and len(by_number) > 1 and len({row.shape for row in by_number.values()}) == 1:
            found.setdefault(form(head), np.stack([by_number[number] for number in sorted(by_number)]))
    for tree, value in named:  # v_{12} may be a quantity of its own
        for at, number in (
            enumerate(value) if value.ndim == 1 and len(tree.sub) < 2 and form(tree) not in several else ()
        ):
            found.setdefault(form(replace(tree, sub=(*tree.sub, Label(str(at + 1))))), np.asarray(number))
    return {key: value for key, value in found.items() if key not in several}  # one for each example


def is_list(tree: Node | None) -> bool:
    """Whether a list or a table stands in a tree."""
    below = [] if tree is None else list(walk(tree))
    return any(isinstance(node, Matrix) or (isinstance(node, Call) and node.function == "concat") for node in below)


@dataclass
class Lists:
    """The judgement of equalities one side of which is a list of numbers; `numerals`: that of single numbers."""

    numerals: Numerals

    def judged(self, verdict: Verdict, statement: Statement) -> Verdict:
        """A verdict on a printed list, where one side is one; else that on single numbers."""
        sides = [statement.sides[verdict.equality + at].node for at in (0, 1)] if statement.sides else []
        if verdict.status == "not read" or not any(is_list(side) and is_numeric(side) for side in sides):
            return self.numerals.judged(verdict, statement)
        left, right = sides
        if left is None or right is None:
            return verdict
        plain = replace(verdict, reason="", witness=None, mend=None, side=-1)
        if isinstance(left, Symbol) and not self.numerals.is_defined(left):
            return replace(plain, status="holds", notes=("it gives the name its numbers",))
        first, second = (self.numerals.array(side) for side in (left, right))
        if first is None or second is None:
            reason = "the note gives no numbers for all that it is made of"
            return replace(plain, status="not judged", reason=reason)
        if first.shape != second.shape:
            reason = f"lists of the shapes {first.shape} and {second.shape}"
            return replace(plain, status="not judged", reason=reason)
        apart = np.abs(first - second) > self._allowed(left, right, first.shape)
        if not apart.any():
            return replace(plain, status="holds", trials=1)
        printed, value = (second, first) if is_numeric(right) else (first, second)
        reason = f"it is {_shown(value)}, printed is {_shown(printed)}"
        side = verdict.equality + (1 if is_numeric(right) else 0)
        mend = self._mend(sides[side - verdict.equality], value, apart)
        return replace(plain, status="WRONG", reason=reason, side=side, trials=1, mend=mend)

    def _allowed(self, left: Node, right: Node, shape: tuple[int, ...]) -> Numbers:
        """How far each entry may lie apart: less than one in the last digit, and what rounded literals bring."""
        allowed = np.full(shape, 1e-9)
        for tree in (left, right):
            units = _units(tree)
            if units is not None and units.shape == shape:
                allowed = np.maximum(allowed, 0.999 * units)
            elif is_numeric(tree):
                allowed = allowed + spread_of(tree)
        return allowed

    def _mend(self, tree: Node | None, value: Numbers, apart: NDArray[np.bool_]) -> Mend | None:
        """The right number in place of the one entry that is wrong, to as many digits."""
        entries = _entries(tree)
        if tree is None or entries is None or int(apart.sum()) != 1:
            return None
        at = int(np.flatnonzero(apart)[0])
        printed = latex(entries[at])
        digits = len(printed.partition(".")[2])
        should = f"{float(value.ravel()[at]):.{digits}f}"
        return Mend(printed, should, entries[at].span[0], latex(tree).replace(printed, should, 1))


def _shown(value: Numbers) -> str:
    texts = [f"{number:.6g}" for number in value.ravel()[:_SHOWN]]
    return f"({', '.join(texts)}{', ...' if value.size > _SHOWN else ''})"


def _entries(tree: Node | None) -> list[Node] | None:
    """The entries of a side that is one printed list or table."""
    if isinstance(tree, Matrix):
        return [entry for row in tree.rows for entry in row]
    if isinstance(tree, Call) and tree.function == "concat":
        return list(tree.arguments)
    return None


def _units(tree: Node) -> Numbers | None:
    """One in the last digit of each entry of a printed list of single numbers; None for anything else."""
    entries = _entries(tree)
    units = None if entries is None else [unit_of(entry) for entry in entries]
    if units is None or None in units:
        return None
    numbers = np.asarray(units, dtype=np.float64)
    return numbers.reshape(len(tree.rows), -1) if isinstance(tree, Matrix) else numbers


__all__ = ["Lists", "is_list", "lists_given"]

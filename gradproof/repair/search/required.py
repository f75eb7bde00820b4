"""What a node's value would have to be for the formula to give the truth: the operations on the way to it, inverted.

Where an inversion says nothing (a factor that is 0, the side that a ReLU cuts off) the entry is open. With the value
that is needed at hand, thousands of compounds are compared with it at the node, instead of being carried to the root.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradproof.repair.formulas.evaluate import align
from gradproof.repair.formulas.formula import (
    Binary,
    Call,
    Constant,
    Formula,
    Local,
    Negate,
    Path,
    Transpose,
    Where,
    children,
)
from gradproof.repair.formulas.functions import LEAD, Array
from gradproof.repair.search.edits import Template
from gradproof.tolerances import REQUIRED


@dataclass(frozen=True)
class Need:
    """The value that a node would need.

    Attributes:
        value: `(1, trials, *shape)`.
        known: Where it is known; anything will do elsewhere.
        size: The size of the numbers that it was computed from, entry by entry: what a tolerance is relative to.
    """

    value: Array
    known: Array
    size: Array


def needs(formula: Formula, truth: Array, values: Mapping[int, Array]) -> dict[Path, Need]:
    """The needed values of all nodes that only invertible operations separate from the root.

    Args:
        formula: The formula.
        truth: What it should give, `(1, trials, *shape)`.
        values: Value of each of its nodes as it is, by identity.
    """
    found: dict[Path, Need] = {}
    with np.errstate(all="ignore"):
        start = Need(truth, np.ones(truth.shape, dtype=np.bool_), np.abs(truth))
        _descend(formula, (), start, values, found)
    return found


def _descend(node: Formula, path: Path, need: Need, values: Mapping[int, Array], found: dict[Path, Need]) -> None:
    known = need.known & np.isfinite(need.value)
    if not known.any():
        return
    need = Need(need.value, known, need.size)
    found[path] = need
    for place, inner in _inverted(node, need, values):
        _descend(children(node)[place], (*path, place), inner, values, found)


def _inverted(node: Formula, need: Need, values: Mapping[int, Array]) -> Iterator[tuple[int, Need]]:
    match node:
        case Local():
            yield 0, need
        case Negate():
            yield 0, Need(-need.value, need.known, need.size)
        case Transpose():
            yield 0, Need(_turn(need.value), _turn(need.known), _turn(need.size))
        case Binary() if node.op in "+-*/":
            yield from _through_arithmetic(node, need, values)
        case Call(arguments=(_, *_)):
            yield from _through_call(node, need)
        case Where():
            test = values.get(id(node.test))
            if test is not None and test.shape[LEAD:] == need.value.shape[LEAD:]:
                yield 1, Need(need.value, need.known & (test != 0), need.size)
                yield 2, Need(need.value, need.known & (test == 0), need.size)


def _turn(value: Array) -> Array:
    """The own axes in reversed order."""
    return value.transpose((0, 1, *range(value.ndim - 1, LEAD - 1, -1)))


def solved(template: Template, need: Need, value: Array) -> Need:
    """What the hole of a template at a node needs, from what the node needs and its value as it is."""
    if not template.op:
        return need
    other = align((value, need.value))[0]
    return _solved_left(template.op, need, other) if template.mirrored else _solved_right(template.op, need, other)


def _through_arithmetic(node: Binary, need: Need, values: Mapping[int, Array]) -> Iterator[tuple[int, Need]]:
    left, right = values.get(id(node.left)), values.get(id(node.right))
    shape = need.value.shape[LEAD:]
    if right is not None and fits(right, shape) and (left is None or left.shape[LEAD:] == shape):
        other = align((right, need.value))[0]
        yield 0, _solved_left(node.op, need, other)
    if left is not None and fits(left, shape) and (right is None or right.shape[LEAD:] == shape):
        other = align((left, need.value))[0]
        yield 1, _solved_right(node.op, need, other)


def fits(value: Array, shape: tuple[int, ...]) -> bool:
    """Whether a value's own shape broadcasts to another shape without making that larger."""
    own = value.shape[LEAD:]
    return len(own) <= len(shape) and all(n in (1, m) for n, m in zip(own[::-1], shape[::-1], strict=False))


def _solved_left(op: str, need: Need, right: Array) -> Need:
    """`x op right = need`, for x."""
    match op:
        case "+":
            return Need(need.value - right, need.known, need.size + np.abs(right))
        case "-":
            return Need(need.value + right, need.known, need.size + np.abs(right))
        case "*":
            return Need(need.value / right, need.known & (right != 0), need.size / np.abs(right))
        case _:
            return Need(need.value * right, need.known, need.size * np.abs(right))


def _solved_right(op: str, need: Need, left: Array) -> Need:
    """`left op x = need`, for x."""
    match op:
        case "+":
            return Need(need.value - left, need.known, need.size + np.abs(left))
        case "-":
            return Need(left - need.value, need.known, need.size + np.abs(left))
        case "*":
            return Need(need.value / left, need.known & (left != 0), need.size / np.abs(left))
        case _:
            solved = left / need.value
            return Need(solved, need.known & (left != 0), np.abs(solved) * (need.size / np.abs(need.value)))


def _through_call(node: Call, need: Need) -> Iterator[tuple[int, Need]]:
    match node.function:
        case "exp":
            solved = np.log(need.value)
            yield 0, Need(solved, need.known, np.abs(solved) + need.size / np.abs(need.value))
        case "log":
            solved = np.exp(need.value)
            yield 0, Need(solved, need.known, solved * (1.0 + need.size))
        case "sqrt":
            yield 0, Need(need.value**2, need.known & (need.value >= 0), need.size**2)
        case "tanh":
            solved = np.arctanh(need.value)
            yield 0, Need(solved, need.known, np.abs(solved) + need.size / (1.0 - need.value**2))
        case "maximum" if node.arguments[1] == Constant(0):
            yield 0, Need(need.value, need.known & (need.value > 0), need.size)


def meeting(values: Array, need: Need) -> Array:
    """Places of the candidates `(candidates, trials, *shape)` that have the needed value wherever it is known.

    The candidates' shapes may be smaller than the need's, as NumPy broadcasts them.
    """
    if not fits(values, need.value.shape[LEAD:]):
        return np.zeros(0, dtype=np.int64)
    full = need.value.shape[1:]
    spread = np.broadcast_to(align((values, need.value))[0], (len(values), *full))
    margin = REQUIRED * (np.abs(need.value) + need.size)[0]
    entries = np.nonzero(need.known[0])
    places = np.arange(len(values))
    # Entry by entry until few candidates are left: almost all of them fail in the first.
    for entry in list(zip(*entries, strict=True))[:3]:
        key: tuple[Any, ...] = (slice(None), *entry)
        column = spread[key][places]
        places = places[np.abs(column - need.value[0, *entry]) <= margin[entry]]
    with np.errstate(all="ignore"):
        flat = spread[places].reshape(len(places), need.value[0].size)[:, need.known[0].reshape(-1)]
        met = np.abs(flat - need.value[0][entries]) <= margin[entries]
    return np.asarray(places[met.all(axis=1)])

"""Candidates that look right on the screen, before their formulas are written and confirmed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np

from gradproof.repair.formulas.formula import Formula, Path, at, replace
from gradproof.repair.formulas.functions import Array
from gradproof.repair.search.batches import Shape, Stack
from gradproof.repair.search.pairs import Spread, pairs
from gradproof.repair.search.problem import Found, Problem
from gradproof.repair.search.required import Need, meeting
from gradproof.repair.search.variants import Variants

MOST_CONFIRMED = 300
"""Candidates of one level that are confirmed in all trials, at most, the cheapest first."""

ENOUGH = 12
"""So many formulas that hold are a choice large enough."""

MOST_CARRIED = 2000
"""Candidates that are carried to the root from a node whose needed value is not known, at most."""


class Hit(NamedTuple):
    """A candidate for the whole formula.

    Attributes:
        bits: Bits of the slip and of what is put in: what is confirmed first.
        slip: Bits of the slip.
        write: The formula.
    """

    bits: float
    slip: float
    write: Callable[[], Formula]


def offer(problem: Problem, found: Found, hits: Iterable[Hit]) -> None:
    """Confirm candidates, the cheapest first, until enough hold."""
    held = 0
    for hit in sorted(hits, key=lambda hit: hit.bits)[:MOST_CONFIRMED]:
        held += found.offer(hit.write(), hit.slip)
        if held >= ENOUGH or problem.late:
            return


def whole(problem: Problem, found: Found, stack: Stack) -> Iterator[Hit]:
    """Those of a stack of whole formulas that agree on the screen."""
    found.tried += len(stack)
    yield from _of_places(stack, problem.hits(stack.values), lambda formula: formula)


def at_node(
    problem: Problem, found: Found, variants: Variants, path: Path, need: Need | None, stack: Stack
) -> Iterator[Hit]:
    """Those of a stack of candidates for one node with which the whole formula agrees."""
    if need is not None:
        found.tried += len(stack)
        yield from _of_places(stack, meeting(stack.values, need), lambda new: replace(variants.formula, path, new))
        return
    for carried in _to_root(variants, path, {stack.shape: stack.cheapest(MOST_CARRIED)}):
        yield from whole(problem, found, carried)


def paired(
    found: Found, first: Spread, second: Spread, op: str, need: Need, complete: Callable[[Formula, Formula], Formula]
) -> Iterator[Hit]:
    """Pairs of candidates that together have the needed value, and the whole formula that each pair makes."""
    found.tried += len(first.rows) + len(second.rows)
    rows, columns = pairs(first, second, op, need)
    bits = first.bits[rows] + second.bits[columns]
    for place in np.argsort(bits, kind="stable")[:MOST_CONFIRMED]:
        i, j = int(rows[place]), int(columns[place])
        yield Hit(float(bits[place]), float(first.slip[i] + second.slip[j]), _completing(complete, first, i, second, j))


def _completing(
    complete: Callable[[Formula, Formula], Formula], first: Spread, i: int, second: Spread, j: int
) -> Callable[[], Formula]:
    return lambda: complete(first.write(i), second.write(j))


def _of_places(stack: Stack, places: Array, put: Callable[[Formula], Formula]) -> Iterator[Hit]:
    for place in places:
        index = int(place)
        slip = float(stack.slip[index])
        yield Hit(slip + float(stack.weight[index]), slip, _putting(stack, index, put))


def _putting(stack: Stack, index: int, put: Callable[[Formula], Formula]) -> Callable[[], Formula]:
    return lambda: put(stack.write(index))


def _to_root(variants: Variants, path: Path, stacks: dict[Shape, Stack]) -> Iterator[Stack]:
    """Candidates for a node as candidates for the whole formula."""
    if not path:
        yield from stacks.values()
        return
    parent = at(variants.formula, path[:-1])
    for carried in variants.carried(parent, path[-1], stacks):
        yield from _to_root(variants, path[:-1], {carried.shape: carried})

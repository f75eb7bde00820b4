"""Meeting in the middle: two candidates, one from each of two sets, that together give a needed value.

Sums are compared on a random direction, products on a random direction of their logarithms; either way one number for
each candidate is sorted and looked up, so millions of pairs cost milliseconds (Horowitz and Sahni, "Computing
partitions with applications to the knapsack problem", J. ACM 1974).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gradproof.repair.formulas.evaluate import align
from gradproof.repair.formulas.formula import Formula
from gradproof.repair.formulas.functions import LEAD, Array
from gradproof.repair.search.batches import Stack, concatenate
from gradproof.repair.search.required import Need, fits
from gradproof.tolerances import REQUIRED

MOST_PAIRS = 200_000
"""Pairs that look right in one number and are compared in full, at most."""


@dataclass(frozen=True)
class Spread:
    """Candidates of several shapes spread over one, as NumPy broadcasts them.

    Attributes:
        rows: The value of each, `(candidates, trials * entries)`.
        slip: Bits of the slip that each assumes.
        bits: Bits of the slip and of what is put in.
        write: The formula of one of them, by its place.
        seed: For the direction on which values are compared.
    """

    rows: Array
    slip: Array
    bits: Array
    write: Callable[[int], Formula]
    seed: int

    @cached_property
    def direction(self) -> Array:
        """A direction in which no value is orthogonal but by chance."""
        return np.asarray(np.random.default_rng(self.seed).uniform(0.5, 1.5, self.rows.shape[1]))

    @cached_property
    def logarithms(self) -> Array:
        """Of the sizes of the values."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(np.abs(self.rows)))


def spread(stacks: Iterable[Stack], need: Need, seed: int) -> Spread | None:
    """All candidates of some stacks whose shapes broadcast to a need's; None if there are none."""
    shape = need.value.shape[LEAD:]
    fitting = [
        Stack(_full(stack, need), stack.slip, stack.weight, stack.write)
        for stack in stacks
        if len(stack) and fits(stack.values, shape)
    ]
    if not fitting:
        return None
    whole = concatenate(fitting, need.value.shape[1])
    rows = whole.values.reshape(len(whole), -1)
    return Spread(rows, whole.slip, whole.slip + whole.weight, whole.write, seed)


def _full(stack: Stack, need: Need) -> Array:
    values = align((stack.values, need.value))[0]
    return np.broadcast_to(values, (len(stack), *need.value.shape[1:]))


def pairs(first: Spread, second: Spread, op: str, need: Need) -> tuple[Array, Array]:
    """Places (i, j) with `first[i] op second[j]` equal to the needed value wherever that is known.

    Args:
        first: Candidates for the left operand.
        second: Candidates for the right one.
        op: One of `+ - * /`.
        need: The value.
    """
    known = need.known.reshape(-1)
    wanted = need.value.reshape(-1)
    with np.errstate(all="ignore"):
        if op in "+-":
            places = _matches(*_sum_marks(first, second, wanted, known, op))
        else:
            places = _matches(*_product_marks(first, second, wanted, known, op))
        return _verified(first.rows, second.rows, op, need, *places)


def _sum_marks(first: Spread, second: Spread, wanted: Array, known: Array, op: str) -> tuple[Array, Array, Array]:
    """Marks of the left candidates, of the right ones as the left should be, and the tolerance of the left."""
    columns = slice(None) if known.all() else np.nonzero(known)[0]
    direction = first.direction[columns]
    ours, theirs = first.rows[:, columns] @ direction, second.rows[:, columns] @ direction
    total = float(wanted[columns] @ direction)
    size = np.abs(ours) + np.abs(first.rows[:, columns]).max(axis=1) + float(np.abs(wanted[columns]) @ direction)
    return ours, (total - theirs if op == "+" else total + theirs), REQUIRED * size


def _product_marks(first: Spread, second: Spread, wanted: Array, known: Array, op: str) -> tuple[Array, Array, Array]:
    solid = np.nonzero(known & (wanted != 0))[0]
    columns = slice(None) if len(solid) == len(wanted) else solid
    direction = first.direction[columns]
    ours, theirs = first.logarithms[:, columns] @ direction, second.logarithms[:, columns] @ direction
    total = float(np.log(np.abs(wanted[columns])) @ direction)
    margin = np.full(len(ours), 10 * REQUIRED * max(1.0, float(direction.sum())))
    return ours, (total - theirs if op == "*" else total + theirs), margin


def _matches(ours: Array, theirs: Array, margin: Array) -> tuple[Array, Array]:
    """All (i, j) with |ours[i] - theirs[j]| <= margin[i]."""
    candidates = np.nonzero(np.isfinite(theirs))[0]
    order = candidates[np.argsort(theirs[candidates], kind="stable")]
    ranked = theirs[order]
    finite = np.isfinite(ours) & np.isfinite(margin)
    low = np.searchsorted(ranked, np.where(finite, ours - margin, np.inf))
    high = np.searchsorted(ranked, np.where(finite, ours + margin, np.inf), side="right")
    counts = np.where(finite, high - low, 0)
    if counts.sum() > MOST_PAIRS:
        # A direction on which so many agree tells nothing; the likeliest candidates stand first.
        counts = np.where(np.cumsum(counts) <= MOST_PAIRS, counts, 0)
    rows = np.repeat(np.arange(len(ours)), counts)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return rows, order[np.repeat(low, counts) + within]


def _verified(left: Array, right: Array, op: str, need: Need, rows: Array, columns: Array) -> tuple[Array, Array]:
    """The pairs that have the needed value in every known entry, a few entries at a time."""
    wanted, size, known = (part.reshape(-1) for part in (need.value, need.size, need.known))
    entries = np.nonzero(known)[0]
    step = 4
    while len(entries) and len(rows):
        part, entries = entries[:step], entries[step:]
        step *= 4
        u, v = left[rows[:, None], part], right[columns[:, None], part]
        got = u + v if op == "+" else u - v if op == "-" else u * v if op == "*" else u / v
        margin = REQUIRED * (np.abs(wanted[part]) + size[part] + (np.abs(u) if op in "+-" else 0.0))
        good = (np.abs(got - wanted[part]) <= margin).all(axis=1)
        rows, columns = rows[good], columns[good]
    return rows, columns

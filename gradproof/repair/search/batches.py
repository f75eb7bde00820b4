"""Stacks of candidates: many values of one shape, and how each is written when it turns out to be needed."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeAlias

import numpy as np

from gradproof.repair.formulas.formula import Formula
from gradproof.repair.formulas.functions import LEAD, Array

Shape: TypeAlias = tuple[int, ...]

LARGEST = 16_000_000
"""Numbers in the values of one stack."""
FEWEST = 64
"""Candidates that a stack may always hold."""


@dataclass(frozen=True)
class Stack:
    """Candidates of one shape.

    Attributes:
        values: `(candidates, trials, *shape)`.
        slip: Bits of the slip that the candidate assumes, `(candidates,)`.
        weight: Bits of what the candidate puts in, `(candidates,)`.
        write: The formula of one of them, by its place.
    """

    values: Array
    slip: Array
    weight: Array
    write: Callable[[int], Formula]

    def __len__(self) -> int:
        return len(self.values)

    @property
    def shape(self) -> Shape:
        """The shape of one value."""
        return self.values.shape[LEAD:]

    def at(self, places: Array) -> Stack:
        """Some of the candidates."""
        return Stack(
            self.values[places],
            self.slip[places],
            self.weight[places],
            lambda index: self.write(int(places[index])),
        )

    def cheapest(self, count: int) -> Stack:
        """The candidates that assume and put in the least."""
        if len(self) <= count:
            return self
        return self.at(np.sort(np.argsort(self.slip + self.weight, kind="stable")[:count]))

    def mapped(self, values: Array, wrap: Callable[[Formula], Formula], slip: float = 0.0) -> Stack:
        """The candidates inside a larger formula."""
        return Stack(values, self.slip + slip, self.weight, lambda index: wrap(self.write(index)))


def single(value: Array, formula: Formula, slip: float = 0.0, weight: float = 0.0) -> Stack:
    """One candidate of value `(1, trials, *shape)`."""
    return Stack(value, np.array([slip]), np.array([weight]), lambda _: formula)


def concatenate(stacks: Sequence[Stack], trials: int) -> Stack:
    """Stacks of one shape as one."""
    if len(stacks) == 1 and stacks[0].values.shape[1] == trials:
        return stacks[0]
    values = [
        np.broadcast_to(stack.values, (len(stack), trials, *stack.shape))
        if stack.values.shape[1] != trials
        else stack.values
        for stack in stacks
    ]
    ends = list(accumulate(len(stack) for stack in stacks))

    def write(index: int) -> Formula:
        which = bisect_right(ends, index)
        return stacks[which].write(index - (ends[which - 1] if which else 0))

    return Stack(
        np.concatenate(values),
        np.concatenate([stack.slip for stack in stacks]),
        np.concatenate([stack.weight for stack in stacks]),
        write,
    )


def by_shape(stacks: Iterable[Stack], trials: int) -> dict[Shape, Stack]:
    """Stacks of all shapes, one for each shape; of large values only the cheapest candidates are kept."""
    groups: dict[Shape, list[Stack]] = {}
    for stack in stacks:
        if len(stack):
            groups.setdefault(stack.shape, []).append(stack)
    return {shape: concatenate(_kept(group, affordable(shape, trials)), trials) for shape, group in groups.items()}


def _kept(stacks: list[Stack], count: int) -> list[Stack]:
    """The cheapest candidates of several stacks, before their values are copied into one array."""
    if sum(len(stack) for stack in stacks) <= count:
        return stacks
    costs = [stack.slip + stack.weight for stack in stacks]
    most = np.partition(np.concatenate(costs), count - 1)[count - 1]
    kept = [stack.at(np.nonzero(cost <= most)[0]) for stack, cost in zip(stacks, costs, strict=True)]
    return [stack for stack in kept if len(stack)]


def affordable(shape: Shape, trials: int) -> int:
    """How many candidates of a shape are held at once."""
    return max(FEWEST, LARGEST // max(1, trials * math.prod(shape)))


def distinct(stack: Stack, rng: np.random.Generator) -> Array:
    """Places of the candidates, without those that are not finite, zero, or equal in value to a cheaper one."""
    flat = stack.values.reshape(len(stack), -1)
    with np.errstate(all="ignore"):
        useful = np.isfinite(flat).all(axis=1) & (flat != 0).any(axis=1)
        mark = flat @ rng.uniform(0.5, 1.5, flat.shape[1])
        # A mark that cancelled to round-off says nothing; the sizes keep such values apart from true zeros.
        mantissa, exponent = np.frexp(mark)
        key = np.round(mantissa, 9) + 1j * exponent
    order = np.argsort(stack.slip + stack.weight, kind="stable")
    order = order[useful[order]]
    _, first = np.unique(key[order], return_index=True)
    return np.asarray(order[np.sort(first)])

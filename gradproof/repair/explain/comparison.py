"""Computed values beside the true ones: what two sets of numbers have to share before a reading is given."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gradproof.repair.formulas.functions import Array
from gradproof.tolerances import REPAIRED

FEWEST = 3
"""So many entries, from two trials at least, must say the same: any one ratio or difference is constant."""

SIGNIFICANT = 7.0
"""Bits by which a pattern of trials must be rarer than there are patterns to compare it with."""


@dataclass(frozen=True)
class Comparison:
    """One quantity, computed and true, in groups of trials of one set of sizes each.

    Attributes:
        computed: What the equation gives, `(trials, *shape)` a group.
        truth: What is right.
        known: The true values of all known quantities.
        quantity: Its name.
    """

    computed: tuple[Array, ...]
    truth: tuple[Array, ...]
    known: tuple[Mapping[str, Array], ...]
    quantity: str

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The quantities known in every group, but the quantity itself."""
        first, *rest = self.known
        return tuple(name for name in first if name != self.quantity and all(name in other for other in rest))

    @cached_property
    def same_shape(self) -> bool:
        """Whether both have the same shapes."""
        return all(c.shape == t.shape for c, t in zip(self.computed, self.truth, strict=True))

    def agrees(self, changed: Sequence[Array]) -> bool:
        """Whether changed values, one array a group, are the true ones in every trial."""
        return all(close(value, truth) for value, truth in zip(changed, self.truth, strict=True))

    def enough(self, entries: Sequence[Array]) -> bool:
        """Whether marked entries, a mask a group, are many enough and of several trials."""
        count = sum(int(marked.sum()) for marked in entries)
        trials = sum(int(marked.reshape(len(marked), -1).any(axis=1).sum()) for marked in entries)
        return count >= FEWEST and trials >= 2

    @cached_property
    def wrong(self) -> tuple[Array, ...]:
        """Which entries are wrong."""
        with np.errstate(all="ignore"):
            return tuple(~(np.abs(c - t) <= margin(t)) for c, t in zip(self.computed, self.truth, strict=True))

    @cached_property
    def ratios(self) -> tuple[Array, ...] | None:
        """Computed by true value, NaN where that is 0; None if something else is computed there."""
        found = []
        for computed, truth in zip(self.computed, self.truth, strict=True):
            zero = truth == 0
            if (np.abs(computed[zero]) > REPAIRED.relative * np.abs(truth).max(initial=0.0)).any():
                return None
            found.append(np.divide(computed, truth, out=np.full(truth.shape, np.nan), where=~zero))
        return tuple(found)

    def values(self, name: str) -> tuple[Array, ...] | None:
        """A known quantity, spread over the shape of this one; None where it does not broadcast to it."""
        found = []
        for known, truth in zip(self.known, self.truth, strict=True):
            value = np.asarray(known[name], dtype=np.float64)
            missing = truth.ndim - value.ndim
            if missing < 0:
                return None
            value = value.reshape(value.shape[:1] + (1,) * missing + value.shape[1:])
            try:
                found.append(np.broadcast_to(value, truth.shape))
            except ValueError:
                return None
        return tuple(found)

    def sizes(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Axes longer than 1: what each distinct one is called, and how long it is in each group."""
        seen = set()
        for name in (self.quantity, *self.names):
            for axis in range(np.ndim(self.known[0][name]) - 1) if name in self.known[0] else ():
                lengths = tuple(np.shape(known[name])[1 + axis] for known in self.known)
                if lengths not in seen and set(lengths) != {1}:
                    seen.add(lengths)
                    yield f"{name}.shape[{axis}]", lengths


def margin(truth: Array) -> Array:
    """Differences from the truth that count as agreement."""
    return REPAIRED.allowed(truth)


def close(value: Array, truth: Array) -> bool:
    """Whether a value has the shape of the truth and agrees with it in every entry."""
    with np.errstate(all="ignore"):
        return value.shape == truth.shape and bool((np.abs(value - truth) <= margin(truth)).all())


def is_rare(marked: int, total: int, compared: int) -> bool:
    """Whether a pattern of so many of so many cannot be one of the compared ones by chance."""
    if not 0 < marked < total:
        return False
    return math.log2(math.comb(total, marked)) >= math.log2(2 * max(1, compared)) + SIGNIFICANT


def varies(values: Sequence[Array]) -> bool:
    """Whether a quantity takes several values."""
    flat = np.concatenate([value.reshape(-1) for value in values])
    return bool(np.ptp(flat) > REPAIRED.relative * np.abs(flat).max(initial=0.0))

"""What a check could have seen: for every entry of a quantity the smallest relative fault that its best trial shows.

A fault shows in a trial if it is larger than the sum of both sides' rounding bounds. An entry's resolution is that
sum against the size of the value, in its best trial; a verdict's is that of its worst entry. An entry that is zero in
all trials, exactly or up to rounding, has no relative size and is measured absolutely.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from gradproof.arrays.structure import Array


@dataclass(frozen=True)
class Resolution:
    """How fine a check was.

    Attributes:
        relative: The smallest relative fault that would have shown in every entry that is not always zero; infinite
            where some entry never had a useful bound, 0 where there is no such entry.
        absolute: The same of the entries that are always zero, in absolute size.
        zeros: How many entries are zero in all trials, exactly or up to rounding.
        entries: How many entries there are.
        untold: The share of entries and trials that could not tell: their bound was too coarse.
    """

    relative: float
    absolute: float
    zeros: int
    entries: int
    untold: float

    def too_coarse(self, coarsest: float, largest: float) -> bool:
        """Whether a fault of the relative size `coarsest` might have hidden; `largest` is the largest value seen."""
        return not (self.relative <= coarsest and self.absolute <= coarsest * largest)


@dataclass
class Entries:
    """One quantity's entries at one size."""

    best: Array
    least: Array
    open: Array
    trials: int = 0


@dataclass
class Seen:
    """What bounds and values have shown of each entry so far, by the quantity's shape.

    Attributes:
        coarsest: Where a bound, relative to the value, is too coarse to tell anything.
        largest: The largest true value.
    """

    coarsest: float
    largest: float = 0.0
    dark: dict[tuple[int, ...], Array] = field(default_factory=dict)
    by_shape: dict[tuple[int, ...], Entries] = field(default_factory=dict)

    def light(self, truth: Array) -> Array:
        """Note which entries of `(n, *shape)` are not zero; returns the rows in which an entry is so for the first
        time."""
        shape, flat = truth.shape[1:], truth.reshape(len(truth), -1)
        dark = self.dark.get(shape)
        if dark is None:
            dark = np.arange(flat.shape[1])
        if not dark.size:
            return np.empty(0, dtype=np.intp)
        lit = flat[:, dark] != 0
        found = lit.any(axis=0)
        self.dark[shape] = dark[~found]
        return np.unique(lit[:, found].argmax(axis=0))

    @property
    def lit(self) -> bool:
        """Whether any entry was ever different from zero."""
        sizes = {shape: int(np.prod(shape, dtype=int)) for shape in self.dark}
        return any(len(dark) < sizes[shape] for shape, dark in self.dark.items())

    def note(self, size: Array, bound: Array, fair: Array) -> None:
        """Take in the sizes of true values and the bounds of differences, `(n, *shape)` each.

        Args:
            size: |truth|.
            bound: How far the two sides may differ by rounding.
            fair: Which rows were not picked for what they show, `(n,)`: those count for the share.
        """
        shape = size.shape[1:]
        entries = self.by_shape.get(shape)
        if entries is None:
            count = int(np.prod(shape, dtype=int))
            entries = self.by_shape[shape] = Entries(np.full(count, np.inf), np.full(count, np.inf), np.zeros(count))
        flat, limit = size.reshape(len(size), -1), bound.reshape(len(size), -1)
        with np.errstate(all="ignore"):
            ratio = np.where(flat > 0, limit / flat, np.inf)
        np.minimum(entries.best, ratio.min(axis=0, initial=np.inf), out=entries.best)
        np.minimum(entries.least, limit.min(axis=0, initial=np.inf), out=entries.least)
        untold = (ratio > self.coarsest) & (limit > 0)
        entries.open += untold[fair].sum(axis=0)
        entries.trials += int(np.count_nonzero(fair))
        finite = flat[np.isfinite(flat)]
        self.largest = max(self.largest, float(finite.max(initial=0.0)))

    def resolution(self) -> Resolution | None:
        """How fine the check was; None where nothing was bounded."""
        if not self.by_shape:
            return None
        found = list(self.by_shape.values())
        live = [entries.best < 1 for entries in found]
        best = np.concatenate([entries.best[one] for entries, one in zip(found, live, strict=True)])
        zero = np.concatenate([entries.least[~one] for entries, one in zip(found, live, strict=True)])
        asked = sum(entries.trials * int(one.sum()) for entries, one in zip(found, live, strict=True))
        untold = sum(float(entries.open[one].sum()) for entries, one in zip(found, live, strict=True))
        return Resolution(
            relative=float(best.max(initial=0.0)),
            absolute=float(zero.max(initial=0.0)),
            zeros=len(zero),
            entries=len(best) + len(zero),
            untold=untold / asked if asked else 0.0,
        )

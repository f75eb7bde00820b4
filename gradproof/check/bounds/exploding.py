"""Bounds that explode where the values do not: those of long recurrences, which a sampled bound takes the place of.

A rigorous bound adds up what rounding may do in each step as if all of it went the same way. Through a recurrence of
many steps (an LSTM, a deep network whose layers hardly shrink anything) that grows like a power of the sum of the
weights' sizes, while the values, and their true errors, stay as they are. Such a bound says nothing. Where many entries
have one, and sampling shows that rounding does far less, the sampled bound is taken, by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from gradproof.check.bounds.bounded import Array, Bounded

OPEN = 1e-10
"""As a share of the largest numbers of a trial, the error from which on a bound may have exploded; rounding alone stays
mostly below. In float32, of which float32 itself shows too little, rigorous bounds stay."""

LONG = 1 << 15
"""Bytes of the numbers of a trial."""

FAR = 1e3
"""What has exploded is so many times larger than a sampled bound, which is some fifty times what rounding usually does.
Where terms cancel, or a million are added up, a rigorous bound stays below that."""


MANY = 1 / 8
"""The share of entries: those of the first steps of a recurrence, or of the last, explode alone."""


def sizes(values: Iterable[Array]) -> Array:
    """The largest size of a number in each trial, `(n,)`, of values `(n, *shape)`."""
    rows = (np.abs(value).reshape(len(value), -1) for value in values if value.dtype.kind == "f")
    return np.asarray(np.maximum.reduce([row.max(axis=1, initial=0.0) for row in rows] or [np.zeros(1)]))


def is_long(numbers: Iterable[Array], trials: int) -> bool:
    """Whether a trial has so many numbers that it may hold a long recurrence: only there samples take a bound's place.

    Of few numbers whose terms cancel, samples have too little to see.
    """
    return sum(one.nbytes for one in numbers) >= LONG * max(trials, 1)


def may_explode(bounded: Bounded, drawn: Callable[[], Array]) -> bool:
    """Whether many entries have a rigorous bound that says little of them, and none was decided by a near tie.

    Samples know nothing of the other side of a tie, so where decisions were near the rigorous bound stays.

    Args:
        bounded: A quantity `(n, *shape)`.
        drawn: Gives the largest size of what it is computed from, `(n,)`: where terms cancel it is no smaller than
            this. Mostly nobody asks.
    """
    if bounded.value.dtype != np.float64 or bounded.kind != "rigorous" or bounded.perhaps_near.any():
        return False
    own, most = sizes([bounded.value]), float(bounded.error.max(initial=0.0))
    with np.errstate(all="ignore"):
        if most <= OPEN * own.min(initial=np.inf):
            return False
        largest = np.maximum(own, drawn())
        if most <= OPEN * largest.min(initial=np.inf):
            return False
        told = bounded.error.reshape(len(bounded.error), -1) <= OPEN * largest[:, None]
    return int(np.count_nonzero(~told)) >= MANY * told.size


def explodes(bounded: Bounded, sampled: Array) -> bool:
    """Whether the bound is so far above a sampled one, in many entries, that it has nothing to do with rounding."""
    with np.errstate(all="ignore"):
        far = np.isfinite(sampled) & ~(bounded.error <= FAR * sampled)
    return int(np.count_nonzero(far)) >= MANY * far.size

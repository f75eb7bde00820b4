"""Compare computed values with the truth: what is plainly equal, what needs a bound, and what the run has shown.

A difference of a few units in the last place is rounding whatever the formula. Every larger one is kept for
`gradproof.check.bounds`, which says how much rounding explains in that trial. There is no tolerance to choose.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradproof.check.facts.resolution import Seen
from gradproof.tolerances import COARSEST

Array = NDArray[Any]
Rows = NDArray[np.intp]

PLAIN_ULPS = 16
"""Differences up to so many units in the last place of the truth are rounding: both sides round their result and
what it is made of. All larger ones are judged by bounds."""

DOUBT = {"float64": 1e4, "float32": 1e3}
"""A sampled bound is an estimate; in float64 it is scaled down from float32, of which an ill-conditioned step leaves
nothing. Differences of up to so many such bounds are neither explained nor an accusation."""

NO_ROWS: Rows = np.empty(0, dtype=np.intp)

IN_CACHE = 1 << 17
"""Bytes of an array of which a few such have room in a core's own cache: they are gone through several times there."""


def rows_of(places: Rows, values: Array) -> Rows:
    """The rows of `(n, *shape)` in which places of its flattened form lie, each once."""
    return np.unique(places // max(values.size // max(len(values), 1), 1))


def in_cache(values: Array) -> Iterator[slice]:
    """The rows of `(n, *shape)` in portions that are quick to go through; at least one."""
    count = max(IN_CACHE * len(values) // max(values.nbytes, 1), 1)
    for start in range(0, max(len(values), 1), count):
        yield slice(start, start + count)


def finite_rows(truth: Array) -> Rows:
    """The rows of `(n, *shape)` in which every entry is finite."""
    return np.flatnonzero(np.isfinite(truth).reshape(len(truth), -1).all(axis=1))


def coarse(difference: Array) -> Array:
    """Differences rounded to four digits: of those that only rounding tells apart the first is the worst, wherever
    the run took place."""
    mantissa, exponent = np.frexp(difference)
    return np.asarray(np.ldexp(np.rint(mantissa * 2**13), exponent - 13))


def _largest(difference: Array) -> float:
    """The largest entry; infinite where one is no number."""
    largest = float(difference.max(initial=0.0))
    return np.inf if np.isnan(largest) else largest


def accused(difference: Array, reach: Array, kind: str, dtype: str) -> NDArray[np.bool_]:
    """In which rows of `(n, *shape)` some entry differs by more than can be rounding or a near tie; NaN does.

    Args:
        difference: |computed - true|.
        reach: How far the two sides may be apart; where that is not finite nothing is accused.
        kind: How the bound was found; one that was sampled leaves a margin of doubt.
        dtype: The dtype of the values.
    """
    limit = DOUBT[dtype] * reach if kind == "sampled" else reach
    beyond = np.logical_not(difference <= limit) & np.isfinite(reach)
    return np.asarray(beyond.reshape(len(beyond), -1).any(axis=1))


@dataclass
class Tally:
    """What one run (free, or on true inputs) has shown of one equation so far.

    Attributes:
        trials: Trials compared, those in which the truth is not finite left out.
        disagreeing: Trials in which the difference exceeds the bound.
        overflows: Those of them in which what disagrees is not finite.
        edges: Trials in which it does so only because the two sides took different branches at a near tie.
        undefined: Trials in which the truth is not finite.
        finite_there: Those of them in which the computed value is finite all the same.
        inconclusive: Trials in which no finite bound was to be had.
        doubtful: Trials in which a difference exceeds a sampled bound by less than would be an accusation.
        max_abs, max_rel, max_ulp: The largest differences.
        share: The largest difference as a share of its bound, where a bound was computed.
        kinds: The kinds of bound used: `rigorous`, `sampled`, `fixed`.
        worst: The trial with the largest difference, and how large it is in the order in which they are compared.
        seen: What the check could have seen, entry by entry.
    """

    trials: int = 0
    disagreeing: int = 0
    overflows: int = 0
    edges: int = 0
    undefined: int = 0
    finite_there: int = 0
    inconclusive: int = 0
    doubtful: int = 0
    max_abs: float = 0.0
    max_rel: float = 0.0
    max_ulp: float = 0.0
    share: float = 0.0
    kinds: set[str] = field(default_factory=set)
    worst: tuple[int, float, int] = (-1, 0.0, -1)
    seen: Seen = field(default_factory=lambda: Seen(COARSEST["float64"]))

    def note_worst(self, rank: int, size: float, trial: int) -> None:
        """Keep the worst trial: disagreeing ones (rank 1) before agreeing ones (0), larger and earlier ones first."""
        if self.worst[2] < 0 or (rank, size, -trial) > (*self.worst[:2], -self.worst[2]):
            self.worst = (rank, size, trial)

    def screen(self, computed: Array, truth: Array, trials: NDArray[np.int64]) -> Rows:
        """Take in a block; returns the places that only a bound can judge, in the flattened block and in rising order.

        Args:
            computed: `(n, *shape)`.
            truth: `(n, *shape)`, of the same shape.
            trials: The numbers of the trials, `(n,)`.
        """
        parts = []
        for rows in in_cache(truth):
            found = self._screen(computed[rows], truth[rows], trials[rows])
            parts.append(found + rows.start * (truth.size // len(truth)))
        return np.concatenate(parts) if len(parts) > 1 else parts[0]

    def _screen(self, computed: Array, truth: Array, trials: NDArray[np.int64]) -> Rows:
        """The same of a part of it.

        Only entries that differ by more than any before, or by more than is plainly rounding, are looked at closely:
        a unit in the last place is at least eps/2 of the value, so none of the others can be the largest in any sense.
        """
        count, eps = len(truth), float(np.finfo(truth.dtype).eps)
        self.trials += count
        with np.errstate(all="ignore"):
            difference = np.subtract(computed, truth)
            np.abs(difference, out=difference)
            largest = float(difference.max(initial=0.0))
            if largest == 0.0:
                self.note_worst(0, 0.0, int(trials[0]))
                return NO_ROWS
            size = np.abs(truth)
            close = difference > size * min(PLAIN_ULPS * eps, self.max_rel, self.max_ulp * eps / 2)
            if not largest < np.inf:  # nan compares as false, and so may inf
                close |= ~(np.isfinite(difference) & np.isfinite(size))
            elif largest > self.max_abs:
                self.max_abs = largest
            if not close.any():
                return NO_ROWS
            flat = close.reshape(count, -1)
            if not largest < np.inf:
                rows = self._defined(np.flatnonzero(flat.any(axis=1)), computed, truth)
                flat &= np.isin(np.arange(count), rows)[:, None]
                self.max_abs = max(self.max_abs, _largest(difference[rows]))
            places = np.flatnonzero(flat)
            if not places.size:
                return NO_ROWS
            rows, apart, scale = places // flat.shape[1], difference.ravel()[places], size.ravel()[places]
            self._note_errors(apart, scale, trials[rows])
            return places[np.logical_not(apart <= scale * (PLAIN_ULPS * eps))]

    def lights(self, truth: Array) -> Rows:
        """The rows in which an entry of the truth is not zero for the first time; a bound tells how fine it is seen."""
        rows = self.seen.light(truth)
        return rows[np.isin(rows, finite_rows(truth))] if rows.size else rows

    def _defined(self, rows: Rows, computed: Array, truth: Array) -> Rows:
        """Those of the rows whose truth is finite; the others are counted apart."""
        finite = np.isfinite(truth[rows]).reshape(len(rows), -1).all(axis=1)
        undefined = rows[~finite]
        self.undefined += len(undefined)
        self.trials -= len(undefined)
        self.finite_there += len(finite_rows(computed[undefined])) if undefined.size else 0
        return rows[finite]

    def _note_errors(self, difference: Array, size: Array, trials: NDArray[np.int64]) -> None:
        """The largest relative difference, and the largest in units in the last place, of some entries `(n,)`.

        A difference that is not finite, or one from a true zero, has no relative size: it counts as infinite.
        """
        relative = difference / size
        relative[difference == 0] = 0.0
        relative[np.isnan(relative)] = np.inf
        top = float(relative.max())
        if top > self.max_rel or self.worst[2] < 0:
            self.note_worst(0, top, int(trials[int(relative.argmax())]))
        self.max_rel = max(self.max_rel, top)
        eps = float(np.finfo(size.dtype).eps)
        larger = np.flatnonzero(relative * (2.001 / eps) > self.max_ulp)  # a unit is at least eps/2 of the value
        if larger.size:
            ulps = difference[larger] / np.spacing(size[larger])
            ulps[np.isnan(ulps)] = np.inf
            self.max_ulp = max(self.max_ulp, float(ulps.max()))

    @staticmethod
    def exceeds(difference: Array, bound: Array) -> NDArray[np.bool_]:
        """In which rows some entry differs by more than its bound, `(n, *shape)` each; NaN does."""
        within = (difference <= bound) | ~np.isfinite(bound)
        return np.logical_not(within.reshape(len(bound), -1).all(axis=1))

    def judge(
        self,
        difference: Array,
        bound: Array,
        kind: str,
        trials: NDArray[np.int64],
        *,
        size: Array,
        fair: Array,
        ties: Array | None = None,
    ) -> Array:
        """Take in rows with their bounds; returns which rows disagree, `(n,)`.

        Args:
            difference: |computed - true|, `(n, *shape)`.
            bound: How much of it rounding explains on the branches that were taken.
            kind: The kind of that bound.
            trials: The numbers of the trials, `(n,)`.
            size: |true|.
            fair: Which rows were not picked for what they show, `(n,)`.
            ties: How much of it a near tie explains at which the two sides took different branches.
        """
        count = len(trials)
        flat, limit = difference.reshape(count, -1), bound.reshape(count, -1)
        self.kinds.add(kind)
        self.seen.note(size, bound, fair)
        known = np.isfinite(limit)
        self.inconclusive += int(np.count_nonzero(~known.any(axis=1)))
        reach = limit if ties is None else np.maximum(limit, ties.reshape(count, -1))
        over = np.logical_not((flat <= limit) | ~known)
        beyond = np.logical_not(flat <= reach) & over & np.isfinite(reach)
        wrong = accused(flat, reach, kind, str(size.dtype))
        doubtful = beyond.any(axis=1) & ~wrong
        self.doubtful += int(doubtful.sum())
        edge = over.any(axis=1) & ~wrong & ~doubtful
        self.disagreeing += int(wrong.sum())
        self.edges += int(edge.sum())
        lost = wrong & ~(over & np.isfinite(flat)).any(axis=1)
        self.overflows += int(lost.sum())
        with np.errstate(all="ignore"):
            share = np.where((flat == 0) | ~known, 0.0, flat / limit)
        share = np.where(np.isnan(share), np.inf, share).max(axis=1, initial=0.0)
        share[edge | lost | doubtful] = 0.0
        self.share = max(self.share, float(share.max(initial=0.0)))
        if wrong.any():
            apart = coarse(np.where(over & ~(flat <= reach), flat, 0.0).max(axis=1, initial=0.0))
            apart[np.isnan(apart)] = np.inf
            largest = apart.max(where=wrong, initial=0.0)
            self.note_worst(1, float(largest), int(trials[wrong & (apart == largest)].min()))
        return np.asarray(wrong)

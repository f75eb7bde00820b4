"""Trials: counter-based random draws, the same for each trial however a run is cut up or spread.

A trial is addressed by the seed, the case's name and its number. A case with several references deals its trials to
them in turn: trial k is reference k % R's own trial k // R. The numbers come from a Philox generator (Salmon et al.,
"Parallel random numbers: as easy as 1, 2, 3", SC 2011) whose key is the seed and the case and whose counter is the
reference and the page: a few consecutive own trials, in number a function of how many numbers a trial has, so that
seating the generator costs little beside drawing, and a trial that is wanted alone costs little more than itself.
Blocks, in which trials are computed, begin and end wherever the computation likes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradproof.case.kinds import Distribution
from gradproof.errors import GradproofError

LONGEST_PAGE = 1024
NUMBERS_IN_PAGE = 1 << 15


@dataclass(frozen=True)
class Block:
    """Some consecutive trials of one reference.

    Attributes:
        reference: Which of the case's references, counted from 0.
        first: The first of them, in the count of that reference alone.
        count: How many.
        references: How many references the case has.
    """

    reference: int
    first: int
    count: int
    references: int = 1

    @property
    def rows(self) -> NDArray[np.int64]:
        """The trials in the count of the reference alone, `(n,)`."""
        return np.arange(self.first, self.first + self.count, dtype=np.int64)

    @property
    def trials(self) -> NDArray[np.int64]:
        """The numbers of the trials, `(n,)`."""
        return self.rows * self.references + self.reference


def blocks(trials: int, sizes: Sequence[int], start: int = 0) -> Iterator[Block]:
    """All blocks of a run, of the references in turn.

    Args:
        trials: How many trials the run has.
        sizes: How many trials a block of each of the R references has at most.
        start: The first trial that is wanted.
    """
    if trials < 1:
        raise GradproofError(f"a run has at least one trial, not {trials}")
    count = len(sizes)
    own = [len(range(reference, trials, count)) for reference in range(count)]
    first = [len(range(reference, start, count)) for reference in range(count)]
    while any(first[r] < own[r] for r in range(count)):
        for r, size in enumerate(sizes):
            if first[r] < own[r]:
                yield Block(r, first[r], min(size, own[r] - first[r]), count)
                first[r] += size


def page_size(numbers: int) -> int:
    """Trials a page, for so many random numbers a trial: a power of two between 1 and 1,024."""
    size = LONGEST_PAGE
    while size > 1 and size * numbers > NUMBERS_IN_PAGE:
        size //= 2
    return size


def draw(
    distributions: Mapping[str, Distribution],
    reference: int,
    rows: NDArray[np.int64],
    *,
    case: str,
    seed: int,
    scale: float = 1.0,
    unscaled: frozenset[str] = frozenset(),
) -> dict[str, NDArray[Any]]:
    """The random numbers of some trials of one reference, `(n, *shape)` for each name.

    Args:
        distributions: What to draw, in the order in which the generator is asked.
        reference: Which of the case's references they belong to.
        rows: The trials in the count of that reference alone, `(n,)`, in rising order.
        case: The case's name: a part of the key.
        seed: The run's seed, 0 <= seed < 2**64: the other part.
        scale: A factor on real draws.
        unscaled: Names that the factor leaves alone.
    """
    size = page_size(sum(distribution.size for distribution in distributions.values()))
    philox = np.random.Philox(key=np.array([checked_seed(seed), _key(case)], dtype=np.uint64))  # no list: floats
    generator, start = np.random.Generator(philox), philox.state
    drawn = {name: d.empty(len(rows)) for name, d in distributions.items()}
    pages = rows // size
    ends = np.append(np.flatnonzero(np.diff(pages)) + 1, len(rows))
    begin = 0
    for end in ends:
        start["state"]["counter"][:] = (0, 0, int(pages[begin]), reference)  # it counts in the low word
        philox.state = start
        within = _places(rows[begin:end] % size)
        for name, distribution in distributions.items():
            values = distribution.sample(generator, size, 1.0 if name in unscaled else scale)
            drawn[name][begin:end] = values[within]
        begin = end
    return drawn


def _places(rows: NDArray[np.int64]) -> slice | NDArray[np.int64]:
    """Rising places, as a slice where they follow one another: that costs no copy."""
    first, last = int(rows[0]), int(rows[-1])
    return slice(first, last + 1) if last - first + 1 == len(rows) else rows


def checked_seed(seed: int) -> int:
    """The seed, if it is one.

    Raises:
        GradproofError: It is no whole number from 0 up to 2**64 - 1.
    """
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed < 2**64:
        raise GradproofError(f"a seed is a whole number from 0 to 2**64 - 1, not {seed!r}")
    return seed


def _key(case: str) -> int:
    return int.from_bytes(hashlib.blake2b(case.encode(), digest_size=8).digest(), "little")

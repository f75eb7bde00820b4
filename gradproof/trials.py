"""Trials: counter-based random draws that are the same however a run is cut up.

Trials come in blocks of a size that depends on the reference alone. A block's numbers come from a Philox generator
(Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011) whose key is the seed and the case's name and
whose counter is the block, so trial k has the same numbers whether it is drawn in a run of ten million or replayed
alone. A case with several references deals its trials to them in turn, block by block.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradproof.distributions import Distribution
from gradproof.errors import GradproofError

LARGEST_BLOCK = 8192
ELEMENTS_IN_BLOCK = 1 << 19
SMALLEST_BLOCK = 16


@dataclass(frozen=True)
class Block:
    """Some consecutive trials of one reference.

    Attributes:
        reference: Which of the case's references, counted from 0.
        draw: Which draw of that reference.
        trials: The numbers of the trials, `(n,)`.
        start: The row of the draw at which they begin.
    """

    reference: int
    draw: int
    trials: NDArray[np.int64]
    start: int = 0


def block_size(elements: int) -> int:
    """Trials a block, for so many random numbers a trial: a power of two between 16 and 8,192."""
    size = LARGEST_BLOCK
    while size > SMALLEST_BLOCK and size * elements > ELEMENTS_IN_BLOCK:
        size //= 2
    return size


def blocks(trials: int, sizes: tuple[int, ...]) -> Iterator[Block]:
    """All blocks of a run: trial k belongs to reference k % R, as its trial k // R.

    Args:
        trials: How many trials the run has.
        sizes: The block size of each of the R references.
    """
    if trials < 1:
        raise GradproofError(f"a run has at least one trial, not {trials}")
    count = len(sizes)
    own = [len(range(reference, trials, count)) for reference in range(count)]
    draws = [0] * count
    while any(draws[r] * sizes[r] < own[r] for r in range(count)):
        for r, size in enumerate(sizes):
            first = draws[r] * size
            if first < own[r]:
                rows = np.arange(first, min(first + size, own[r]), dtype=np.int64)
                yield Block(r, draws[r], rows * count + r)
                draws[r] += 1


def block_of(trial: int, sizes: tuple[int, ...]) -> Block:
    """The block of one trial alone."""
    if trial < 0:
        raise GradproofError(f"trials are counted from 0, so there is no trial {trial}")
    reference, own = trial % len(sizes), trial // len(sizes)
    draw, start = divmod(own, sizes[reference])
    return Block(reference, draw, np.array([trial], dtype=np.int64), start)


def draw(
    distributions: Mapping[str, Distribution],
    block: Block,
    size: int,
    *,
    case: str,
    seed: int,
    scale: float = 1.0,
    unscaled: frozenset[str] = frozenset(),
) -> dict[str, NDArray[Any]]:
    """The random numbers of a block, `(n, *shape)` for each name.

    Args:
        distributions: What to draw, in the order in which the generator is asked.
        block: Which trials.
        size: The block size, of which all are drawn whichever are kept.
        case: The case's name: a part of the key.
        seed: The run's seed, 0 <= seed < 2**64: the other part.
        scale: A factor on real draws.
        unscaled: Names that the factor leaves alone.
    """
    key = np.array([checked_seed(seed), _key(case)], dtype=np.uint64)  # a list would go through floats
    generator = np.random.Generator(np.random.Philox(key=key, counter=_counter(block)))
    rows = slice(block.start, block.start + len(block.trials))
    drawn = {}
    for name, distribution in distributions.items():
        values = distribution.sample(generator, size, 1.0 if name in unscaled else scale)
        drawn[name] = values[rows]
    return drawn


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


def _counter(block: Block) -> NDArray[np.uint64]:
    """The generator counts in the low word, so blocks are told apart by the high ones."""
    return np.array([0, 0, block.draw, block.reference], dtype=np.uint64)

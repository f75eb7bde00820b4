"""How many trials are computed at once: as many as fit into the memory that a run may use.

What a trial takes is counted, not guessed: its draws, the results of all operations that torch computes them by, and
all known quantities, on both sides. Nothing that is found depends on how a run is cut.
"""

from __future__ import annotations

from dataclasses import dataclass

LARGEST_BLOCK = 32_768
LARGEST_JUDGED = 8_192
"""Longer portions save nothing: what a call costs is then a small part of what its numbers cost."""

MOST_FULLY, FEWEST_FULLY = 256, 8
FULLY_BYTES = 32 << 20
"""Trials that are judged in full show how fine a check is; of large ones few are enough, in each of many entries."""

BOUNDED = 4
"""A bound takes so many times the bytes of what it bounds: a value, its error, and what they are computed through."""


@dataclass(frozen=True)
class Portions:
    """So many trials of one reference at once.

    Attributes:
        block: Computed on both sides.
        waiting: Put aside until they are judged by bounds.
        judged: Judged by bounds.
        fully: So many first trials get bounds for every equation, whether they need them or not.
    """

    block: int
    waiting: int
    judged: int
    fully: int


def portions(trial: int, memory: int) -> Portions:
    """The portions for trials of so many bytes: a quarter of the memory for each of two, half of it for bounds."""
    return Portions(
        block=_within(memory // 4, trial, LARGEST_BLOCK),
        waiting=_within(memory // 4, trial, LARGEST_JUDGED),
        judged=_within(memory // 2, BOUNDED * trial, LARGEST_JUDGED),
        fully=max(FEWEST_FULLY, _within(FULLY_BYTES, trial, MOST_FULLY)),  # whatever the memory
    )


def _within(memory: int, trial: int, most: int) -> int:
    """At least one: what a single trial takes is the case's own."""
    return max(1, min(most, memory // max(trial, 1)))

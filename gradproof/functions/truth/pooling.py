"""How far rounding moves the entries of a large result: each entry's own deviations, tempered by those of its like.

A few runs tell little of one entry's spread, and among millions of entries some move by chance hardly at all in every
run, others by five times their spread. So the estimate of an entry's variance is drawn towards that of the entries of
like size (of one power of two): the posterior mean under a scaled inverse chi-square prior (G. K. Smyth, "Linear models
and empirical Bayes methods", Stat. Appl. Genet. Mol. Biol. 3, 2004, section 3). An entry that no rounding moves at all
stays exact.
"""

from __future__ import annotations

import torch

LARGE = 2**10
"""Results with so many entries are judged by pooled spreads."""

PRIOR = 4.0
"""So many runs the entries of like size count for."""

POOLED_SAFETY = 12.0
"""So many standard deviations are allowed: what six times the largest of twelve samples is in the middle."""

_TAKEN = 2**14
_SHARE, _DEVIATIONS = 0.9, 1.645
"""A spread is told from the deviation that nine of ten entries stay below, which a few wild ones do not move."""

_ENOUGH = 32
"""Of fewer entries of like size nothing is told."""

_LEAST, _MOST = -1100, 1100


class Pooled:
    """The spread of one result's entries, as runs with other roundings show it."""

    def __init__(self, true: torch.Tensor) -> None:
        """Begin with nothing known.

        Args:
            true: The true values, flat and of 64 bits.
        """
        self._true, self._squares, self._runs = true, torch.zeros_like(true), 0
        self._usual: torch.Tensor | None = None

    def learn(self, off: torch.Tensor, entries: slice) -> None:
        """Take in how far one run moved some entries."""
        self._squares[entries].addcmul_(off, off)

    def end(self) -> None:
        """All entries of one run are taken in."""
        self._runs += 1
        self._usual = None

    def spread(self, entries: slice) -> torch.Tensor:
        """The estimated standard deviations of some entries."""
        if self._usual is None:
            self._usual = self._of_sizes()
        squares = self._squares[entries]
        like = self._usual[_sizes(self._true[entries])]
        spread = like.square_().mul_(PRIOR).add_(squares).div_(PRIOR + self._runs).sqrt_()
        return spread.masked_fill_(squares == 0, 0.0)

    def _of_sizes(self) -> torch.Tensor:
        """For each power of two the usual deviation of entries of that size, from a part of them."""
        step = max(1, len(self._true) // _TAKEN)
        off = (self._squares[::step] / self._runs).sqrt_()
        moved = (off > 0) & torch.isfinite(off)
        off, sizes = off[moved], _sizes(self._true[::step])[moved]
        usual = torch.zeros(_MOST - _LEAST + 1, dtype=torch.float64)
        order = torch.argsort(off)
        off, sizes = off[order], sizes[order]
        known = []
        for size, count in zip(*(found.tolist() for found in torch.unique(sizes, return_counts=True)), strict=True):
            if count >= min(_ENOUGH, len(off)):
                usual[size] = off[sizes == size][int(_SHARE * (count - 1))] / _DEVIATIONS
                known.append(size)
        for size, above in zip([-1, *known], known, strict=False):  # what is small by cancellation moves like the rest
            usual[size + 1 : above] = usual[above]
        if known:  # what is larger moves in proportion
            steps = torch.arange(1, len(usual) - known[-1], dtype=torch.float64)
            usual[known[-1] + 1 :] = usual[known[-1]] * 2.0**steps
        return usual


def _sizes(values: torch.Tensor) -> torch.Tensor:
    """The power of two of each number, as a place in a table."""
    return torch.frexp(values).exponent.clamp_(_LEAST, _MOST).sub_(_LEAST).long()

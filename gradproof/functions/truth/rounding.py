"""How far a right result may be off by rounding in a dtype: Monte Carlo arithmetic on the reference.

The reference is run in float64, and every operand and every result of every ATen operation of its forward and
backward is moved at random by up to one unit roundoff of the dtype, as if each had been rounded there; numbers that
the dtype holds only as subnormals by half their spacing. Fused operations are taken apart first. This is full Monte
Carlo arithmetic (D. S. Parker, "Monte Carlo Arithmetic: exploiting randomness in floating-point arithmetic", UCLA
CSD-970002, 1997). The largest deviation over the samples, `SAFETY` times, is what rounding explains: also for a
function that orders its operations otherwise, but not for one that adds thousands of terms into a sum of low
precision. Entries of large results are judged by the spread of their like too (`pooling`). It is sampled, not a proof.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch

from gradproof.functions.running.numbers import parts
from gradproof.functions.running.roundings import RandomRounding, precision
from gradproof.functions.truth.pooling import LARGE, POOLED_SAFETY, Pooled

SAMPLES = 12
SAFETY = 6.0
"""A sampled allowance is this many times the largest deviation seen in `SAMPLES` runs."""

PLAIN_ROUNDINGS = 4.0
"""So many roundings of the result itself are always allowed."""

PIECE = 2**15
"""Limits are made in pieces of so many entries, which stay in the processor's cache."""

Results = Sequence[torch.Tensor | None]


@dataclass(frozen=True)
class Stage:
    """What one step teaches of the reference's rounding.

    Attributes:
        kind: `sampled`, or `rigorous`.
        values: Results with other roundings, or bounds of their errors.
        scale: What brings their deviations to the dtype's own roundoff.
    """

    kind: str
    values: Results
    scale: float = 1.0


class Allowances:
    """How far each result may be off: a little to begin with, and more as more is known of the reference's rounding.

    Nothing is kept of a result before its rounding was looked into, so that large ones take no memory.

    Attributes:
        bound: How it was found: `roundings` (of the result itself), `sampled` or `rigorous`.
        samples: How many runs of the reference with other roundings were looked at.
    """

    def __init__(self, truth: Results, dtypes: Sequence[torch.dtype | None], stages: Iterator[Stage]) -> None:
        self._truth = [None if true is None else parts(true).contiguous() for true in truth]
        self._how = [None if dtype is None else precision(dtype) for dtype in dtypes]
        self._spread: list[torch.Tensor | Pooled | None] = [None] * len(truth)
        self._error: list[torch.Tensor | None] = [None] * len(truth)
        self._whole: dict[int, torch.Tensor] = {}
        self._usual: dict[int, float] = {}
        self._stages = stages
        self.bound, self.samples = "roundings", 0

    def knows(self, k: int) -> bool:
        """Whether there is a result of real or complex numbers, which rounding may move."""
        return self._truth[k] is not None and self._how[k] is not None

    def usual(self, k: int) -> float:
        """The root of the mean square of a result that there is."""
        true = self._truth[k]
        assert true is not None
        if k not in self._usual:
            self._usual[k] = float(torch.linalg.vector_norm(true)) / max(1, true.numel()) ** 0.5
        return self._usual[k]

    def limit(self, k: int, rows: slice | None = None) -> torch.Tensor | None:
        """How far a result may be off.

        Args:
            k: Its place.
            rows: Some of its rows; all where it is None.

        Returns:
            A tensor of 64 bits, with real and imaginary parts along a last axis; None where there is no result.
            Infinite where the reference overflows in the dtype.
        """
        true = self._truth[k]
        if true is None or self._how[k] is None:
            return None
        if rows is not None:
            length = true[0].numel()
            return self.flat(k, slice(rows.start * length, rows.stop * length)).view(true[rows].shape)
        return self._known(k, true)

    def _known(self, k: int, true: torch.Tensor) -> torch.Tensor:
        """All limits of a result, which are kept until more is learnt."""
        if k not in self._whole:
            whole = torch.empty_like(true)
            for start in range(0, true.numel(), PIECE):
                entries = slice(start, min(start + PIECE, true.numel()))
                whole.view(-1)[entries] = self.flat(k, entries)
            self._whole[k] = whole
        return self._whole[k]

    def flat(self, k: int, entries: slice, *, inside: float | None = None) -> torch.Tensor:
        """How far some entries of a result that there is may be off, one after the other.

        Args:
            k: Its place.
            entries: Which.
            inside: Leaves the rigorous bound out of it, and takes the sampled deviations times this: 1, or less where
                the steps inside are taken to round less than the result.
        """
        true, spread, error, how = self._truth[k], self._spread[k], self._error[k], self._how[k]
        assert true is not None
        assert how is not None
        if inside is None and k in self._whole:
            return self._whole[k].view(-1)[entries]
        share = 1.0 if inside is None else inside
        total = true.view(-1)[entries].abs().mul_(how.own).add_(how.spacing).mul_(PLAIN_ROUNDINGS)
        if isinstance(spread, Pooled):
            total.add_(spread.spread(entries), alpha=POOLED_SAFETY * share)
        elif spread is not None:
            total.add_(spread.view(-1)[entries], alpha=SAFETY * share)
        if not float(total.max() if len(total) else 0.0) < torch.inf:
            total.nan_to_num_(nan=torch.inf, posinf=torch.inf)
        if error is None or inside is not None:
            return total
        wider = 2 * error.reshape(-1)[entries]
        return torch.where(wider.isinf(), total, total.maximum(wider))

    def more(self) -> bool:
        """Learn more of the reference's rounding; False where everything is known."""
        found = next(self._stages, None)
        if found is None:
            return False
        self._whole.clear()
        if found.kind == "rigorous":
            self.bound, self._error = found.kind, list(found.values)
            return True
        self.samples += 1
        for k, value in enumerate(found.values):
            if self._how[k] is not None and value is not None:
                self._learn(k, value, found.scale)
        self.bound = "sampled" if self.bound == "roundings" else self.bound
        return True

    def _learn(self, k: int, value: torch.Tensor, scale: float) -> None:
        """Take in what one run gave for a result."""
        true, known = self._truth[k], self._spread[k]
        if true is None:
            return
        if known is None and true.numel() >= LARGE:
            known = self._spread[k] = Pooled(true.view(-1))
        if isinstance(known, Pooled):
            moved = (value if not value.is_complex() else parts(value)).contiguous().view(-1)
            for start in range(0, true.numel(), PIECE):
                entries = slice(start, start + PIECE)
                known.learn((moved[entries] - true.view(-1)[entries]).mul_(scale), entries)
            known.end()
        else:
            off = parts(value).sub(true).abs_().mul_(scale).contiguous()
            self._spread[k] = off if known is None else torch.maximum(known, off, out=known)


def samples(run: Callable[[], Results], dtype: torch.dtype, seed: int, count: int = SAMPLES) -> Iterator[Stage]:
    """Runs of the reference with random roundings."""
    how = precision(dtype)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(count):
        with RandomRounding(how, generator):
            sample = run()
        yield Stage("sampled", sample, how.scale)

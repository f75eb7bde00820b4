"""How far a right result may be off by rounding in a dtype: Monte Carlo arithmetic on the reference.

The reference is run in float64, and every operand and every result of every ATen operation of its forward and
backward is moved at random by up to one unit roundoff of the dtype, as if each had been rounded there; numbers that
the dtype holds only as subnormals by half their spacing. Fused operations are taken apart first. This is full Monte
Carlo arithmetic (D. S. Parker, "Monte Carlo Arithmetic: exploiting randomness in floating-point arithmetic", UCLA
CSD-970002, 1997). The largest deviation over the samples, `SAFETY` times, is what rounding explains: also for a
function that orders its operations otherwise, but not for one that adds thousands of terms into a sum of low
precision. It is sampled, not a proof.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from gradproof.functions.running.numbers import parts
from gradproof.functions.running.roundings import RandomRounding, precision

SAMPLES = 12
SAFETY = 6.0
"""A sampled allowance is this many times the largest deviation seen in `SAMPLES` runs."""

PLAIN_ROUNDINGS = 4.0
"""So many roundings of the result itself are always allowed."""

Results = Sequence[torch.Tensor | None]


class Allowances:
    """How far each result may be off: a little to begin with, and more as more is known of the reference's rounding.

    Nothing is kept of a result before its rounding was looked into, so that large ones take no memory.

    Attributes:
        bound: How it was found: `roundings` (of the result itself), `sampled` or `rigorous`.
        samples: How many runs of the reference with other roundings were looked at.
    """

    def __init__(
        self, truth: Results, dtypes: Sequence[torch.dtype | None], stages: Iterator[tuple[str, Results]]
    ) -> None:
        self._truth = truth
        self._how = [None if dtype is None else precision(dtype) for dtype in dtypes]
        self._spread: list[torch.Tensor | None] = [None] * len(truth)
        self._error: list[torch.Tensor | None] = [None] * len(truth)
        self._whole: dict[int, torch.Tensor] = {}
        self._stages = stages
        self.bound, self.samples = "roundings", 0

    def knows(self, k: int) -> bool:
        """Whether there is a result of real or complex numbers, which rounding may move."""
        return self._truth[k] is not None and self._how[k] is not None

    def limit(self, k: int, rows: slice | None = None) -> torch.Tensor | None:
        """How far a result may be off.

        Args:
            k: Its place.
            rows: Some of its rows; all where it is None.

        Returns:
            A tensor of 64 bits, with real and imaginary parts along a last axis; None where there is no result.
            Infinite where the reference overflows in the dtype.
        """
        if rows is not None:
            return self._limit(k, rows)
        if k not in self._whole and (found := self._limit(k, ...)) is not None:
            self._whole[k] = found
        return self._whole.get(k)

    def _limit(self, k: int, rows: Any) -> torch.Tensor | None:
        true, spread, error, how = self._truth[k], self._spread[k], self._error[k], self._how[k]
        if true is None or how is None:
            return None
        total = parts(true[rows]).abs().mul_(how.own).add_(how.spacing).mul_(PLAIN_ROUNDINGS)
        if spread is not None:
            total += SAFETY * spread[rows]
        total.nan_to_num_(nan=torch.inf, posinf=torch.inf)
        if error is not None:
            wider = 2 * error[rows]
            total = torch.where(wider.isinf(), total, total.maximum(wider))
        return total

    def more(self) -> bool:
        """Learn more of the reference's rounding; False where everything is known."""
        found = next(self._stages, None)
        if found is None:
            return False
        kind, values = found
        self._whole.clear()
        if kind == "rigorous":
            self.bound, self._error = kind, list(values)
            return True
        self.samples += 1
        for k, (value, true) in enumerate(zip(values, self._truth, strict=True)):
            if self._how[k] is not None and value is not None and true is not None:
                off, known = (parts(value) - parts(true)).abs_(), self._spread[k]
                self._spread[k] = off if known is None else torch.maximum(known, off, out=known)
        self.bound = "sampled" if self.bound == "roundings" else self.bound
        return True


def samples(run: Callable[[], Results], truth: Results, dtype: torch.dtype, seed: int) -> Iterator[tuple[str, Results]]:
    """Runs of the reference with random roundings, their deviations brought to the dtype's own roundoff."""
    how = precision(dtype)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(SAMPLES):
        with RandomRounding(how, generator):
            sample = run()
        yield (
            "sampled",
            [
                None if moved is None or true is None else true + (moved - true) * how.scale
                for moved, true in zip(sample, truth, strict=True)
            ],
        )

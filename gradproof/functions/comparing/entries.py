"""Entry by entry: which differ by more than is allowed, and the numbers of the worst."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from gradproof.check.facts.verdict import Verdict
from gradproof.functions.comparing.patterns import pattern
from gradproof.functions.result import ZERO, Finding
from gradproof.functions.running.numbers import parts
from gradproof.tolerances import COARSEST

COARSE = "rounding in the reference explains relative differences of "


@dataclass(frozen=True)
class Entries:
    """Entry by entry, of parts of 64 bits: which are compared at all, which of these are fine.

    Attributes:
        value, wanted: What was computed and what it should be.
        difference, limit: How far they are apart and may be.
        compared: Whether both are finite, or the same.
        fine: Whether nothing is wrong there.
        agrees: Whether all of it is fine.
        whole: Whether all of it was compared besides, and no number is infinite and no limit 0.
    """

    value: torch.Tensor
    wanted: torch.Tensor
    difference: torch.Tensor
    limit: torch.Tensor
    compared: torch.Tensor
    fine: torch.Tensor
    agrees: bool
    whole: bool


def entries(computed: torch.Tensor | None, truth: torch.Tensor, limit: torch.Tensor) -> Entries:
    """A result beside its truth; an absent one counts as zero."""
    wanted = parts(truth)
    value = torch.zeros_like(wanted) if computed is None else parts(computed)
    if value.shape != wanted.shape:  # a complex number where a real one should be
        value = value.expand_as(wanted) if value.ndim < wanted.ndim else value[..., 0]
    difference = (value - wanted).abs_()
    fine = difference <= limit
    if limit.numel() and bool(fine.all()) and float(limit.min()) > 0 and float(limit.max()) < torch.inf:
        return Entries(value, wanted, difference, limit, fine, fine, True, True)  # then all of it is finite
    same = value == wanted  # infinite ones too
    difference = torch.where(same, 0.0, difference)
    compared = same | (torch.isfinite(wanted) & torch.isfinite(limit))
    fine = fine | same | ~compared
    return Entries(value, wanted, difference, limit, compared, fine, bool(fine.all()), False)


def worst(base: Finding, at: Entries, *, exact: bool, first_row: int) -> Finding:
    """The verdict over all entries, with the numbers of the worst; its rows are counted from the first on."""
    if at.value.numel() == 0:
        return replace(base, verdict=Verdict.INCONCLUSIVE, share=0.0, sentence="it has no entry")
    share = _shares(at)
    most = int(share.argmax())
    place = [int(part) for part in np.unravel_index(most, tuple(at.value.shape))]
    if place:
        place[0] += first_row
    uncompared = 0 if at.whole else int((~at.compared).sum())
    resolution = _resolution(at)
    verdict, sentence, where = Verdict.AGREES, "", ""
    if not at.agrees:
        verdict, sentence, where = Verdict.DISAGREES, _not_finite(at), "" if first_row else _where(at)
    elif uncompared:
        verdict, sentence = _left_out(at, uncompared)
    elif not exact and not bool((at.wanted.abs() > at.limit).any()):
        verdict, sentence = Verdict.INCONCLUSIVE, ZERO
    elif not exact and resolution > coarsest(base):
        verdict = Verdict.INCONCLUSIVE
        sentence = coarse(resolution)
    return replace(
        base,
        verdict=verdict,
        sentence=sentence,
        entry=str(place) if place else "",
        computed=float(at.value.reshape(-1)[most]),
        truth=float(at.wanted.reshape(-1)[most]),
        allowed=float(at.limit.reshape(-1)[most]),
        share=float(share.reshape(-1)[most]),
        wrong=0 if at.agrees else int((~at.fine).sum()),
        entries=at.value.numel(),
        uncompared=uncompared,
        resolution=resolution,
        where=where,
    )


def _where(at: Entries) -> str:
    """What the places of wrong entries say; where both sides are zero up to rounding, nothing is told."""
    nothing = (at.wanted.abs() <= at.limit) & (at.value.abs() <= at.limit)
    value, wanted = (side.masked_fill(nothing, 0.0).numpy() for side in (at.value, at.wanted))
    return pattern((~at.fine).numpy(), value, wanted)


def _shares(at: Entries) -> torch.Tensor:
    """Each difference by what is allowed; none where nothing is compared."""
    share = at.difference / at.limit
    if at.whole:
        return share
    share = torch.where(at.difference == 0, 0.0, share)
    return torch.where(at.compared, torch.nan_to_num(share, nan=torch.inf, posinf=torch.inf), 0.0)


def _not_finite(at: Entries) -> str:
    odd = int((~at.fine & ~torch.isfinite(at.value)).sum())
    return f"{odd:,} of its {at.value.numel():,} entries are NaN or infinite, the true ones are not" if odd else ""


def _left_out(at: Entries, uncompared: int) -> tuple[Verdict, str]:
    """Entries that cannot be compared are said; a quantity of which half are not has not been compared."""
    odd, count = int((~torch.isfinite(at.wanted)).sum()), at.value.numel()
    if odd:
        return Verdict.INCONCLUSIVE, f"the reference's own value is NaN or infinite in {odd:,} of {count:,} entries"
    verdict = Verdict.INCONCLUSIVE if 2 * uncompared > count else Verdict.AGREES
    return (
        verdict,
        f"the reference overflows in this dtype in {uncompared:,} of {count:,} entries, which are not compared",
    )


def _resolution(at: Entries) -> float:
    """The smallest difference that would have been seen at the worst entry, against its size or the usual size."""
    wanted, limit = at.wanted, at.limit
    if not at.whole:
        known = at.compared & torch.isfinite(wanted) & torch.isfinite(limit)
        if not bool(known.any()):
            return float("inf")
        wanted, limit = wanted[known], limit[known]
    size = wanted.abs()
    usual = float(torch.linalg.vector_norm(wanted)) / wanted.numel() ** 0.5
    resolution = float((limit / size.clamp_(min=usual)).max())
    return resolution if np.isfinite(resolution) else 0.0


def coarse(resolution: float) -> str:
    """Why a comparison that agrees tells too little."""
    return f"{COARSE}{resolution:.1g}: it is ill-conditioned"


def coarsest(one: Finding) -> float:
    """The coarsest resolution that tells something, in the dtype of a result and the arithmetic inside."""
    return max(COARSEST[one.arithmetic], COARSEST[one.dtype])

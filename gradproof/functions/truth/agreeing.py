"""Whether a large result agrees, found piece by piece: each stays in the processor's cache through all its steps."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from gradproof.functions.truth.rounding import PIECE, Allowances

KEPT = 4_000_000
"""Of results with no more entries the limits are kept: they are held against what several calls give."""


@dataclass(frozen=True)
class Agreement:
    """The numbers of a result whose every entry is within what rounding explains.

    Attributes:
        worst: Which entry comes nearest to what is allowed, counted along all.
        share: How near.
        computed, truth, allowed: The numbers there.
        resolution: The smallest difference that would have been seen at the worst entry, against its size or the usual.
        is_zero: Whether no true value is larger than what is allowed.
    """

    worst: int
    share: float
    computed: float
    truth: float
    allowed: float
    resolution: float
    is_zero: bool


def agreement(
    computed: torch.Tensor, truth: torch.Tensor, allowances: Allowances, place: int, *, inside: float | None = None
) -> Agreement | None:
    """How a real result agrees; None where an entry differs, or cannot be compared.

    Args:
        computed: What was computed.
        truth: The true values, in 64 bits.
        allowances: How far it may be off.
        place: Its place among them.
        inside: As for `Allowances.flat`.
    """
    values, wanted = computed.detach().reshape(-1), truth.reshape(-1)
    usual = allowances.usual(place)
    if not usual < torch.inf:
        return None
    if len(wanted) <= KEPT and inside is None:
        allowances.limit(place)
    worst, share, allowed, resolution, is_zero = 0, -1.0, 0.0, 0.0, True
    for start in range(0, len(wanted), PIECE):
        entries = slice(start, min(start + PIECE, len(wanted)))
        true = wanted[entries]
        limit = allowances.flat(place, entries, inside=inside)
        off = (values[entries] - true).abs_()
        if not bool((off <= limit).all()) or not float(limit.max()) < torch.inf:
            return None
        shares = off.div_(limit)
        if not float(limit.min()) > 0:
            shares.nan_to_num_(nan=0.0)
        size = true.abs()
        is_zero = is_zero and not bool((size > limit).any())
        at = int(shares.argmax())
        if float(shares[at]) > share:
            worst, share, allowed = start + at, float(shares[at]), float(limit[at])
        seen = float((limit / size.clamp_(min=usual)).max())
        resolution = max(resolution, seen if seen < torch.inf else 0.0)
    return Agreement(worst, share, float(values[worst]), float(wanted[worst]), allowed, resolution, is_zero)

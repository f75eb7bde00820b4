"""Results beside their truth: shape, dtype, then values, each difference held against what rounding explains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from gradproof.check.facts.verdict import Verdict
from gradproof.functions.patterns import pattern
from gradproof.functions.result import ZERO, Finding
from gradproof.functions.running.numbers import parts
from gradproof.functions.truth.rounding import Allowances
from gradproof.functions.truth.truth import Quantity, Truth
from gradproof.tolerances import COARSEST

HOPELESS = 100.0
"""A difference of so many rigorous bounds, or of so many times what `ENOUGH` samples allow, is clearly wrong."""

ENOUGH = 6


@dataclass(frozen=True)
class Result:
    """One result of a call: its name, what was computed (None: nothing) and what it should be."""

    quantity: str
    computed: torch.Tensor | None
    truth: Quantity


def judged(
    results: Sequence[Result], truth: Truth, dtype: str, arithmetic: str, configuration: str, shapes: str
) -> list[Finding]:
    """What comparisons find. An absent gradient counts as zero; nothing is broadcast; NaN never agrees.

    The reference's rounding is looked into only as far as it takes to explain every difference, or to the end. A result
    whose bits were judged under this truth before has the verdict that it had then.
    """
    base = Finding(
        "", dtype, configuration, Verdict.DISAGREES, shapes=shapes, share=float("inf"), arithmetic=arithmetic
    )
    found = []
    for one in results:
        known = truth.judged.get(one.quantity)
        if known is None or not _same(known[0], one.computed):
            known = one.computed, _finding(replace(base, quantity=one.quantity), one, truth.allowances)
            truth.judged.setdefault(one.quantity, known)
        found.append(known[1] if known[1].configuration == configuration else _called(known[1], configuration))
    return found


def _same(first: torch.Tensor | None, second: torch.Tensor | None) -> bool:
    if first is None or second is None:
        return first is second
    return first.shape == second.shape and first.dtype == second.dtype and torch.equal(first, second)


def _called(finding: Finding, configuration: str) -> Finding:
    """The same finding in another configuration."""
    return replace(finding, configuration=configuration)


def _misshapen(one: Result) -> bool:
    return one.computed is not None and one.computed.shape != one.truth.value.shape


def _settled(at: _Compared, limit: torch.Tensor, allowances: Allowances) -> bool:
    """Whether every difference is explained already, or one of them never will be."""
    if at.agrees:
        return True
    # Random roundings stay within the rigorous bound of the same operations, up to fused ones taken apart; the largest
    # of twelve is no hundred times the largest of six.
    known = allowances.bound == "rigorous" or allowances.samples >= ENOUGH
    return known and bool((at.compared & ~(at.difference <= HOPELESS * limit)).any())


@dataclass(frozen=True)
class _Compared:
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


def _compared(one: Result, limit: torch.Tensor) -> _Compared:
    wanted = parts(one.truth.value)
    value = torch.zeros_like(wanted) if one.computed is None else parts(one.computed)
    if value.shape != wanted.shape:  # a complex number where a real one should be
        value = value.expand_as(wanted) if value.ndim < wanted.ndim else value[..., 0]
    difference = (value - wanted).abs_()
    fine = difference <= limit
    if limit.numel() and bool(fine.all()) and float(limit.min()) > 0 and float(limit.max()) < torch.inf:
        return _Compared(value, wanted, difference, limit, fine, fine, True, True)  # then all of it is finite
    same = value == wanted  # infinite ones too
    difference = torch.where(same, 0.0, difference)
    compared = same | (torch.isfinite(wanted) & torch.isfinite(limit))
    fine = fine | same | ~compared
    return _Compared(value, wanted, difference, limit, compared, fine, bool(fine.all()), False)


def _finding(base: Finding, one: Result, allowances: Allowances) -> Finding:
    wanted = one.truth.value
    if _misshapen(one) and one.computed is not None:
        sentence = f"it has the shape {tuple(one.computed.shape)}, not {tuple(wanted.shape)}"
        return replace(base, kind="shape", sentence=sentence)
    if one.computed is not None and one.computed.dtype != one.truth.dtype:
        return replace(base, kind="dtype", sentence=f"it is {_name(one.computed.dtype)}, not {_name(one.truth.dtype)}")
    at, bound = _explained(one, allowances)
    found = replace(_worst(base, at, exact=bound == "exact"), bound=bound)
    if one.computed is None and found.verdict == Verdict.DISAGREES:
        return replace(found, kind="missing", sentence="there is none (None), and the true one is not zero")
    return found


def _explained(one: Result, allowances: Allowances) -> tuple[_Compared, str]:
    """The differences beside what rounding explains of them, and how that was found."""
    place = one.truth.place
    limit = None if place is None else allowances.limits[place]
    if place is None or limit is None:
        return _compared(one, torch.zeros(parts(one.truth.value).shape, dtype=torch.float64)), "exact"
    at = _compared(one, limit)
    while not _settled(at, limit, allowances) and allowances.more():
        grown = allowances.limits[place]
        if grown is not None and grown is not limit:
            limit, at = grown, _compared(one, grown)
    return at, allowances.bound


def _worst(base: Finding, at: _Compared, *, exact: bool) -> Finding:
    """The verdict over all entries, with the numbers of the worst."""
    if at.value.numel() == 0:
        return replace(base, verdict=Verdict.INCONCLUSIVE, share=0.0, sentence="it has no entry")
    share = _shares(at)
    worst = int(share.argmax())
    place = [int(part) for part in np.unravel_index(worst, tuple(at.value.shape))]
    uncompared = 0 if at.whole else int((~at.compared).sum())
    resolution = _resolution(at)
    verdict, sentence, where = Verdict.AGREES, "", ""
    if not at.agrees:
        verdict, sentence, where = Verdict.DISAGREES, _not_finite(at), _where(at)
    elif uncompared:
        verdict, sentence = _left_out(at, uncompared)
    elif not exact and not bool((at.wanted.abs() > at.limit).any()):
        verdict, sentence = Verdict.INCONCLUSIVE, ZERO
    elif not exact and resolution > COARSEST[base.arithmetic]:
        verdict = Verdict.INCONCLUSIVE
        sentence = f"rounding in the reference explains relative differences of {resolution:.1g}: it is ill-conditioned"
    return replace(
        base,
        verdict=verdict,
        sentence=sentence,
        entry=str(place) if place else "",
        computed=float(at.value.reshape(-1)[worst]),
        truth=float(at.wanted.reshape(-1)[worst]),
        allowed=float(at.limit.reshape(-1)[worst]),
        share=float(share.reshape(-1)[worst]),
        wrong=0 if at.agrees else int((~at.fine).sum()),
        entries=at.value.numel(),
        uncompared=uncompared,
        resolution=resolution,
        where=where,
    )


def _where(at: _Compared) -> str:
    """What the places of wrong entries say; where both sides are zero up to rounding, nothing is told."""
    nothing = (at.wanted.abs() <= at.limit) & (at.value.abs() <= at.limit)
    value, wanted = (side.masked_fill(nothing, 0.0).numpy() for side in (at.value, at.wanted))
    return pattern((~at.fine).numpy(), value, wanted)


def _shares(at: _Compared) -> torch.Tensor:
    """Each difference by what is allowed; none where nothing is compared."""
    share = at.difference / at.limit
    if at.whole:
        return share
    share = torch.where(at.difference == 0, 0.0, share)
    return torch.where(at.compared, torch.nan_to_num(share, nan=torch.inf, posinf=torch.inf), 0.0)


def _not_finite(at: _Compared) -> str:
    odd = int((~at.fine & ~torch.isfinite(at.value)).sum())
    return f"{odd:,} of its {at.value.numel():,} entries are NaN or infinite, the true ones are not" if odd else ""


def _left_out(at: _Compared, uncompared: int) -> tuple[Verdict, str]:
    """Entries that cannot be compared are said; a quantity of which half are not has not been compared."""
    odd, count = int((~torch.isfinite(at.wanted)).sum()), at.value.numel()
    if odd:
        return Verdict.INCONCLUSIVE, f"the reference's own value is NaN or infinite in {odd:,} of {count:,} entries"
    verdict = Verdict.INCONCLUSIVE if 2 * uncompared > count else Verdict.AGREES
    return (
        verdict,
        f"the reference overflows in this dtype in {uncompared:,} of {count:,} entries, which are not compared",
    )


def _resolution(at: _Compared) -> float:
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


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")

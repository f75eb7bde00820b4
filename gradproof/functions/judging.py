"""Results beside their truth: shape, dtype, then values, each difference held against what rounding explains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
import torch

from gradproof.check.facts.verdict import Verdict
from gradproof.functions.patterns import pattern
from gradproof.functions.result import ZERO, Finding, merged
from gradproof.functions.running.numbers import parts
from gradproof.functions.truth.agreeing import KEPT, Agreement, agreement
from gradproof.functions.truth.pooling import LARGE
from gradproof.functions.truth.rounding import Allowances
from gradproof.functions.truth.truth import Quantity, Truth
from gradproof.tolerances import COARSEST

HOPELESS = 100.0
"""A difference of so many rigorous bounds, or of so many times what `ENOUGH` samples allow, is clearly wrong."""

ENOUGH, FIRST = 6, 2
"""So many samples tell of a result's rounding; of a large one, whose like entries tell of each other, fewer."""

BLOCK = 4_000_000
"""Results with more entries are compared in blocks of so many."""


@dataclass(frozen=True)
class Result:
    """One result of a call.

    Attributes:
        quantity: Its name.
        computed: What was computed; None for nothing.
        truth: What it should be.
        suspect: Whether it is wrong in a wider dtype already: what is far off here needs no close look.
    """

    quantity: str
    computed: torch.Tensor | None
    truth: Quantity
    suspect: bool = False


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
            if one.computed is None or one.computed.numel() <= KEPT:
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


def _settled(at: _Compared, limit: torch.Tensor, allowances: Allowances, one: Result) -> bool:
    """Whether every difference is explained already, or one of them never will be."""
    if at.agrees:
        return True
    # Random roundings stay within the rigorous bound of the same operations, up to fused ones taken apart; the largest
    # of twelve is no hundred times the largest of six, and the spread of many like entries is known from few.
    return _can_settle(one, allowances) and bool((at.compared & ~(at.difference <= HOPELESS * limit)).any())


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
    found = _explained(base, one, allowances)
    if one.computed is None and found.verdict == Verdict.DISAGREES:
        return replace(found, kind="missing", sentence="there is none (None), and the true one is not zero")
    return found


def _explained(base: Finding, one: Result, allowances: Allowances) -> Finding:
    """The differences beside what rounding explains of them, looked into block by block, as far as it takes."""
    place = one.truth.place
    if place is None or not allowances.knows(place):
        return replace(_in_blocks(base, one, None)[0], bound="exact")
    while True:
        found, is_settled = _agreed(base, one, allowances, place), True
        if found is None and not (_is_large(one) and not _can_settle(one, allowances) and allowances.more()):
            found, is_settled = _in_blocks(base, one, allowances)
        if found is not None and (is_settled or not allowances.more()):
            found = replace(found, bound=allowances.bound)
            return _finer(found, one, allowances, place) if found.sentence.startswith(COARSE) else found


def _is_large(one: Result) -> bool:
    return one.truth.value.numel() >= LARGE and not one.truth.value.is_complex()


def _can_settle(one: Result, allowances: Allowances) -> bool:
    """Whether enough is known of the reference's rounding to call a difference wrong."""
    enough = FIRST if _is_large(one) else ENOUGH
    return allowances.bound == "rigorous" or allowances.samples >= (1 if one.suspect else enough)


def _agreed(base: Finding, one: Result, allowances: Allowances, place: int) -> Finding | None:
    """What a large result that agrees has to say; None where it is small, or does not agree."""
    if not _is_large(one) or one.computed is None:
        return None
    at = agreement(one.computed, one.truth.value, allowances, place)
    if at is None:
        return None
    verdict, sentence = Verdict.AGREES, ""
    if at.is_zero:
        verdict, sentence = Verdict.INCONCLUSIVE, ZERO
    elif at.resolution > COARSEST[base.arithmetic]:
        verdict, sentence = Verdict.INCONCLUSIVE, _coarse(at.resolution)
    return replace(_numbers(base, at, one), verdict=verdict, sentence=sentence)


def _numbers(base: Finding, at: Agreement, one: Result) -> Finding:
    """The numbers of a result that agrees."""
    wanted = one.truth.value
    place = [int(part) for part in np.unravel_index(at.worst, tuple(wanted.shape))]
    return replace(
        base,
        entry=str(place) if place else "",
        computed=at.computed,
        truth=at.truth,
        allowed=at.allowed,
        share=at.share,
        entries=wanted.numel(),
        resolution=at.resolution,
    )


COARSE = "rounding in the reference explains relative differences of "


def _coarse(resolution: float) -> str:
    return f"{COARSE}{resolution:.1g}: it is ill-conditioned"


def _finer(coarse: Finding, one: Result, allowances: Allowances, place: int) -> Finding:
    """A result that the rigorous bound lets pass because it is wide, beside sampled ones, which are not.

    What is within the one and beyond the others stays undecided: a sum in another order may be right so far off.
    """
    if coarse.bound != "rigorous" or one.computed is None or one.truth.value.is_complex():
        return coarse
    while True:
        at = agreement(one.computed, one.truth.value, allowances, place, sampled=True) if allowances.samples else None
        if at is not None and at.resolution <= COARSEST[coarse.arithmetic]:
            return replace(_numbers(coarse, at, one), verdict=Verdict.AGREES, sentence="", bound="sampled")
        if (at is not None and allowances.samples >= ENOUGH) or not allowances.more():
            return coarse


def _in_blocks(base: Finding, one: Result, allowances: Allowances | None) -> tuple[Finding, bool]:
    """One finding of all rows, and whether it is known for good; one block is enough where the result is not large."""
    told: list[Finding] = []
    settled, agreed = False, True
    for rows in _blocks(one.truth.value.shape):
        at, is_settled = _at(one, allowances, rows)
        told.append(_worst(base, at, exact=allowances is None, first_row=0 if rows is None else rows.start))
        settled, agreed = settled or (is_settled and not at.agrees), agreed and at.agrees
    found = replace(reduce(merged, told), resolution=max(part.resolution for part in told))
    unsure = next((part for part in told if part.verdict == Verdict.INCONCLUSIVE and part.sentence != ZERO), None)
    if found.verdict == Verdict.AGREES and unsure is not None:
        found = replace(found, verdict=unsure.verdict, sentence=unsure.sentence)
    return found, settled or agreed


def _blocks(shape: torch.Size) -> list[slice | None]:
    """Rows of so many entries as a block has; None for all of them."""
    if not shape or shape.numel() <= BLOCK:
        return [None]
    rows = max(1, BLOCK * shape[0] // shape.numel())
    return [slice(first, first + rows) for first in range(0, shape[0], rows)]


def _at(one: Result, allowances: Allowances | None, rows: slice | None) -> tuple[_Compared, bool]:
    place = one.truth.place
    limit = None if allowances is None or place is None else allowances.limit(place, rows)
    if rows is not None:
        computed = None if one.computed is None else one.computed[rows]
        one = replace(one, computed=computed, truth=replace(one.truth, value=one.truth.value[rows]))
    if limit is None or allowances is None:
        return _compared(one, torch.zeros(parts(one.truth.value).shape, dtype=torch.float64)), True
    at = _compared(one, limit)
    return at, _settled(at, limit, allowances, one)


def _worst(base: Finding, at: _Compared, *, exact: bool, first_row: int) -> Finding:
    """The verdict over all entries, with the numbers of the worst; its rows are counted from the first on."""
    if at.value.numel() == 0:
        return replace(base, verdict=Verdict.INCONCLUSIVE, share=0.0, sentence="it has no entry")
    share = _shares(at)
    worst = int(share.argmax())
    place = [int(part) for part in np.unravel_index(worst, tuple(at.value.shape))]
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
    elif not exact and resolution > COARSEST[base.arithmetic]:
        verdict = Verdict.INCONCLUSIVE
        sentence = _coarse(resolution)
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

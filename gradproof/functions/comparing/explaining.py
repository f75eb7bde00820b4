"""The differences of one result, held against what rounding explains: looked into only as far as it takes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
import torch

from gradproof.check.facts.verdict import Verdict
from gradproof.functions.comparing.entries import COARSE, Entries, coarse, coarsest, entries, worst
from gradproof.functions.result import ZERO, Finding, merged
from gradproof.functions.running.numbers import DTYPES, HALF, parts
from gradproof.functions.truth.agreeing import Agreement, agreement
from gradproof.functions.truth.pooling import LARGE
from gradproof.functions.truth.rounding import Allowances
from gradproof.functions.truth.truth import Quantity

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


def explained(base: Finding, one: Result, allowances: Allowances) -> Finding:
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
            return _sharper(found, one, allowances, place) if found.sentence.startswith(COARSE) else found


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
    elif at.resolution > coarsest(base):
        verdict, sentence = Verdict.INCONCLUSIVE, coarse(at.resolution)
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


def _sharper(unsure: Finding, one: Result, allowances: Allowances, place: int) -> Finding:
    """A result that is within much that rounding explains, held against less: whoever is within less is right too."""
    if one.computed is None or one.truth.value.is_complex():
        return unsure
    return (_rounded_once if unsure.arithmetic in HALF else _finer)(unsure, one, allowances, place)


def _rounded_once(unsure: Finding, one: Result, allowances: Allowances, place: int) -> Finding:
    """In half precision, the rounding of results that are computed in float32 and rounded at the end, as kernels do.

    Deviations grow in proportion to the unit roundoff, so those of float32 are known from those of half precision.
    """
    assert one.computed is not None
    inside = float(torch.finfo(torch.float32).eps / torch.finfo(DTYPES[unsure.arithmetic]).eps)
    at = agreement(one.computed, one.truth.value, allowances, place, inside=inside)
    if at is None or at.resolution > coarsest(unsure):
        return unsure
    return replace(_numbers(unsure, at, one), verdict=Verdict.AGREES, sentence="", bound="float32 inside")


def _finer(coarse: Finding, one: Result, allowances: Allowances, place: int) -> Finding:
    """A result that the rigorous bound lets pass because it is wide, beside sampled ones, which are not.

    What is within the one and beyond the others stays undecided: a sum in another order may be right so far off.
    """
    assert one.computed is not None
    if coarse.bound != "rigorous":
        return coarse
    while True:
        at = agreement(one.computed, one.truth.value, allowances, place, inside=1.0) if allowances.samples else None
        if at is not None and at.resolution <= coarsest(coarse):
            return replace(_numbers(coarse, at, one), verdict=Verdict.AGREES, sentence="", bound="sampled")
        if (at is not None and allowances.samples >= ENOUGH) or not allowances.more():
            return coarse


def _in_blocks(base: Finding, one: Result, allowances: Allowances | None) -> tuple[Finding, bool]:
    """One finding of all rows, and whether it is known for good; one block is enough where the result is not large."""
    told: list[Finding] = []
    settled, agreed = False, True
    for rows in _blocks(one.truth.value.shape):
        at, is_settled = _at(one, allowances, rows)
        told.append(worst(base, at, exact=allowances is None, first_row=0 if rows is None else rows.start))
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


def _at(one: Result, allowances: Allowances | None, rows: slice | None) -> tuple[Entries, bool]:
    place = one.truth.place
    limit = None if allowances is None or place is None else allowances.limit(place, rows)
    if rows is not None:
        computed = None if one.computed is None else one.computed[rows]
        one = replace(one, computed=computed, truth=replace(one.truth, value=one.truth.value[rows]))
    if limit is None or allowances is None:
        return entries(
            one.computed, one.truth.value, torch.zeros(parts(one.truth.value).shape, dtype=torch.float64)
        ), True
    at = entries(one.computed, one.truth.value, limit)
    return at, _settled(at, limit, allowances, one)


def _settled(at: Entries, limit: torch.Tensor, allowances: Allowances, one: Result) -> bool:
    """Whether every difference is explained already, or one of them never will be."""
    if at.agrees:
        return True
    # Random roundings stay within the rigorous bound of the same operations, up to fused ones taken apart; the largest
    # of twelve is no hundred times the largest of six, and the spread of many like entries is known from few.
    return _can_settle(one, allowances) and bool((at.compared & ~(at.difference <= HOPELESS * limit)).any())

"""Results beside their truth: shape, dtype, then values, each difference held against what rounding explains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from gradproof.functions.patterns import pattern
from gradproof.functions.result import ZERO, Finding
from gradproof.functions.running.numbers import parts
from gradproof.functions.truth.rounding import Allowances
from gradproof.functions.truth.truth import Quantity, Truth

COARSEST = {"float64": 1e-6, "float32": 1e-3, "bfloat16": 32 * 2.0**-8, "float16": 32 * 2.0**-11}
"""A relative error that a comparison must be able to see; one that cannot has told nothing."""


HOPELESS = 100.0
"""A difference of so many rigorous bounds is not looked into further."""


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

    The reference's rounding is looked into only as far as it takes to explain every difference, or to the end.
    """
    for one in results:
        while not _settled(one, truth.allowances) and truth.allowances.more():
            pass
    base = Finding("", dtype, configuration, "disagrees", shapes=shapes, share=float("inf"), arithmetic=arithmetic)
    return [_finding(replace(base, quantity=one.quantity), one, truth.allowances) for one in results]


def _misshapen(one: Result) -> bool:
    return one.computed is not None and one.computed.shape != one.truth.value.shape


def _settled(one: Result, allowances: Allowances) -> bool:
    """Whether every difference is explained already, or one of them never will be."""
    if _misshapen(one) or one.truth.place is None:
        return True
    limit = allowances.limits[one.truth.place]
    if limit is None:
        return True
    at = _compared(one, limit)
    if bool(at.fine.all()):
        return True
    # Random roundings stay within the rigorous bound of the same operations, up to fused ones taken apart.
    return allowances.bound == "rigorous" and bool((at.compared & ~(at.difference <= HOPELESS * limit)).any())


@dataclass(frozen=True)
class _Compared:
    """Entry by entry, of parts of 64 bits: which are compared at all, which of these are fine."""

    value: torch.Tensor
    wanted: torch.Tensor
    difference: torch.Tensor
    limit: torch.Tensor
    compared: torch.Tensor
    fine: torch.Tensor


def _compared(one: Result, limit: torch.Tensor) -> _Compared:
    wanted = parts(one.truth.value)
    value = torch.zeros_like(wanted) if one.computed is None else parts(one.computed)
    if value.shape != wanted.shape:  # a complex number where a real one should be
        value = value.expand_as(wanted) if value.ndim < wanted.ndim else value[..., 0]
    same = value == wanted  # infinite ones too
    difference = torch.where(same, 0.0, (value - wanted).abs())
    compared = same | (torch.isfinite(wanted) & torch.isfinite(limit))
    return _Compared(value, wanted, difference, limit, compared, (difference <= limit) | same | ~compared)


def _finding(base: Finding, one: Result, allowances: Allowances) -> Finding:
    wanted = one.truth.value
    if _misshapen(one) and one.computed is not None:
        sentence = f"it has the shape {tuple(one.computed.shape)}, not {tuple(wanted.shape)}"
        return replace(base, kind="shape", sentence=sentence)
    if one.computed is not None and one.computed.dtype != one.truth.dtype:
        return replace(base, kind="dtype", sentence=f"it is {_name(one.computed.dtype)}, not {_name(one.truth.dtype)}")
    place = one.truth.place
    limit = None if place is None else allowances.limits[place]
    exact = torch.zeros(parts(wanted).shape, dtype=torch.float64)
    found = _worst(base, _compared(one, exact if limit is None else limit), exact=limit is None)
    found = replace(found, bound="exact" if limit is None else allowances.bound)
    if one.computed is None and found.verdict == "disagrees":
        return replace(found, kind="missing", sentence="there is none (None), and the true one is not zero")
    return found


def _worst(base: Finding, at: _Compared, *, exact: bool) -> Finding:
    """The verdict over all entries, with the numbers of the worst."""
    if at.value.numel() == 0:
        return replace(base, verdict="inconclusive", share=0.0, sentence="it has no entry")
    share = torch.where(at.difference == 0, 0.0, at.difference / at.limit)
    share = torch.where(at.compared, torch.nan_to_num(share, nan=torch.inf, posinf=torch.inf), 0.0)
    worst = int(share.argmax())
    place = [int(part) for part in np.unravel_index(worst, tuple(at.value.shape))]
    uncompared = int((~at.compared).sum())
    resolution = _resolution(at)
    bad = ~at.fine
    verdict, sentence = "agrees", ""
    if bool(bad.any()):
        verdict, sentence = "disagrees", _not_finite(at, bad)
    elif uncompared:
        verdict, sentence = _left_out(at, uncompared)
    elif not exact and not bool((at.wanted.abs() > at.limit).any()):
        verdict, sentence = "inconclusive", ZERO
    elif not exact and resolution > COARSEST[base.arithmetic]:
        verdict = "inconclusive"
        sentence = f"rounding in the reference explains relative differences of {resolution:.1g}: it is ill-conditioned"
    return replace(
        base,
        verdict=verdict,
        sentence=sentence,
        entry=str(place) if place else "",
        computed=float(at.value.reshape(-1)[worst]),
        truth=float(at.wanted.reshape(-1)[worst]),
        allowed=float(at.limit.reshape(-1)[worst]),
        share=float(share.max()),
        wrong=int(bad.sum()),
        entries=at.value.numel(),
        uncompared=uncompared,
        resolution=resolution,
        where=pattern(bad.numpy(), at.value.numpy(), at.wanted.numpy()) if verdict == "disagrees" else "",
    )


def _not_finite(at: _Compared, bad: torch.Tensor) -> str:
    odd = int((bad & ~torch.isfinite(at.value)).sum())
    return f"{odd:,} of its {at.value.numel():,} entries are NaN or infinite, the true ones are not" if odd else ""


def _left_out(at: _Compared, uncompared: int) -> tuple[str, str]:
    """Entries that cannot be compared are said; a quantity of which half are not has not been compared."""
    odd, count = int((~torch.isfinite(at.wanted)).sum()), at.value.numel()
    if odd:
        return "inconclusive", f"the reference's own value is NaN or infinite in {odd:,} of {count:,} entries"
    verdict = "inconclusive" if 2 * uncompared > count else "agrees"
    return (
        verdict,
        f"the reference overflows in this dtype in {uncompared:,} of {count:,} entries, which are not compared",
    )


def _resolution(at: _Compared) -> float:
    """The smallest difference that would have been seen at the worst entry, against its size or the usual size."""
    known = at.compared & torch.isfinite(at.wanted) & torch.isfinite(at.limit)
    if not bool(known.any()):
        return float("inf")
    wanted, limit = at.wanted[known], at.limit[known]
    usual = float(wanted.square().mean().sqrt())
    size = wanted.abs().clamp(min=usual)
    return float((limit / size).nan_to_num(nan=0.0, posinf=0.0).max())


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")

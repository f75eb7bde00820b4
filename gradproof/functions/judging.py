"""One result beside its truth: shape, dtype, then values, each difference held against what rounding explains."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from gradproof.functions.result import Finding
from gradproof.functions.truth.truth import Quantity


def judged(
    quantity: str, computed: torch.Tensor | None, truth: Quantity, dtype: str, configuration: str, shapes: str
) -> Finding:
    """What a comparison finds. An absent gradient counts as zero; nothing is broadcast; NaN never agrees."""
    base = Finding(quantity, dtype, configuration, "disagrees", shapes=shapes, share=float("inf"))
    wanted = truth.value
    if computed is not None and computed.shape != wanted.shape:
        sentence = f"it has the shape {tuple(computed.shape)}, not {tuple(wanted.shape)}"
        return _of(base, kind="shape", sentence=sentence)
    if computed is not None and computed.dtype != truth.dtype:
        return _of(base, kind="dtype", sentence=f"it is {_name(computed.dtype)}, not {_name(truth.dtype)}")
    value = torch.zeros_like(wanted) if computed is None else computed
    found = _compared(replace(base, bound=truth.bound), value.to(wanted.dtype), wanted, truth.allowed)
    if computed is None and found.verdict == "disagrees":
        return _of(found, kind="missing", sentence="there is none (None), and the true one is not zero")
    return found


def _compared(base: Finding, value: torch.Tensor, wanted: torch.Tensor, allowed: torch.Tensor | None) -> Finding:
    limit = torch.zeros(wanted.shape) if allowed is None else allowed
    if value.numel() == 0:
        return _of(base, verdict="inconclusive", share=0.0, sentence="it has no entry")
    difference = (value.double() - wanted.double()).abs()
    fine = (difference <= limit) | torch.isinf(limit)
    share = torch.where(difference == 0, 0.0, difference / limit.double())
    share = torch.where(torch.isinf(limit), 0.0, torch.nan_to_num(share, nan=torch.inf, posinf=torch.inf))
    worst = int(share.argmax())
    place = [int(part) for part in np.unravel_index(worst, tuple(value.shape))]
    nothing = allowed is not None and not bool(((wanted.abs() > limit) & torch.isfinite(limit)).any())
    verdict = "disagrees" if not bool(fine.all()) else "inconclusive" if nothing else "agrees"
    return _of(
        base,
        verdict=verdict,
        sentence="the true value is zero up to rounding in every entry" if verdict == "inconclusive" else "",
        entry=str(place) if place else "",
        computed=float(value.reshape(-1)[worst]),
        truth=float(wanted.reshape(-1)[worst]),
        allowed=float(limit.reshape(-1)[worst]),
        share=float(share.max()),
        wrong=int((~fine).sum()),
        entries=value.numel(),
    )


def _of(finding: Finding, **changes: object) -> Finding:
    return replace(finding, **changes)  # type: ignore[arg-type]  # the names are those of Finding


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")

"""Results beside their truth: shape, dtype, then values, each difference held against what rounding explains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from gradproof.check.facts.verdict import Verdict
from gradproof.functions.comparing.explaining import Result, explained
from gradproof.functions.result import Finding
from gradproof.functions.truth.agreeing import KEPT
from gradproof.functions.truth.rounding import Allowances
from gradproof.functions.truth.truth import Truth

__all__ = ["Result", "judged"]


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


def _finding(base: Finding, one: Result, allowances: Allowances) -> Finding:
    wanted = one.truth.value
    if _misshapen(one) and one.computed is not None:
        sentence = f"it has the shape {tuple(one.computed.shape)}, not {tuple(wanted.shape)}"
        return replace(base, kind="shape", sentence=sentence)
    if one.computed is not None and one.computed.dtype != one.truth.dtype:
        return replace(base, kind="dtype", sentence=f"it is {_name(one.computed.dtype)}, not {_name(one.truth.dtype)}")
    found = explained(base, one, allowances)
    if one.computed is None and found.verdict == Verdict.DISAGREES:
        return replace(found, kind="missing", sentence="there is none (None), and the true one is not zero")
    return found


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")

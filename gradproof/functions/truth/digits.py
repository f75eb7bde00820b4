"""Digits that a right function loses: its own steps, rounded, explain a difference that the reference's do not.

`1 - s` beside an `s` close to 1, or a sum of thousands of terms in half precision, is right and less precise than it
could be. The function itself is run in float64 with every operation rounded at random (as `truth.rounding` does it with
the reference). What its own steps explain is no wrong formula; it is accepted where the difference is small beside the
largest entry of the result, and said.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch

from gradproof.check.facts.verdict import Verdict
from gradproof.functions.result import Finding
from gradproof.functions.running.configurations import Configuration
from gradproof.functions.running.numbers import parts
from gradproof.functions.running.roundings import precision
from gradproof.functions.running.runs import Outcome, Place, execute
from gradproof.functions.truth.rounding import PLAIN_ROUNDINGS, SAFETY
from gradproof.functions.truth.truth import Quantity, Truth

Named = Callable[[Outcome], Mapping[str, torch.Tensor | None]]

_OWN = "rounding in its own steps"

RUNS = 8
FAR = 1e4
"""Differences of so many bounds are looked into only where they are small beside the largest entry."""


def of_digits(
    found: Sequence[Finding],
    results: Mapping[str, tuple[torch.Tensor | None, Quantity]],
    truth: Truth,
    place: Place,
    configuration: Configuration,
    named: Named,
    arithmetic: torch.dtype,
) -> list[Finding]:
    """The findings, those apart that only lose digits.

    Args:
        found: What comparisons found.
        results: Quantity -> what was computed, and its truth; without those of which nothing is to be asked.
        truth: The truth that they were held against.
        place: Where the function runs.
        configuration: How it was called.
        named: The results of an outcome by what they are called.
        arithmetic: In what it computes.
    """
    doubtful = [one for one in found if _is_doubtful(one, results, truth)]
    explained = set[str]()
    for spread in _own_spreads(truth, place, configuration, named, arithmetic) if doubtful else ():
        for one in doubtful:
            if one.quantity not in explained and _explains(
                spread.get(one.quantity), *results[one.quantity], truth, arithmetic
            ):
                explained.add(one.quantity)
        if len(explained) == len(doubtful):
            break
    return [_told(one, *results[one.quantity], truth) if one.quantity in explained else one for one in found]


def _is_doubtful(one: Finding, results: Mapping[str, tuple[torch.Tensor | None, Quantity]], truth: Truth) -> bool:
    if one.verdict != Verdict.DISAGREES or one.kind != "value" or one.sentence or one.quantity not in results:
        return False
    computed, wanted = results[one.quantity]
    if computed is None or wanted.place is None or computed.is_complex():
        return False
    return one.share <= FAR or _is_small(computed, wanted, truth)


def _is_small(computed: torch.Tensor, wanted: Quantity, truth: Truth) -> bool:
    """Whether every difference is one that rounding explains of the result's largest entry."""
    assert wanted.place is not None
    limit = truth.allowances.limit(wanted.place)
    off = (computed.double() - wanted.value).abs()
    largest = limit[torch.isfinite(limit)].max() if limit is not None and torch.isfinite(limit).any() else 0.0
    return bool((off <= largest).all())


def _own_spreads(
    truth: Truth, place: Place, configuration: Configuration, named: Named, arithmetic: torch.dtype
) -> Iterator[dict[str, torch.Tensor]]:
    """How far the function's own steps, rounded in its arithmetic, move each result, run by run; none if it cannot."""
    usual = replace(configuration, twice=False, watched=False, accumulated=False)
    name, scale = str(arithmetic).removeprefix("torch."), precision(arithmetic).scale

    def run(**more: Any) -> dict[str, torch.Tensor]:
        outcome = execute(place, truth.values, usual, torch.float64, truth.cotangents, **more)
        return (
            {} if outcome.error else {key: parts(value) for key, value in named(outcome).items() if value is not None}
        )

    exact = run()
    spread = {key: torch.zeros_like(value) for key, value in exact.items()}
    for seed in range(RUNS):
        moved = run(rounded=[name, seed])
        if not exact or moved.keys() != exact.keys():
            return
        for key, value in moved.items():
            off = (value - exact[key]).abs().nan_to_num(nan=torch.inf) * scale
            spread[key] = torch.maximum(spread[key], off)
        yield spread


def _explains(
    spread: torch.Tensor | None,
    computed: torch.Tensor | None,
    wanted: Quantity,
    truth: Truth,
    arithmetic: torch.dtype,
) -> bool:
    """Whether the function's own steps and the reference's, which may lose digits in other entries, tell all of it."""
    if spread is None or computed is None or wanted.place is None:
        return False
    how = precision(arithmetic)
    explained = SAFETY * spread + PLAIN_ROUNDINGS * (how.own * wanted.value.abs() + how.spacing)
    limit = truth.allowances.limit(wanted.place)
    if limit is not None:
        explained = explained + limit
    return bool(((computed.double() - wanted.value).abs() <= explained).all())


def loses_digits(one: Finding) -> bool:
    """Whether a finding is of digits that are lost by rounding in the function's own steps."""
    return one.kind == "digits" or _OWN in one.sentence


def _told(one: Finding, computed: torch.Tensor | None, wanted: Quantity, truth: Truth) -> Finding:
    lost = f"{math.log10(max(one.share, 1.0)):.1f} digits" if math.isfinite(one.share) else "all digits"
    if computed is not None and _is_small(computed, wanted, truth):
        sentence = f"it loses up to {lost} in {one.dtype} where it is small, by {_OWN}"
        return replace(one, verdict=Verdict.AGREES, kind="digits", sentence=sentence, wrong=0)
    sentence = f"it is right but for {_OWN}, by which it loses {lost} in {one.dtype}"
    return replace(one, sentence=sentence)

"""A table apart: what a function gives at zeros, ties, large numbers, subnormal and infinite ones, and full masks.

What is right there is often a convention (the slope of a kink, a quotient of nothing), so this decides nothing but
where the function is said to take such values. Values that were given, or made with a structure, are left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import torch

from gradproof.case.kinds import Distribution
from gradproof.check.facts.verdict import Verdict
from gradproof.errors import GradproofError
from gradproof.functions.examining import Examiner, Trial
from gradproof.functions.program import Program
from gradproof.functions.result import Finding
from gradproof.functions.running.configurations import Configuration
from gradproof.functions.running.numbers import DTYPES

SMALL = 5_000
"""Inputs of more numbers are looked at where it is claimed alone: conventions are the same at all sizes."""

ROUNDINGS = 100
"""So many units are no difference beside a truth of 0, of which no bound is known where numbers are infinite."""

LARGE = 1024.0
"""Usual values times this are large: their exponentials overflow in every dtype."""


def _subnormal(value: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    return value * (torch.finfo(dtype).tiny / 2 / float(value.abs().max()))


def _with_infinity(value: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    made = value.clone()
    made.view(-1)[0] = torch.inf
    return made


def _masked_row(value: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    made = value.clone()
    made[:1] = -torch.inf
    return made


REAL: Mapping[str, Callable[[torch.Tensor, torch.dtype], torch.Tensor]] = {
    "zero": lambda value, dtype: torch.zeros_like(value),
    "equal": lambda value, dtype: value.reshape(-1)[:1].clone().expand(value.shape).contiguous(),
    "large": lambda value, dtype: value * LARGE,
    "subnormal": _subnormal,
    "infinite": _with_infinity,
    "masked": _masked_row,
}
"""Extreme values of a tensor of real numbers, made of usual ones: all 0; all the same; larger by far; subnormal; one of
them infinite; a first row of minus infinity, as a mask leaves it."""

WHOLE = {"least": torch.amin, "most": torch.amax}
"""Of whole numbers and masks: all the least, or the most, of those drawn (all labels ignored, a mask full)."""

KINDS = (*REAL, *WHOLE)


def checked_claims(claims: Sequence[str]) -> frozenset[str]:
    """The kinds of extreme values that a function is said to take.

    Raises:
        GradproofError: There is no such kind.
    """
    unknown = [one for one in ([claims] if isinstance(claims, str) else claims) if one not in KINDS]
    if unknown or isinstance(claims, str):
        raise GradproofError(f"claims lists some of {', '.join(KINDS)}; it is {claims!r}")
    return frozenset(claims)


def of_extremes(program: Program, claims: frozenset[str]) -> None:
    """One plain call for each kind of extreme values of each input, in the widest dtype."""
    if program.widest is None or not program.trials or program.died:
        return
    examiner, trial = program.widest, program.trials[0]
    wrong = program.wrong_in(examiner)
    if trial.draw.entries > SMALL and not claims:
        return
    for kind, name, value in _extreme_values(program, trial, DTYPES[examiner.dtype]):
        if kind not in claims and (trial.draw.entries > SMALL or not program.budget.take(2 * program.cost, "extremes")):
            continue
        found = _found(examiner, trial, kind, name, value, wrong)
        if kind in claims:
            program.findings += found
        else:
            program.extremes += found


def _extreme_values(program: Program, trial: Trial, dtype: torch.dtype) -> Iterator[tuple[str, str, torch.Tensor]]:
    given = program.asked.sets[trial.draw.group]
    drawn = {} if callable(given) else {n: v for n, v in given.items() if isinstance(v, Distribution)}
    for name, value in trial.draw.values.items():
        if not isinstance(value, torch.Tensor) or not value.numel():
            continue
        if value.is_floating_point() and name not in trial.draw.fixed and bool(value.any()):
            anywhere = bool((value < 0).any())  # what is drawn above zero is not meant to be zero, or minus infinity
            kinds = REAL if anywhere else {"equal": REAL["equal"]}
            yield from ((kind, name, made(value, dtype)) for kind, made in kinds.items())
        elif value.dtype == torch.bool or (name in drawn and not value.is_floating_point() and not value.is_complex()):
            for kind, extreme in WHOLE.items():
                yield kind, name, extreme(value).expand(value.shape).contiguous()


def _found(
    examiner: Examiner, trial: Trial, kind: str, name: str, value: torch.Tensor, wrong: frozenset[str]
) -> list[Finding]:
    """What one call shows; nothing where the reference does not take such values."""
    configuration = Configuration(f"{name} {kind}", frozenset(examiner.wrt), kind="extreme")
    draw = replace(trial.draw, values={**trial.draw.values, name: value})
    try:
        truth = examiner.truth(draw)
        outcome = examiner.execute(truth, configuration)
        found = examiner.findings(outcome, truth, configuration, draw, wrong)
    except GradproofError:
        return []
    return [_in_words(one) for one in found]


def _in_words(one: Finding) -> Finding:
    """A difference with its numbers in the sentence, for a table that has one line for each."""
    if one.verdict != Verdict.DISAGREES or one.kind != "value":
        return one
    if abs(one.computed - one.truth) <= ROUNDINGS * torch.finfo(DTYPES[one.dtype]).eps:
        return replace(
            one, verdict=Verdict.INCONCLUSIVE, sentence="it differs by what rounding leaves of larger numbers"
        )
    return replace(
        one, kind="extreme", sentence=one.sentence or f"{one.computed:.4g} where the reference gives {one.truth:.4g}"
    )

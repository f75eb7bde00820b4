"""In what a function computes, told from what was seen inside it or from its results; never from an error's size."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import torch

from gradproof.check.facts.verdict import Verdict
from gradproof.functions.examining import Examiner, Trial
from gradproof.functions.running.configurations import plain
from gradproof.functions.running.numbers import DTYPES
from gradproof.functions.running.runs import Outcome
from gradproof.functions.truth.digits import loses_digits

COARSER = {"float64": ("float32", "bfloat16", "float16"), "float32": ("bfloat16", "float16")}

ENOUGH = 6
"""So many different numbers of a dtype are evidence; fewer may be by chance."""


@dataclass(frozen=True)
class Found:
    """A coarser arithmetic that explains something of what a function gives.

    Attributes:
        arithmetic: Its dtype's name.
        evidence: How it is known.
        explained: The quantities that are wrong by the finer arithmetic's rounding, and right by this one's.
    """

    arithmetic: str
    evidence: str
    explained: frozenset[str]


def arithmetic_found(examiner: Examiner, trials: Sequence[Trial]) -> Found | None:
    """The finest coarser arithmetic for which there is evidence, and by whose rounding a wrong result is right."""
    wrong = _wrong(examiner, trials)
    for name in COARSER.get(examiner.arithmetic, ()):
        if not (evidence := _evidence(examiner, trials, name)):
            continue
        coarser = replace(examiner, arithmetic=name, settled=set())
        if explained := wrong - _wrong(coarser, rejudged(coarser, trials)):
            return Found(name, evidence, explained)
    return None


def rejudged(examiner: Examiner, trials: Iterable[Trial]) -> list[Trial]:
    """The same calls beside their truth in the examiner's arithmetic."""
    return [Trial(trial.draw, examiner.truth(trial.draw), trial.outcome) for trial in trials]


def _wrong(examiner: Examiner, trials: Iterable[Trial]) -> frozenset[str]:
    found = [one for trial in trials for one in examiner.of_trial(trial)]
    return frozenset(
        one.quantity
        for one in found
        if one.verdict == Verdict.DISAGREES and one.kind in ("value", "missing") and not loses_digits(one)
    )


def _evidence(examiner: Examiner, trials: Sequence[Trial], name: str) -> str:
    watched = examiner.execute(trials[0].truth, replace(plain(examiner.wrt), twice=False, watched=True))
    if name in watched.casts:
        return f"a cast to {name} was seen"
    if name in watched.made:
        return f"numbers of {name} are made inside"
    short = [n for trial in trials for n, value in _results(trial.outcome) if _is_of(value, DTYPES[name])]
    return f"all numbers of its {short[0]} are of {name}" if short else ""


def _results(outcome: Outcome) -> list[tuple[str, torch.Tensor]]:
    named = [("output", value) for value in outcome.outputs]
    named += [(f"gradient of {name}", value) for name, value in outcome.gradients.items() if value is not None]
    return [(name, value) for name, value in named if value.is_floating_point()]


def _is_of(value: torch.Tensor, dtype: torch.dtype) -> bool:
    """Whether every number is one of the dtype, and there are enough of them."""
    return len(torch.unique(value)) >= ENOUGH and bool(torch.equal(value.to(dtype).to(value.dtype), value))

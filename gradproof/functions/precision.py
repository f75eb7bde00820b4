"""In what a function computes, told from casts that were seen or from its results; never from the size of an error."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import torch

from gradproof.functions.examining import Examiner, Trial
from gradproof.functions.running.configurations import plain
from gradproof.functions.running.numbers import DTYPES
from gradproof.functions.running.runs import Outcome

COARSER = {"float64": ("float32", "bfloat16", "float16"), "float32": ("bfloat16", "float16")}
HALF = ("bfloat16", "float16")

ENOUGH = 6
"""So many different numbers of a dtype are evidence; fewer may be by chance."""


@dataclass(frozen=True)
class Found:
    """A coarser arithmetic that explains what a function gives.

    Attributes:
        arithmetic: Its dtype's name.
        evidence: How it is known.
    """

    arithmetic: str
    evidence: str


def arithmetic_found(examiner: Examiner, trials: Iterable[Trial]) -> Found | None:
    """The finest coarser arithmetic for which there is evidence, and in which every result of all trials agrees."""
    trials = list(trials)
    for name in COARSER.get(examiner.dtype, ()):
        evidence = _evidence(examiner, trials, name)
        if evidence and all(_agrees(replace(examiner, arithmetic=name), trial) for trial in trials):
            return Found(name, evidence)
    return None


def _agrees(examiner: Examiner, trial: Trial) -> bool:
    again = Trial(trial.draw, examiner.truth(trial.draw), trial.outcome)
    return all(one.verdict != "disagrees" for one in examiner.of_trial(again) if one.kind in ("value", "missing"))


def _evidence(examiner: Examiner, trials: list[Trial], name: str) -> str:
    watched = examiner.execute(trials[0].truth, replace(plain(examiner.wrt), twice=False, watched=True))
    if name in watched.casts:
        return f"a cast to {name} was seen"
    short = [n for trial in trials for n, value in _results(trial.outcome) if _is_of(value, DTYPES[name])]
    return f"all numbers of its {short[0]} are of {name}" if short else ""


def _results(outcome: Outcome) -> list[tuple[str, torch.Tensor]]:
    named = [("output", value) for value in outcome.outputs]
    named += [(f"gradient of {name}", value) for name, value in outcome.gradients.items() if value is not None]
    return [(name, value) for name, value in named if value.is_floating_point()]


def _is_of(value: torch.Tensor, dtype: torch.dtype) -> bool:
    """Whether every number is one of the dtype, and there are enough of them."""
    return len(torch.unique(value)) >= ENOUGH and bool(torch.equal(value.to(dtype).to(value.dtype), value))

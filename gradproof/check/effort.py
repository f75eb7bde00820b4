"""How many trials a case gets where no number is asked for: as many as a share of counted work allows.

Work is counted in bytes that are computed, never measured by a clock, so that the same case gets the same trials on
every machine. A loop of plain Python costs by the lines that it runs, and a few dozen times as much where a rounding
bound has to follow it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradproof import defaults
from gradproof.check.case import Case
from gradproof.check.evaluate import Evaluator

ROUND = (defaults.TRIALS, 5_000, 2_000, 1_000, 500, 200, 100, 50, 30)
"""Numbers of trials to choose from, so that a small change of a case leaves its number as it is."""

SHARE = 400_000_000
"""What a case may cost: about two seconds of one core."""

LARGE_SHARE = 2_000_000_000
ENOUGH = 200
"""A large case may cost five times as much, for up to so many trials."""

PROVED = 100
"""Drawn numbers a trial up to which a case is proved unasked."""

LINE = 200
"""What a line of Python costs, in bytes: about a microsecond."""

JUDGED_LINE = 5_000
"""The same where a bound follows it. It may be needed in every trial, so of what runs trial by trial more than `ENOUGH`
trials are made only as far as their bounds can be paid for."""


def chosen_trials(case: Case, evaluators: Sequence[Evaluator]) -> int:
    """The number of trials that a case gets by default; at least one.

    Args:
        case: The case.
        evaluators: Of each reference, after their probes.
    """
    count = len(evaluators)
    lines = sum(sum(evaluator.lines.values()) for evaluator in evaluators)
    cost = max((sum(case.trial_bytes) + LINE * lines) // count, 1)
    most = max(SHARE // cost, min(ENOUGH, LARGE_SHARE // cost), 1)
    if lines:
        most = min(most, max(SHARE * count // (JUDGED_LINE * lines), ENOUGH))
    return next((number for number in ROUND if number <= most), most)


def why_fewer(evaluators: Sequence[Evaluator]) -> str:
    """Why a case gets fewer trials than a small one, in words that follow their number."""
    slow = list(dict.fromkeys(name for evaluator in evaluators for name in evaluator.lines))
    if not slow:
        return "as many as its size allows"
    if len(slow) == 1:
        return f"{slow[0]} runs trial by trial"
    return f"{slow[0]} and {len(slow) - 1} more run trial by trial"


def is_quick(case: Case) -> bool:
    """Whether a case is so small that its proof takes no longer than its check."""
    return min(sum(int(np.prod(d.shape)) for d in binding.leaves.values()) for binding in case.bindings) <= PROVED

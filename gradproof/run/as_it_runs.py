"""Existing code that was read otherwise than it runs: what it gives when it is called decides."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gradproof.check.case import Case
from gradproof.check.facts.result import CheckResult, EquationResult
from gradproof.check.facts.verdict import Verdict

RIGHT = 0.01
"""A result that is nearer to the truth than this share of the difference that accuses it is another one."""


def as_it_runs(case: Case, result: CheckResult) -> Case | None:
    """The case with the results of its functions in place of statements that accuse a right one.

    Args:
        case: A case.
        result: What its trials have shown.

    Returns:
        The case to be checked instead; None where the functions, called in the trials that accuse their results, are as
        wrong as what was read of them.
    """
    whole = case.derivation.whole
    if whole is None:
        return None
    read = {one.name for one in case.derivation.equations if one not in whole.equations and one.name in whole.claims}
    accused = [one for one in result.results if one.verdict == Verdict.DISAGREES and one.equation in read]
    if not any(_is_right(case, one, result) for one in accused if one.worst_trial >= 0):
        return None
    whole.notes.append("read statement by statement, it is not what the functions give when they are called")
    return replace(case, derivation=replace(case.derivation, equations=tuple(whole.equations)))


def _is_right(case: Case, one: EquationResult, result: CheckResult) -> bool:
    """Whether the functions give the truth in the trial in which an equation differs from it most."""
    whole, trial = case.derivation.whole, one.worst_trial
    assert whole is not None
    draws = case.draw_trials([trial], result.seed, result.scale)
    values = case.truths[trial % len(case.references)].evaluate(draws)
    if one.equation not in values or not all(name in values for name in whole.program.inputs):
        return False
    try:
        outcome = whole.program.run({name: values[name][0] for name in whole.program.inputs})
        given = np.asarray(whole.claims[one.equation].pick(outcome), dtype=np.float64)
        truth = np.asarray(values[one.equation][0], dtype=np.float64).reshape(given.shape)
    except Exception:  # the user's own code; and what is not even of the right size is not right
        return False
    with np.errstate(all="ignore"):
        apart = np.abs(given - truth).max(initial=0.0)
    return bool(apart <= RIGHT * one.max_abs_error)

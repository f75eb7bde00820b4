"""The check of a function with a backward of its own, and its one line for a test."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch

from gradproof.errors import Disagreement, GradproofError
from gradproof.functions.diagnosing import diagnosed
from gradproof.functions.examining import DTYPES, Examiner, Trial
from gradproof.functions.result import Finding, FunctionResult, merged
from gradproof.functions.running.inputs import Draw, Inputs, case_sets, checked_wrt, draw
from gradproof.functions.running.target import Target, checked_callable, title, with_parameters
from gradproof.functions.second import double_backward as second_derivatives
from gradproof.trials.draws import checked_seed

TRIALS = 3


def check_function(
    function: Callable[..., Any],
    reference: Callable[..., Any],
    inputs: Inputs,
    *,
    wrt: Sequence[str] | None = None,
    kwargs: Mapping[str, Any] | None = None,
    dtypes: Sequence[str | torch.dtype] = tuple(DTYPES),
    trials: int = TRIALS,
    seed: int = 0,
    double_backward: bool = False,
) -> FunctionResult:
    """Compare a function's outputs and all its gradients with those of a reference under autograd.

    Args:
        function: `Function.apply`, a module, or any callable, with a backward of its own inside.
        reference: A callable or a module that computes the same in plain torch; autograd differentiates it.
        inputs: The arguments by name, in the order in which both are called: a distribution such as `normal(5, 3)`,
            an example tensor, or any other value; a list of such dictionaries for several shapes; or a function of
            sizes that returns one. A module's parameters are added, drawn at random, after them.
        wrt: The inputs whose gradients are checked; default: all of floating numbers.
        kwargs: Keyword arguments of every call of both.
        dtypes: The dtypes to check in; one in which the function raises is skipped, with the reason.
        trials: How many draws of each set of inputs.
        seed: Where the random numbers start.
        double_backward: Whether to compare second derivatives too.

    Raises:
        GradproofError: An argument is not usable, the reference raises, or the function raises in every dtype.
    """
    call, true = _sides(function, reference, kwargs or {})
    names = _dtype_names(dtypes)
    if not isinstance(trials, int) or trials < 1:
        raise GradproofError(f"trials is a whole number from 1 on, not {trials!r}")
    sets = [with_parameters(one, call, true) for one in case_sets(inputs, checked_seed(seed))]
    draws = [[draw(one, group, trial, seed) for trial in range(trials)] for group, one in enumerate(sets)]
    chosen = checked_wrt(draws[0][0].values, wrt)
    findings: list[Finding] = []
    skipped: dict[str, str] = {}
    widest: tuple[Examiner, list[Trial]] | None = None
    for name in names:
        examiner = Examiner(call, true, chosen, name)
        first = examiner.trial(draws[0][0])
        if why := _unsupported(first):
            skipped[name] = why
            continue
        done = _plain_trials(examiner, draws, first, findings)
        if widest is None:
            widest = examiner, done
        else:
            findings += examiner.of_variants(first)  # a kernel may have a branch of its own for each dtype
    if widest is None:
        reasons = "; ".join(f"{name}: {why}" for name, why in skipped.items())
        raise GradproofError(f"{title(function)} raises in every dtype: {reasons}; inputs: {draws[0][0].shapes}")
    examiner, done = widest
    firsts = [trial for trial in done if trial.draw.seed[2] == 0]
    for trial in firsts:
        findings += examiner.of_variants(trial)
        if double_backward:
            findings += second_derivatives(call, true, trial.draw, _in_float64(examiner, trial), chosen)
    told = diagnosed(_merged(findings), examiner, done, widest=examiner.dtype)
    return FunctionResult(title(function), told, skipped, trials, seed, len(sets))


def assert_function_agrees(
    function: Callable[..., Any], reference: Callable[..., Any], inputs: Inputs, **options: Any
) -> FunctionResult:
    """`check_function` as one line of a test; takes the same arguments.

    Raises:
        Disagreement: Something is wrong, or nothing could be compared; the message is the outcome in words.
        GradproofError: As `check_function`.
    """
    __tracebackhide__ = True
    result = check_function(function, reference, inputs, **options)
    if not result.ok:
        raise Disagreement(str(result))
    return result


def _sides(function: Any, reference: Any, kwargs: Mapping[str, Any]) -> tuple[Target, Target]:
    call = checked_callable(function, "the function", kwargs)
    return call, checked_callable(reference, "the reference", kwargs)


def _dtype_names(dtypes: Iterable[str | torch.dtype]) -> list[str]:
    given = [dtypes] if isinstance(dtypes, str | torch.dtype) else list(dtypes)
    asked = [str(dtype).removeprefix("torch.") for dtype in given]
    unknown = [name for name in asked if name not in DTYPES]
    if unknown or not asked:
        raise GradproofError(f"dtypes are some of {', '.join(DTYPES)}; asked for {', '.join(unknown) or 'none'}")
    return [name for name in DTYPES if name in asked]


def _unsupported(trial: Trial) -> str:
    """Why the function has no result in this dtype at all."""
    outcome = trial.outcome
    if outcome.stage == "forward" or (outcome.stage and "not implemented for" in outcome.error):
        return f"its {outcome.stage} raises {outcome.error}"
    return ""


def _plain_trials(
    examiner: Examiner, draws: Sequence[Sequence[Draw]], first: Trial, findings: list[Finding]
) -> list[Trial]:
    done = []
    for group in draws:
        for number, one in enumerate(group):
            trial = first if one is first.draw else examiner.trial(one)
            findings.extend(examiner.of_trial(trial))
            if number == 0:
                findings.extend(examiner.of_repetition(trial))
            done.append(trial)
    return done


def _in_float64(examiner: Examiner, trial: Trial) -> Any:
    """The truth for second derivatives, which are compared in float64."""
    return trial.truth if examiner.dtype == "float64" else replace(examiner, dtype="float64").trial(trial.draw).truth


def _merged(findings: Iterable[Finding]) -> list[Finding]:
    """One finding for each quantity, dtype, configuration and kind."""
    found: dict[tuple[str, str, str, str], Finding] = {}
    for one in findings:
        found[one.key] = merged(found[one.key], one) if one.key in found else one
    return list(found.values())

"""The trials of a check and the verdicts that they leave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gradproof import defaults
from gradproof.case.sizes import ROWS, with_more_rows
from gradproof.check.case import Case
from gradproof.check.effort import chosen_trials, why_fewer
from gradproof.check.facts.failures import Failure, contained
from gradproof.check.facts.result import CheckResult, EquationResult
from gradproof.check.judging import OWN
from gradproof.check.looks.closer import closer_look
from gradproof.check.looks.worst import worst_entries
from gradproof.check.probing import Probed, probe
from gradproof.check.rounds import Asked, Done, run_rounds
from gradproof.check.vacuity import Teeth, teeth_of
from gradproof.check.verdicts import Evidence, Overflow, left_open, results_of
from gradproof.errors import GradproofError
from gradproof.studies.overflow import named_overflow
from gradproof.studies.own_forward import first_the_same_function
from gradproof.studies.trajectory import compare_trajectories, require_trainable
from gradproof.truth.batching import on_one_thread

AT_MORE_ROWS = 64
"""So many trials are run with more rows where the inputs have a single one."""


def _no_progress(trials: int) -> None:
    """Nobody watches."""


def _drawn_smaller(case: Case) -> str:
    """What is drawn smaller than standard normal numbers because the model is wide or deep, and the way out."""
    names = list(dict.fromkeys(name for binding in case.bindings for name in binding.shrunk))
    if not names:
        return ""
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{names[0]}{more} drawn by fan-in, as wide or deep models need; Reference(parameters=...) says otherwise"


def checked(
    case: Case,
    trials: int | None,
    steps: int,
    asked: Asked,
    progress: Callable[[int], None] | None = None,
) -> CheckResult:
    """One check of one case: the probe, the trials, and what they have shown.

    Args:
        case: The case.
        trials: How many trials; None where neither a number nor a budget is given, so that the case's size decides.
        steps: How many steps of training follow.
        asked: What else is asked for.
        progress: As for `crosscheck`.
    """
    if steps:
        require_trainable(case)
    with on_one_thread():
        probed = probe(case, asked.trials, asked.seed, asked.scale)
        choice = ""
        if trials is None and asked.budget is None:
            asked = replace(asked, trials=chosen_trials(case, probed.evaluators))
            choice = why_fewer(probed.evaluators) if asked.trials < defaults.TRIALS else ""
        done = run_rounds(case, probed, asked, progress or _no_progress)
        if asked.budget is not None:
            choice = f"in {asked.budget:g} s; --trials {done.trials} gives the same"
        failures = list[Failure]()
        results = verdicts(case, probed, replace(asked, trials=done.trials or asked.trials), done, failures)
        trajectory = compare_trajectories(case, probed.evaluators, steps, asked.seed, asked.scale) if steps else None
    result = outcome(case, probed, asked, done, results, choice)
    return replace(result, trajectory=trajectory, failures=tuple(failures))


def outcome(
    case: Case, probed: Probed, asked: Asked, done: Done, results: tuple[EquationResult, ...], choice: str
) -> CheckResult:
    """The outcome as facts."""
    return CheckResult(
        case=case.name,
        title=case.derivation.title,
        results=results,
        trials=done.trials,
        seed=asked.seed,
        dtype=case.dtype,
        scale=asked.scale,
        checked=case,
        find_worst=lambda: worst_entries(case, probed.evaluators, results, asked.seed, asked.scale),
        interrupted=done.interrupted,
        choice="; ".join(filter(None, (choice, _drawn_smaller(case)))),
        known_errata=case.derivation.known_errata,
    )


def verdicts(
    case: Case, probed: Probed, asked: Asked, done: Done, failures: list[Failure]
) -> tuple[EquationResult, ...]:
    """The verdict on every equation; what fails on the way is noted, and costs itself alone."""
    teeth, overflows = Teeth(), dict[str, Overflow]()
    with contained(failures, "the search for checks that could not have failed"):
        teeth = teeth_of(case, asked.trials, asked.seed, asked.scale)
        teeth = replace(teeth, blunt={**_wrong_at_more_rows(case, asked), **teeth.blunt})
    with contained(failures, "the search for what overflows"):
        overflows = _overflows(case, probed, asked, done)
    evidence = Evidence(case, done.tallies, probed.shapes, probed.misfits, teeth, overflows)
    with contained(failures, "the closer look at what the run from the leaves leaves open"):
        names = left_open(evidence)
        closer = closer_look(case, probed.evaluators, names, asked.trials, asked.seed, asked.scale)
        evidence = replace(evidence, closer=closer)
    results = results_of(evidence)
    with contained(failures, "the comparison with the code's own forward"):
        return first_the_same_function(case, probed.evaluators, results, asked.seed, asked.scale)
    return results


def _overflows(case: Case, probed: Probed, asked: Asked, done: Done) -> dict[str, Overflow]:
    """What overflows in each equation that disagrees by values that are not finite alone."""
    found = {
        name: named_overflow(case, probed.evaluators, case.derivation.by_name[name], tally, asked.seed, asked.scale)
        for (run, name), tally in done.tallies.items()
        if run == OWN and tally.disagreeing
    }
    return {name: overflow for name, overflow in found.items() if overflow is not None}


def _wrong_at_more_rows(case: Case, asked: Asked) -> dict[str, str]:
    """Equations that agree on inputs of a single row and, where the model takes more, give wrong values there."""
    larger = with_more_rows(case.references)
    if not larger:
        return {}
    few = Asked(AT_MORE_ROWS, asked.seed, asked.scale)
    try:
        result = checked(replace(case, references=larger), AT_MORE_ROWS, 0, few)
    except GradproofError:
        return {}  # the model, or the code, is for one row
    reason = f"it agrees with one row only: with {ROWS} rows its values are wrong"
    return {one.equation: reason for one in result.results if one.disagreeing_trials}

"""A check from the call to the result: the probe, the trials, the verdicts, and what is looked into once they stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import FunctionType

import gradproof.report  # noqa: F401  results show themselves by what it registers
from gradproof import defaults
from gradproof.case.depth import room_for_depth
from gradproof.case.derivation import Derivation
from gradproof.case.project import Project, find_project
from gradproof.case.reference import Reference, as_references
from gradproof.case.sizes import ROWS, with_more_rows
from gradproof.check.asked import checked_tolerance, chosen, dtype_name
from gradproof.check.case import Case, load_case, make_case
from gradproof.check.compare import Tally
from gradproof.check.effort import chosen_trials, why_fewer
from gradproof.check.facts.failures import Failure, contained
from gradproof.check.facts.result import CheckResult, EquationResult
from gradproof.check.judging import OWN, Key
from gradproof.check.loading import holds_function
from gradproof.check.probing import Probed, probe
from gradproof.check.replay import worst_entries
from gradproof.check.rounds import Asked, Done, run_rounds
from gradproof.check.vacuity import Teeth, teeth_of
from gradproof.check.verdicts import Evidence, Overflow, results_of
from gradproof.code import Code
from gradproof.errors import GradproofError
from gradproof.proof.proving import prove_case, with_fix_proofs, with_proofs
from gradproof.repair import Repair
from gradproof.repair.explain.overflow import named_overflow
from gradproof.repair.mending import mend_case, mended_case, with_repairs
from gradproof.report.terminal.watching import watched
from gradproof.studies.own_forward import first_the_same_function
from gradproof.studies.trajectory import compare_trajectories, require_trainable
from gradproof.trials.draws import checked_seed
from gradproof.truth.batching import on_one_thread

Checkable = str | Case | Code | Derivation | FunctionType | Sequence[FunctionType] | Mapping[str, FunctionType]
"""What can be checked: a case by its name or loaded; what comes with a reference."""

AT_MORE_ROWS = 64
"""So many trials are run with more rows where the inputs have a single one."""


@room_for_depth()
def crosscheck(
    case: Checkable,
    reference: Reference | Sequence[Reference] | None = None,
    *,
    trials: int | None = None,
    budget: float | None = None,
    seed: int = defaults.SEED,
    dtype: object = defaults.DTYPE,
    scale: float = defaults.SCALE,
    steps: int = 0,
    repair: bool = True,
    proof: bool = False,
    only: str | Sequence[str] | None = None,
    strict: bool = False,
    tolerance: float = 0.0,
    memory: int | None = None,
    project: Project | None = None,
    progress: Callable[[int], None] | None = None,
) -> CheckResult:
    """Run a derivation side by side with its torch reference over random trials.

    Args:
        case: The name of a case of the project, a loaded case, or what comes with a `reference`: equations (a
            function, a sequence of functions, functions by name, a derivation), or existing code
            (`Code(forward, backward)`).
        reference: The torch side, where `case` is not a name.
        trials: How many random trials; default: 10,000, and for a large case as many as a share of work allows.
        budget: Seconds to go on for, in place of a number of trials.
        seed: Where the random numbers start; the same seed gives the same result.
        dtype: `float64` or `float32` of both sides, also as `np.float32` or `torch.float32`.
        scale: A factor on the draws of parameters and inputs.
        steps: Also train both sides for so many steps and compare where they get to.
        repair: Search for the mistake in each wrong equation, and for the simplest fix.
        proof: Also prove or refute every equation for all inputs.
        only: Patterns such as `"dLoss_*"`: which equations are reported, mended and proved; all by default.
        strict: Whether an unchecked equation, whose quantity the reference does not have, fails the check.
        tolerance: For code that approximates on purpose: differences up to so much of the largest entry of a quantity
            in a trial count as none, and every report says so. By default rounding alone decides.
        memory: Bytes that the numbers of trials may take together; default: what the case has, or 512 MB.
        project: The project that holds the case; default: the one around the working directory.
        progress: Called with the number of trials just done; negative where the run starts over.

    Returns:
        The verdict on every equation; `.ok`, `.equations`, `.worst_trials`, `.raise_on_disagreement()`.

    Raises:
        GradproofError: The case is broken: a missing file, a name that means nothing, an equation that cannot run.

    Example:
        >>> import torch
        >>> from gradproof import Reference, crosscheck, normal
        >>> def Y(x, W):
        ...     return x @ W.T
        >>> def dLoss_dW(x, dLoss_dY):
        ...     return x.T @ dLoss_dY
        >>> linear = Reference(
        ...     model=lambda: torch.nn.Linear(3, 2, bias=False),
        ...     inputs={"input": normal(5, 3)},
        ...     symbols={"x": "input", "W": "weight"},
        ...     output="Y",
        ... )
        >>> result = crosscheck([Y, dLoss_dW], linear, trials=100)
        >>> result.sentence
        '1 of 2 equations wrong: dLoss_dW'
        >>> result.wrong[0].fix
        'dLoss_dY.T @ x'
    """
    checked_seed(seed)
    if checked_tolerance(tolerance) and proof:
        raise GradproofError("a proof is of exact equality: ask for proof=True or for a tolerance, not for both")
    if not 0 < scale < float("inf"):
        raise GradproofError(f"a scale is positive and finite, not {scale!r}")
    if trials is not None and (not isinstance(trials, int) or trials < 1):
        raise GradproofError(f"a run has at least one trial, not {trials!r}")
    if budget is not None and (trials is not None or not budget > 0):
        raise GradproofError(f"a budget is a number of seconds in place of trials, not {budget!r} beside {trials!r}")
    if memory is not None and memory < 1:
        raise GradproofError(f"memory is a number of bytes, not {memory!r}")
    if isinstance(case, str) and reference is None and holds_function(home := project or find_project(), case):
        return _function_case(home, case, trials, seed, only, {"budget": budget, "steps": steps, "proof": proof})
    bound = _bound(case, reference, dtype_name(dtype), project)
    names = chosen(only, [equation.name for equation in bound.derivation.equations])
    if memory not in (None, bound.memory):
        bound = replace(bound, memory=memory)
    with watched(progress, bound.name, trials or defaults.TRIALS) as told:
        asked = Asked(trials or defaults.TRIALS, seed, scale, budget, tolerance)
        result = _checked(bound, trials, steps, asked, told)
    result = replace(
        result,
        results=tuple(one for one in result.results if one.equation in names),
        known_errata=result.known_errata.intersection(names),
        strict=strict,
        tolerance=tolerance,
    )
    return result if result.interrupted else _looked_into(result, bound, repair=repair, proof=proof)


def _function_case(
    project: Project,
    name: str,
    trials: int | None,
    seed: int,
    only: str | Sequence[str] | None,
    refused: Mapping[str, object],
) -> CheckResult:
    """The check of a case that is a function.

    Raises:
        GradproofError: Something is asked for that a function has not.
    """
    from gradproof.functions import check_function_case  # few cases are functions

    if asked := [option for option, value in refused.items() if value]:
        raise GradproofError(f"{name} is a function: {', '.join(asked)} are for equations")
    result = check_function_case(name, trials=trials, seed=seed, project=project)
    names = chosen(only, [one.equation for one in result.results])
    return replace(
        result,
        results=tuple(one for one in result.results if one.equation in names),
        known_errata=result.known_errata.intersection(names),
    )


def _looked_into(result: CheckResult, case: Case, *, repair: bool, proof: bool) -> CheckResult:
    """What is looked into once the verdicts stand: a part that fails, or that the user stops, costs itself alone."""
    failures, repairs, seed = list(result.failures), dict[str, Repair](), result.seed
    interrupted = False
    try:
        if repair and result.wrong:
            with contained(failures, "the search for what is wrong"):
                repairs = mend_case(case, result, seed=seed, failures=failures)
                result = with_repairs(result, repairs, case.derivation)
        if proof:
            with contained(failures, "the proof"):
                doubted = [one.equation for one in result.wrong]
                result = with_proofs(result, prove_case(case, seed=seed, failures=failures, doubted=doubted))
        mended = [one.equation for one in result.results if one.fix]
        if proof and mended:
            with contained(failures, "the proof of the fixes"):
                proofs = prove_case(mended_case(case, repairs), seed=seed, failures=failures, only=mended)
                result = with_fix_proofs(result, proofs)
    except KeyboardInterrupt:
        interrupted = True
    return replace(result, interrupted=interrupted, failures=tuple(failures))


def _bound(
    case: Checkable,
    reference: Reference | Sequence[Reference] | None,
    dtype: str,
    project: Project | None,
) -> Case:
    """The case that is meant: loaded by its name, or made of objects."""
    if isinstance(case, Case):
        return case
    if isinstance(case, str):
        if reference is not None:
            raise GradproofError(f"the case {case!r} has its own reference/{case}.py; give equations with a reference")
        return load_case(case, dtype=dtype, project=project)
    if reference is None:
        raise GradproofError("equations given as objects need a reference: crosscheck(functions, Reference(...))")
    if isinstance(case, FunctionType):
        return make_case([case], reference, dtype=dtype)
    if isinstance(case, Code):
        from gradproof.code.load import read_code

        case = read_code(case, as_references(reference, "reference")[0])
    equations: Derivation | Sequence[FunctionType] | Mapping[str, FunctionType] = case
    if not isinstance(equations, Derivation | Mapping | Sequence):
        raise GradproofError(
            f"crosscheck takes the name of a case, functions such as [Y, dLoss_dx], or Code(...), not {case!r}"
        )
    return make_case(equations, reference, dtype=dtype)


def _no_progress(trials: int) -> None:
    """Nobody watches."""


def _drawn_smaller(case: Case) -> str:
    """What is drawn smaller than standard normal numbers because the model is wide or deep, and the way out."""
    names = list(dict.fromkeys(name for binding in case.bindings for name in binding.shrunk))
    if not names:
        return ""
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{names[0]}{more} drawn by fan-in, as wide or deep models need; Reference(parameters=...) says otherwise"


def _checked(
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
        results = _verdicts(case, probed, replace(asked, trials=done.trials or asked.trials), done, failures)
        trajectory = compare_trajectories(case, probed.evaluators, steps, asked.seed, asked.scale) if steps else None
    result = _result(case, probed, asked, done, results, choice)
    return replace(result, trajectory=trajectory, failures=tuple(failures))


def result_of_tallies(case: Case, tallies: Mapping[Key, Tally], trials: int, *, seed: int, scale: float) -> CheckResult:
    """The outcome of trials that were run elsewhere, each equation with its verdict, and what is wrong looked into.

    Args:
        case: The case.
        tallies: What the trials have shown, by run and equation.
        trials: How many they were.
        seed, scale: What they were drawn with.
    """
    asked, done = Asked(min(trials, defaults.TRIALS), seed, scale), Done(trials, False, tallies)
    failures = list[Failure]()
    with on_one_thread():
        probed = probe(case, asked.trials, seed, scale)
        results = _verdicts(case, probed, asked, done, failures)
    result = _result(case, probed, asked, done, results, "")
    return _looked_into(replace(result, failures=tuple(failures)), case, repair=True, proof=False)


def _result(
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


def _verdicts(
    case: Case, probed: Probed, asked: Asked, done: Done, failures: list[Failure]
) -> tuple[EquationResult, ...]:
    """The verdict on every equation; what fails on the way is noted, and costs itself alone."""
    teeth, overflows = Teeth(), dict[str, Overflow]()
    with contained(failures, "the search for checks that could not have failed"):
        teeth = teeth_of(case, asked.trials, asked.seed, asked.scale)
        teeth = replace(teeth, blunt={**_wrong_at_more_rows(case, asked), **teeth.blunt})
    with contained(failures, "the search for what overflows"):
        overflows = _overflows(case, probed, asked, done)
    results = results_of(Evidence(case, done.tallies, probed.shapes, probed.misfits, teeth, overflows))
    with contained(failures, "the comparison with the code's own forward"):
        return first_the_same_function(case, probed.evaluators, results, asked.seed, asked.scale)
    return results


def _overflows(case: Case, probed: Probed, asked: Asked, done: Done) -> dict[str, Overflow]:
    """What overflows in each equation that disagrees by values that are not finite alone."""
    found = {}
    for (run, name), tally in done.tallies.items():
        if run == OWN and tally.disagreeing:
            equation = case.derivation.by_name[name]
            found[name] = named_overflow(case, probed.evaluators, equation, tally, asked.seed, asked.scale)
    return {name: overflow for name, overflow in found.items() if overflow is not None}


def _wrong_at_more_rows(case: Case, asked: Asked) -> dict[str, str]:
    """Equations that agree on inputs of a single row and, where the model takes more, give wrong values there."""
    larger = with_more_rows(case.references)
    if not larger:
        return {}
    few = Asked(AT_MORE_ROWS, asked.seed, asked.scale)
    try:
        result = _checked(replace(case, references=larger), AT_MORE_ROWS, 0, few)
    except GradproofError:
        return {}  # the model, or the code, is for one row
    reason = f"it agrees with one row only: with {ROWS} rows its values are wrong"
    return {one.equation: reason for one in result.results if one.disagreeing_trials}

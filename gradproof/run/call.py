"""A check from the call to the result: what is asked for, the case that is meant, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import FunctionType
from typing import Any

import gradproof.report  # noqa: F401  results show themselves by what it registers
from gradproof import defaults
from gradproof.case.depth import room_for_depth
from gradproof.case.derivation import Derivation
from gradproof.case.project import Project, find_project
from gradproof.case.reference import Reference
from gradproof.check.asked import checked_tolerance, chosen, dtype_name
from gradproof.check.case import Case, load_case, make_case
from gradproof.check.compare import Tally
from gradproof.check.facts.failures import Failure
from gradproof.check.facts.result import CheckResult
from gradproof.check.judging import Key
from gradproof.check.loading import holds_function
from gradproof.check.probing import probe
from gradproof.check.rounds import Asked, Done
from gradproof.code import Code
from gradproof.errors import GradproofError
from gradproof.report.terminal.watching import watched
from gradproof.run.as_it_runs import as_it_runs
from gradproof.run.trials import checked, outcome, verdicts
from gradproof.trials.draws import checked_seed
from gradproof.truth.batching import on_one_thread

Function = Callable[..., Any]
Checkable = str | Case | Code | Derivation | Function | Sequence[Function] | Mapping[str, Function]
"""What can be checked: a case by its name or loaded; what comes with a reference."""


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
    _require_sensible(trials, budget, seed, scale, tolerance, memory, proof=proof)
    if isinstance(case, str) and reference is None and holds_function(home := project or find_project(), case):
        return _function_case(home, case, trials, seed, only, {"budget": budget, "steps": steps, "proof": proof})
    bound = _bound(case, reference, dtype_name(dtype), project)
    names = chosen(only, [equation.name for equation in bound.derivation.equations])
    if memory not in (None, bound.memory):
        bound = replace(bound, memory=memory)
    with watched(progress, bound.name, trials or defaults.TRIALS) as told:
        asked = Asked(trials or defaults.TRIALS, seed, scale, budget, tolerance)
        result = checked(bound, trials, steps, asked, told)
        if (whole := as_it_runs(bound, result)) is not None:
            bound = whole
            result = checked(bound, trials, steps, asked, told)
    result = replace(
        result,
        results=tuple(one for one in result.results if one.equation in names),
        known_errata=result.known_errata.intersection(names),
        strict=strict,
        tolerance=tolerance,
    )
    return result if result.interrupted else _looked_into(result, bound, repair=repair, proof=proof)


def _require_sensible(
    trials: int | None,
    budget: float | None,
    seed: int,
    scale: float,
    tolerance: float,
    memory: int | None,
    *,
    proof: bool,
) -> None:
    checked_seed(seed)
    if checked_tolerance(tolerance) and proof:
        raise GradproofError("a proof is of exact equality: ask for proof=True or for a tolerance, not for both")
    if not 0 < scale < float("inf"):
        raise GradproofError(f"a scale is positive and finite, not {scale!r}")
    if trials is not None and (not isinstance(trials, int) or trials < 1):
        raise GradproofError(f"trials is a whole number from 1 on, such as 10_000, not {trials!r}")
    if budget is not None and (trials is not None or not budget > 0):
        raise GradproofError(f"a budget is a number of seconds in place of trials, not {budget!r} beside {trials!r}")
    if memory is not None and memory < 1:
        raise GradproofError(f"memory is a number of bytes, not {memory!r}")


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

        return make_case(read_code(case, reference), reference, dtype=dtype)
    if isinstance(case, Derivation | Mapping) or (isinstance(case, Sequence) and not isinstance(case, str)):
        return make_case(case, reference, dtype=dtype)
    raise GradproofError(
        f"crosscheck takes the name of a case, functions such as [Y, dLoss_dx], or Code(...), not {case!r}"
    )


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
        results = verdicts(case, probed, asked, done, failures)
    result = outcome(case, probed, asked, done, results, "")
    return _looked_into(replace(result, failures=tuple(failures)), case, repair=True, proof=False)


def _looked_into(result: CheckResult, case: Case, *, repair: bool, proof: bool) -> CheckResult:
    if not ((repair and result.wrong) or proof):
        return result
    from gradproof.run.afterwards import looked_into  # most checks find nothing wrong

    return looked_into(result, case, repair=repair, proof=proof)

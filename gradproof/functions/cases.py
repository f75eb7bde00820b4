"""A function as a case of a project: `manual/NAME.py` holds it, `reference/NAME.py` says what it should be.

Its outcome has the form of every other case's, a record for each output and gradient, so that all reports, the index
and the annotations show it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from gradproof.case.project import Project, find_project, load_module
from gradproof.check.facts.measured import WorstEntry
from gradproof.check.facts.result import CheckResult, EquationResult
from gradproof.check.facts.verdict import Verdict
from gradproof.errors import GradproofError
from gradproof.functions.check import check_function
from gradproof.functions.reference import FunctionReference
from gradproof.functions.result import REMARKS, Finding, FunctionResult


def check_function_case(name: str, *, trials: int | None, seed: int, project: Project | None = None) -> CheckResult:
    """Check a case that is a function.

    Args:
        name: The case.
        trials: How many draws of each set of inputs; None for what the case says, or the usual number.
        seed: Where the random numbers start.
        project: The project that holds it; default: the one around the working directory.

    Raises:
        GradproofError: A file does not exist or does not run, holds no function, or the function cannot be called.
    """
    project = project or find_project()
    path = project.manual_path(name)
    module = load_module(project.root, "manual", name)
    reference = getattr(load_module(project.root, "reference", name), "reference", None)
    if not isinstance(reference, FunctionReference):
        found = type(reference).__name__
        raise GradproofError(f"reference/{name}.py: the value `reference` is a {found}, not a FunctionReference(...)")
    function = _function_in(module, reference.function, name)
    options = {**reference.options, **({} if trials is None else {"trials": trials})}
    try:
        outcome = check_function(function, reference.reference, reference.inputs, seed=seed, **options)
    except TypeError as error:
        if "check_function() got" not in str(error):
            raise
        raise GradproofError(
            f"reference/{name}.py: FunctionReference{str(error).partition('check_function')[2]}"
        ) from error
    document = (module.__doc__ or "").strip().partition("\n")[0] or name
    known = frozenset(getattr(module, "KNOWN_ERRATA", ()))
    if unknown := known.difference(one.quantity for one in outcome.findings):
        raise GradproofError(
            f"manual/{name}.py: KNOWN_ERRATA names {', '.join(sorted(unknown))}; what is compared is "
            f"{', '.join(dict.fromkeys(one.quantity for one in outcome.findings))}"
        )
    return _as_check(outcome, name, document, _place(function, path), known)


def _function_in(module: ModuleType, wanted: str, name: str) -> Callable[..., Any]:
    """The function of a file: by its name, or the only one that the file itself defines."""
    own = {
        key: _callable(value)
        for key, value in vars(module).items()
        if not key.startswith("_") and (key == wanted or _is_candidate(value, module))
    }
    functions = {key: value for key, value in own.items() if value is not None}
    if wanted in functions:
        return functions[wanted]
    if not wanted and "function" in functions:
        return functions["function"]
    if not wanted and len(functions) == 1:
        return next(iter(functions.values()))
    told = ", ".join(functions) or "none"
    asked = f"no function {wanted!r}" if wanted else "not one function alone"
    raise GradproofError(
        f"manual/{name}.py holds {asked}; it has {told}: name the one that is meant, "
        'FunctionReference(..., function="NAME")'
    )


def _is_candidate(value: Any, module: ModuleType) -> bool:
    """A class of autograd functions or modules, or what the file calls `function`; helpers are plain functions."""
    if isinstance(value, type):
        return value.__module__ == module.__name__ and issubclass(value, torch.autograd.Function)
    return isinstance(value, torch.nn.Module) or value is getattr(module, "function", None)


def _callable(value: Any) -> Callable[..., Any] | None:
    if isinstance(value, type) and issubclass(value, torch.autograd.Function):
        return value.apply
    return value if callable(value) and not isinstance(value, type) else None


def _place(function: Any, path: Path) -> str:
    """The line of the backward, or of the function, in the case's own file; else the file's first."""
    owner = getattr(function, "__self__", None)
    meant = getattr(owner, "backward", function) if isinstance(owner, type) else function
    with_source = meant if inspect.isroutine(meant) else type(meant)
    try:
        file, line = inspect.getsourcefile(with_source), inspect.getsourcelines(with_source)[1]
    except (TypeError, OSError):  # made by other means: there is no text
        file, line = None, 1
    return f"manual/{path.name}:{line if file is not None and Path(file) == path else 1}"


def _as_check(outcome: FunctionResult, name: str, document: str, place: str, known: frozenset[str]) -> CheckResult:
    """The findings of a function as the outcome of a case."""
    groups: dict[str, list[Finding]] = {}
    for one in outcome.findings:
        if one.kind not in REMARKS:
            groups.setdefault(one.quantity, []).append(one)
    records = tuple(_record(outcome, quantity, found, place, known) for quantity, found in groups.items())
    worst = tuple(
        _worst(position, one, groups[one.equation]) for position, one in enumerate(records) if one.worst_trial >= 0
    )
    dtypes = ", ".join(dict.fromkeys(one.dtype for one in outcome.findings))
    ways = len({one.configuration for one in outcome.findings})
    notes = "; ".join((f"called in {ways} ways", *outcome.notes))
    return CheckResult(
        case=name,
        title=document,
        results=records,
        trials=outcome.trials,
        seed=outcome.seed,
        dtype=dtypes,
        find_worst=lambda: worst,
        choice=notes,
        known_errata=known,
        of_function=True,
    )


def _record(
    outcome: FunctionResult, quantity: str, found: Sequence[Finding], place: str, known: frozenset[str]
) -> EquationResult:
    wrong = [one for one in found if one.verdict == Verdict.DISAGREES]
    plain = [one for one in found if one.verdict == Verdict.AGREES and not one.configuration]
    untested = [one for one in found if one.verdict == Verdict.INCONCLUSIVE and one in outcome.untested]
    verdict = Verdict.DISAGREES if wrong else Verdict.INCONCLUSIVE if untested or not plain else Verdict.AGREES
    told = _chosen(wrong) if wrong else (untested or plain or list(found))[0]
    resolution = max((one.resolution for one in plain if one.dtype == plain[0].dtype), default=float("nan"))
    record = EquationResult(
        equation=quantity,
        form="",
        kind="forward" if quantity.startswith(("output", "buffer", "forward")) else "derivative",
        shape=told.shapes,
        place=place,
        written=outcome.name,
        verdict=verdict,
        trials=len(found),
        disagreeing_trials=len(wrong),
        bound_kind=told.bound,
        resolution=resolution,
        worst_trial=0,
        known_erratum=quantity in known,
    )
    measured = [one for one in (wrong or plain) if one.kind in ("value", "missing")]
    if measured:
        record = replace(
            record,
            max_abs_error=max(abs(one.computed - one.truth) for one in measured),
            max_rel_error=max(abs(one.computed - one.truth) / (abs(one.truth) or 1.0) for one in measured),
            bound_share=max(one.share for one in measured),
        )
    if verdict == Verdict.AGREES:
        return record
    return replace(record, diagnosis=_words(told))


def _chosen(wrong: Sequence[Finding]) -> Finding:
    """The finding that says most: one of a plain call before others, one with a diagnosis before others."""
    return min(wrong, key=lambda one: (bool(one.configuration), not one.diagnosis))


def _words(one: Finding) -> str:
    where = ", ".join(filter(None, (one.dtype, one.configuration)))
    said = "; ".join(filter(None, (one.sentence, one.diagnosis)))
    return f"{said or 'it differs by more than rounding explains'} ({where})"


def _worst(position: int, record: EquationResult, found: Sequence[Finding]) -> WorstEntry:
    told = max((one for one in found if one.verdict == record.verdict), key=lambda one: one.share, default=found[0])
    return WorstEntry(
        record.equation, record.verdict, position, told.entry, told.computed, told.truth, told.allowed, told.shapes
    )

"""Single trials again, with all their numbers: the worst of each equation, and any trial that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradproof.case.derivation import Equation
from gradproof.case.project import suggestions
from gradproof.check.bounds import Bounded, EquationBounds
from gradproof.check.case import Case
from gradproof.check.compare import coarse
from gradproof.check.evaluate import PROBE_TRIALS, Evaluator
from gradproof.check.facts.measured import WorstEntry
from gradproof.check.facts.result import EquationResult
from gradproof.check.facts.verdict import Verdict
from gradproof.errors import GradproofError

Array = NDArray[Any]


@dataclass(frozen=True)
class TrialValues:
    """One equation in one trial.

    Attributes:
        equation, place, written: Which equation.
        trial, reference: Which trial, and which of the case's references it belongs to.
        inputs: The true value of every input, a helper's as computed.
        computed: What the equation gives on true inputs.
        free: What it gives in the free run.
        truth: What torch gives; None for a helper that the reference does not have.
        bound, free_bound: How far `computed` and `free` may be from the truth by rounding.
        bound_kind: `rigorous` or `sampled`.
    """

    equation: str
    place: str
    written: str
    trial: int
    reference: int
    inputs: dict[str, Array]
    computed: Array
    free: Array
    truth: Array | None
    bound: Array | None
    free_bound: Array | None
    bound_kind: str


def replay(case: Case, equation: str, trial: int, *, seed: int, scale: float = 1.0) -> TrialValues:
    """One equation in one trial, from the same draws as in a check with this seed.

    Raises:
        GradproofError: There is no such equation or trial.
    """
    found = require_equation(case, equation)
    evaluators = [Evaluator(case.derivation) for _ in case.references]
    if trial < 0:
        raise GradproofError(f"trials are counted from 0, so there is no trial {trial}")
    reference = trial % len(case.references)
    _probe(case, reference, evaluators[reference], seed, scale)
    return _trials(case, reference, evaluators[reference], [(found, trial)], seed, scale)[0]


def require_equation(case: Case, equation: str) -> Equation:
    """The equation of that name.

    Raises:
        GradproofError: There is none.
    """
    names = [e.name for e in case.derivation.equations]
    if equation not in case.derivation.by_name:
        raise GradproofError(
            f"{case.name} has no equation {equation!r}{suggestions(equation, names)}", name=equation, known=names
        )
    return case.derivation.by_name[equation]


def _probe(case: Case, reference: int, evaluator: Evaluator, seed: int, scale: float) -> None:
    draws = case.draw(case.block(reference, PROBE_TRIALS), seed, scale)
    evaluator.probe(case.truths[reference].evaluate(draws))


def worst_entries(
    case: Case, evaluators: Sequence[Evaluator], results: Sequence[EquationResult], seed: int, scale: float
) -> tuple[WorstEntry, ...]:
    """The worst entry of every equation that was compared, all trials of a reference run together."""
    by_name = case.derivation.by_name
    entries: dict[str, WorstEntry] = {}
    for reference, evaluator in enumerate(evaluators):
        wanted = [
            (by_name[result.equation], result.worst_trial)
            for result in results
            if result.worst_trial >= 0 and result.worst_trial % len(evaluators) == reference
        ]
        if wanted:
            verdicts = {result.equation: result.verdict for result in results}
            for values in _trials(case, reference, evaluator, wanted, seed, scale):
                entries[values.equation] = _worst_entry(values, verdicts[values.equation])
    return tuple(entries[result.equation] for result in results if result.equation in entries)


def _worst_entry(values: TrialValues, verdict: Verdict) -> WorstEntry:
    assert values.truth is not None
    assert values.bound is not None
    assert values.free_bound is not None
    own = verdict == Verdict.DISAGREES
    manual, bound = (values.computed, values.bound) if own else (values.free, values.free_bound)
    with np.errstate(all="ignore"):
        apart = np.abs(manual - values.truth)
        excess = apart - bound
    size = np.where(np.isnan(excess), np.inf, np.where(excess > 0, coarse(apart), excess))
    place = np.unravel_index(int(np.argmax(size)), values.truth.shape)
    return WorstEntry(
        equation=values.equation,
        verdict=verdict,
        trial=values.trial,
        entry="" if not place else f"[{', '.join(str(int(k)) for k in place)}]",
        manual=float(manual[place]),
        truth=float(values.truth[place]),
        bound=float(bound[place]),
        inputs=", ".join(f"{name}={value.item()!r}" for name, value in values.inputs.items() if value.ndim == 0),
    )


def _trials(
    case: Case,
    reference: int,
    evaluator: Evaluator,
    wanted: Sequence[tuple[Equation, int]],
    seed: int,
    scale: float,
) -> list[TrialValues]:
    """Equations in trials of one reference, evaluated together."""
    trials = sorted({trial for _, trial in wanted})
    draws = case.draw_trials(trials, seed, scale)
    return values_on(case, reference, evaluator, wanted, trials, draws)


def values_on(
    case: Case,
    reference: int,
    evaluator: Evaluator,
    wanted: Sequence[tuple[Equation, int]],
    trials: Sequence[int],
    draws: dict[str, Array],
) -> list[TrialValues]:
    """Equations on given numbers of one reference.

    Args:
        case: The case.
        reference: Which of its references the numbers are of.
        evaluator: Of that reference, once it has probed the equations.
        wanted: Equations, each with one of the trials.
        trials: What the rows of the numbers are called.
        draws: The numbers, `(n, *shape)` by leaf.
    """
    rows = {trial: row for row, trial in enumerate(trials)}
    truth = case.truths[reference]
    known = truth.evaluate(draws)
    bounds = case.truth_bounds[reference].of(draws, known, truth.sources)
    equations = EquationBounds(evaluator)
    leaves = {name: bounds[name] for name in case.starts}
    misfits = {
        e.name: bounds[e.quantity]
        for e in case.derivation.equations
        if e.quantity in bounds and evaluator.samples[e.name].shape != bounds[e.quantity].value.shape[1:]
    }
    free = equations.free_run(case.derivation, leaves, [e.name for e, _ in wanted], len(trials), misfits)
    out = []
    for equation, trial in wanted:
        row = [rows[trial]]
        by_name = case.derivation.by_name
        inputs = [_row(bounds[i] if i in bounds else free[by_name[i].name], row) for i in equation.inputs]
        own, free_row = equations.of(equation, inputs, 1), _row(free[equation.name], row)
        true = _row(bounds[equation.quantity], row) if equation.quantity in bounds else None
        fits = true is not None and own.value.shape == true.value.shape
        out.append(
            TrialValues(
                equation=equation.name,
                place=equation.place,
                written=equation.written,
                trial=trial,
                reference=reference,
                inputs={i: value.value[0] for i, value in zip(equation.inputs, inputs, strict=True)},
                computed=own.value[0],
                free=free_row.value[0],
                truth=None if true is None else true.value[0],
                bound=own.error[0] + true.error[0] if true is not None and fits else None,
                free_bound=free_row.error[0] + true.error[0] if true is not None and fits else None,
                bound_kind=own.kind if true is None or own.kind == "sampled" else true.kind,
            )
        )
    return out


def _row(bounded: Bounded, row: list[int]) -> Bounded:
    return Bounded(bounded.value[row], bounded.error[row], bounded.kind)

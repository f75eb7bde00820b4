"""Single trials again, with all their numbers: the worst of each equation, and any trial that is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from gradproof.case.derivation import Equation
from gradproof.case.project import suggestions
from gradproof.check.bounds import Bounded, EquationBounds
from gradproof.check.case import Case
from gradproof.check.evaluate import PROBE_TRIALS, Evaluator
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
    run = run_trials(case, reference, evaluators[reference], [(found, trial)], seed, scale)
    return _values(run, reference, found, trial)


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


@dataclass(frozen=True)
class Run:
    """Some trials of one reference on both sides, with bounds.

    Attributes:
        case: The case.
        rows: Trial -> its place among them.
        bounds: What torch gives, by quantity.
        equations: Gives the bounds of equations.
        free: What the free run gives, by equation.
    """

    case: Case
    rows: Mapping[int, int]
    bounds: Mapping[str, Bounded]
    equations: EquationBounds
    free: Mapping[str, Bounded]

    def truth(self, equation: Equation, trial: int) -> Bounded | None:
        """What torch gives; None for a helper."""
        known = self.bounds.get(equation.quantity)
        return None if known is None else _row(known, [self.rows[trial]])

    def in_free_run(self, equation: Equation, trial: int) -> Bounded:
        return _row(self.free[equation.name], [self.rows[trial]])

    def inputs(self, equation: Equation, trial: int) -> dict[str, Bounded]:
        """The true value of every input, a helper's as computed."""
        bounds, free, by_name = self.bounds, self.free, self.case.derivation.by_name
        row = [self.rows[trial]]
        return {i: _row(bounds[i] if i in bounds else free[by_name[i].name], row) for i in equation.inputs}

    def own(self, equation: Equation, trial: int) -> Bounded:
        """What the equation gives on those."""
        return self.equations.of(equation, list(self.inputs(equation, trial).values()), 1)


def run_trials(
    case: Case,
    reference: int,
    evaluator: Evaluator,
    wanted: Sequence[tuple[Equation, int]],
    seed: int,
    scale: float,
) -> Run:
    """Equations in trials of one reference, run together."""
    trials = sorted({trial for _, trial in wanted})
    return _run_on(case, reference, evaluator, wanted, trials, case.draw_trials(trials, seed, scale))


def _run_on(
    case: Case,
    reference: int,
    evaluator: Evaluator,
    wanted: Sequence[tuple[Equation, int]],
    trials: Sequence[int],
    draws: dict[str, Array],
) -> Run:
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
    return Run(case, {trial: row for row, trial in enumerate(trials)}, bounds, equations, free)


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
    run = _run_on(case, reference, evaluator, wanted, trials, draws)
    return [_values(run, reference, equation, trial) for equation, trial in wanted]


def _values(run: Run, reference: int, equation: Equation, trial: int) -> TrialValues:
    own, free, true = run.own(equation, trial), run.in_free_run(equation, trial), run.truth(equation, trial)
    fits = true is not None and own.value.shape == true.value.shape
    return TrialValues(
        equation=equation.name,
        place=equation.place,
        written=equation.written,
        trial=trial,
        reference=reference,
        inputs={i: value.value[0] for i, value in run.inputs(equation, trial).items()},
        computed=own.value[0],
        free=free.value[0],
        truth=None if true is None else true.value[0],
        bound=own.error[0] + true.error[0] if true is not None and fits else None,
        free_bound=free.error[0] + true.error[0] if true is not None and fits else None,
        bound_kind=own.kind if true is None or own.kind == "sampled" else true.kind,
    )


def _row(bounded: Bounded, row: list[int]) -> Bounded:
    return Bounded(bounded.value[row], bounded.error[row], bounded.kind)

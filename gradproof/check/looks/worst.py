"""The worst entry of every equation, with all its numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradproof.case.derivation import Equation
from gradproof.check.case import Case
from gradproof.check.compare import coarse
from gradproof.check.evaluate import Evaluator
from gradproof.check.facts.measured import WorstEntry
from gradproof.check.facts.result import EquationResult
from gradproof.check.facts.verdict import Verdict
from gradproof.check.replay import Run, run_trials


def worst_entries(
    case: Case, evaluators: Sequence[Evaluator], results: Sequence[EquationResult], seed: int, scale: float
) -> tuple[WorstEntry, ...]:
    """The worst entry of every equation that was compared, all trials of a reference run together."""
    verdicts = {result.equation: result.verdict for result in results}
    entries: dict[str, WorstEntry] = {}
    for reference, evaluator in enumerate(evaluators):
        wanted = [
            (case.derivation.by_name[result.equation], result.worst_trial)
            for result in results
            if result.worst_trial >= 0 and result.worst_trial % len(evaluators) == reference
        ]
        if wanted:
            run = run_trials(case, reference, evaluator, wanted, seed, scale)
            for equation, trial in wanted:
                entries[equation.name] = _worst_entry(run, equation, trial, verdicts[equation.name])
    return tuple(entries[result.equation] for result in results if result.equation in entries)


def _worst_entry(run: Run, equation: Equation, trial: int, verdict: Verdict) -> WorstEntry:
    true = run.truth(equation, trial)
    assert true is not None
    computed = run.own(equation, trial) if verdict == Verdict.DISAGREES else run.in_free_run(equation, trial)
    manual, truth, bound = computed.value[0], true.value[0], computed.error[0] + true.error[0]
    with np.errstate(all="ignore"):
        apart = np.abs(manual - truth)
        excess = apart - bound
    size = np.where(np.isnan(excess), np.inf, np.where(excess > 0, coarse(apart), excess))
    place = np.unravel_index(int(np.argmax(size)), truth.shape)
    scalars = ((name, value.value[0]) for name, value in run.inputs(equation, trial).items() if value.value.ndim == 1)
    return WorstEntry(
        equation=equation.name,
        verdict=verdict,
        trial=trial,
        entry="" if not place else f"[{', '.join(str(int(k)) for k in place)}]",
        manual=float(manual[place]),
        truth=float(truth[place]),
        bound=float(bound[place]),
        inputs=", ".join(f"{name}={value.item()!r}" for name, value in scalars),
    )

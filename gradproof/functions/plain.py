"""Plain calls in each dtype: the trials that everything else is compared with, judged in the arithmetic found."""

from __future__ import annotations

from dataclasses import replace

from gradproof.check.facts.verdict import Verdict
from gradproof.functions.examining import Examiner, Trial
from gradproof.functions.precision import arithmetic_found, rejudged
from gradproof.functions.program import Program
from gradproof.functions.result import Finding
from gradproof.functions.running.numbers import HALF
from gradproof.functions.running.runs import Outcome
from gradproof.functions.work import counted

FOR_VARIANTS = 0.75
"""So much of the budget is not spent on further draws: other ways to call show more."""

PASSES = 8
"""So often a large input is gone through in one run of a reference and its derivative, at the least."""


def first_in(program: Program, name: str) -> tuple[Examiner, Trial] | None:
    """All plain trials in one dtype, and the first of them; None where the function does not take it."""
    declared = program.declared.of(name)
    suspects = frozenset[str]() if program.widest is None else program.wrong_in(program.widest)
    examiner = replace(program.examiner, dtype=name, arithmetic=declared or name, suspects=suspects)
    try:
        first = examiner.trial(program.asked.draw(0, 0))
    except KeyError:  # complex numbers
        program.skipped[name] = "there are no complex numbers of that precision"
        return None
    if why := _unsupported(first):
        program.skipped[name] = why
        return None
    if not program.cost:
        entries = first.draw.entries
        is_large = first.draw.is_large  # then counting takes too long
        program.cost = PASSES * entries if is_large else counted(lambda: examiner.truth(program.asked.draw(0, 0)))
    trials = _trials(program, examiner, first)
    found = [one for trial in trials for one in examiner.of_trial(trial)]
    if any(one.verdict == Verdict.DISAGREES and one.kind in ("value", "missing") for one in found):
        examiner, trials, found = _in_own_arithmetic(program, examiner, trials, found)
    program.findings += found
    if trials[0].draw.is_large:
        program.calls = max(program.calls, trials[0].outcome.calls)
        trials[0] = replace(trials[0], outcome=Outcome())
    program.examiners[name] = examiner
    if program.widest is None:
        program.widest, program.trials = examiner, trials
    return examiner, trials[0]


def _trials(program: Program, examiner: Examiner, first: Trial) -> list[Trial]:
    trials = [first]
    for group in range(len(program.asked.sets)):
        for number in range(program.asked.trials):
            own = (group, number) == (0, 0)
            if not own and program.budget.take(2 * program.cost, "further draws", keep=FOR_VARIANTS):
                trials.append(examiner.trial(program.asked.draw(group, number)))
    return trials


def _in_own_arithmetic(
    program: Program, examiner: Examiner, trials: list[Trial], found: list[Finding]
) -> tuple[Examiner, list[Trial], list[Finding]]:
    """The same judged by the arithmetic that the function is known to use, unless that is half precision."""
    known = arithmetic_found(examiner, trials)
    if known is None:
        return examiner, trials, found
    program.arithmetic[examiner.dtype] = known
    if known.arithmetic in HALF or program.declared.of(examiner.dtype):
        return examiner, trials, found
    examiner = replace(examiner, arithmetic=known.arithmetic)
    program.notes.append(
        f"in {examiner.dtype} it computes in {known.arithmetic} ({known.evidence}), and is judged by its rounding"
    )
    trials = rejudged(examiner, trials)
    if half := arithmetic_found(examiner, trials):
        program.arithmetic[examiner.dtype] = half
    return examiner, trials, [one for trial in trials for one in examiner.of_trial(trial)]


def _unsupported(trial: Trial) -> str:
    """Why the function has no result in this dtype at all."""
    outcome = trial.outcome
    if outcome.stage and outcome.error.startswith("InterpreterError"):
        return f"Triton's interpreter raises {outcome.error}: this may be a limit of the interpreter, not of the kernel"
    if outcome.stage == "forward" or (outcome.stage and "not implemented for" in outcome.error):
        return f"its {outcome.stage} raises {outcome.error}"
    return ""

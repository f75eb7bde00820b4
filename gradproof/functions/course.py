"""The course of a check: what is looked at in which dtype, as far as the budget of work goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gradproof.check.facts.verdict import Verdict
from gradproof.functions.examining import Examiner, Trial
from gradproof.functions.looks.states import of_replay
from gradproof.functions.plain import first_in
from gradproof.functions.program import Program
from gradproof.functions.running.configurations import FRESH, variants, variants_again

FEW_CALLS = 8
"""So often a call is repeated where something is wrong anyway."""


def run(program: Program, dtypes: Sequence[str]) -> None:
    """The plain trials in each dtype, then everything else in the widest, then the rest."""
    firsts: list[tuple[Examiner, Trial]] = []
    for name in dtypes:
        if program.widest is not None and program.died:
            return
        first = first_in(program, name)
        if first is not None and not first[1].draw.is_large:
            firsts.append(first)
        elif first is not None and first[0] is program.widest:
            _variants(program, *first, everything=True)
        if first is not None and first[1].draw.is_large:  # what takes so much memory is not kept
            program.trials = []
        del first
    if program.widest is None:
        return
    if program.trials:
        for trial in [trial for trial in program.trials if trial.draw.seed[2] == 0]:
            _variants(program, program.widest, trial, everything=True)
        _states(program, program.widest)
    for other, trial in firsts[1:]:
        _variants(program, other, trial, everything=False)
    if not program.trials and any(one.verdict == Verdict.DISAGREES for one in program.findings):
        program.trials = [program.widest.trial(program.asked.draw(0, 0))]


def _variants(program: Program, examiner: Examiner, trial: Trial, *, everything: bool) -> None:
    truth, wrong = trial.truth, program.wrong_in(examiner)
    chosen = variants if everything else variants_again
    for one in chosen(truth.values, examiner.wrt, truth.cotangents, trial.draw.fixed):
        one = replace(one, shared=trial.draw.is_large)
        cost = program.cost if one.has_plain_truth else 2 * program.cost
        if (one.label == FRESH and everything) or program.budget.take(cost, one.label):
            program.findings += examiner.of_variant(trial, one, frozenset() if one.label == FRESH else wrong)


def _states(program: Program, examiner: Examiner) -> None:
    first = program.trials[0]
    alike = [trial for trial in program.trials if trial.draw.group == first.draw.group]
    if len(alike) == 1:
        alike.append(examiner.trial(program.asked.another(first.draw.group, 0)))
    if program.budget.take(program.depth.replay * program.cost, "new values in the same storage"):
        told, made = of_replay(
            examiner, alike, program.depth.replay, program.wrong_in(examiner), reentrant=program.reentrant
        )
        program.findings += told
        program.replayed = made, alike
    wanted = FEW_CALLS if any(one.verdict == Verdict.DISAGREES for one in program.findings) else program.depth.repeat
    affordable = min(wanted, max(1, program.budget.left // (2 * program.cost)))
    found, program.calls = examiner.of_repetition(first, affordable, program.depth.seconds)
    program.findings += found

"""Calls that went wrong, made again: only what comes back every time says where a mistake lies."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from enum import Enum, auto

from gradproof.check.facts.verdict import Verdict
from gradproof.functions.examining import Call, Examiner, Trial
from gradproof.functions.looks.states import REPLAY, of_replay
from gradproof.functions.program import Program
from gradproof.functions.result import Finding
from gradproof.functions.running.configurations import FRESH, plain
from gradproof.functions.running.runs import Outcome, same_bits
from gradproof.functions.truth.truth import Truth

AGAIN = 3
"""So often a call is made again before its way of calling is blamed."""


class Kept(Enum):
    """What came of a finding when its call was made again, beside plain calls."""

    EVERY_TIME = auto()
    NOT_EVERY_TIME = auto()
    PLAINLY_TOO = auto()


class Confirming:
    """Asks again, once for each way of calling and dtype."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._asked: dict[tuple[str, str], list[set[str]]] = {}
        self._truths: dict[tuple[str, str, tuple[int, ...]], Truth] = {}

    def of(self, finding: Finding) -> Kept:
        """Whether what was wrong is wrong each time; plain calls beside it must be right each time."""
        call = self._program.examiner.calls.get((finding.quantity, finding.dtype, finding.configuration))
        if call is None:  # nothing that a call gave: what was found stands for itself
            return Kept.EVERY_TIME
        here = [finding.quantity in wrong for wrong in self._again(call, finding.configuration)]
        if not all(here):
            return Kept.NOT_EVERY_TIME
        if not finding.configuration:
            return Kept.EVERY_TIME
        usual = self._usual(call)
        beside = [finding.quantity in wrong for wrong in self._again(usual, "")]
        if all(beside):
            return Kept.PLAINLY_TOO
        return Kept.NOT_EVERY_TIME if any(beside) else Kept.EVERY_TIME

    def _usual(self, call: Call) -> Call:
        """The plain call of the same draw; for an edge, that of the first draw."""
        first = self._program.trials[0]
        draw = first.draw if call.configuration.kind == "edge" else call.draw
        key = call.examiner.dtype, call.examiner.arithmetic, draw.seed
        if key not in self._truths:
            known = first.draw is draw and self._program.widest == call.examiner
            self._truths[key] = first.truth if known else call.examiner.truth(draw)
        return Call(call.examiner, draw, plain(call.examiner.wrt), self._truths[key])

    def _again(self, call: Call, label: str) -> list[set[str]]:
        """The wrong quantities of each further call."""
        key = call.examiner.dtype, f"{label} {call.draw.seed}"
        if key not in self._asked:
            made = self._replayed if label == REPLAY else self._called
            self._asked[key] = [
                {one.quantity for one in made(call) if one.verdict == Verdict.DISAGREES} for _ in range(AGAIN)
            ]
        return self._asked[key]

    def _called(self, call: Call) -> list[Finding]:
        truth = call.truth()
        outcome = call.examiner.execute(truth, call.configuration)
        return call.examiner.findings(outcome, truth, call.configuration, call.draw)

    def _replayed(self, call: Call) -> list[Finding]:
        """As many calls in the same storage as it took the first time."""
        rounds, alike = self._program.replayed
        return of_replay(call.examiner, alike, rounds, frozenset(), reentrant=False)[0]


def right_at_first(program: Program, plainly: Set[str]) -> bool:
    """Whether the first call of each set of sizes was right, and everything that is wrong was so in all later ones."""
    examiner = program.widest
    if examiner is None or not plainly:
        return False
    groups: dict[int, list[set[str]]] = {}
    for trial in program.trials:
        wrong = {one.quantity for one in examiner.of_trial(trial) if one.verdict == Verdict.DISAGREES}
        groups.setdefault(trial.draw.group, []).append(wrong)
    later = [wrong for first, *rest in groups.values() for wrong in rest]
    return len(later) > 1 and not any(found[0] for found in groups.values()) and all(plainly <= w for w in later)


def unwritten(examiner: Examiner, trial: Trial) -> set[str]:
    """The gradients that change with what fresh memory holds, and with nothing else."""
    fresh = replace(plain(examiner.wrt), label=FRESH, watched=True, twice=False)
    first, again, other = (examiner.execute(trial.truth, fresh, fill=fill) for fill in (1.0, 1.0, 2.0))
    if any(one.error for one in (first, again, other)):
        return set()
    return {
        f"gradient of {name}" for name in examiner.wrt if _same(first, again, name) and not _same(first, other, name)
    }


def _same(first: Outcome, second: Outcome, name: str) -> bool:
    one, other = first.gradients.get(name), second.gradients.get(name)
    return one is other if one is None or other is None else same_bits(one, other)

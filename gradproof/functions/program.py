"""The programme of a check: what is looked at in which dtype, as far as the budget of work goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import torch

from gradproof.check.facts.verdict import Verdict
from gradproof.errors import GradproofError
from gradproof.functions.edges import edge_draws
from gradproof.functions.examining import Examiner, Trial
from gradproof.functions.precision import HALF, Found, arithmetic_found, rejudged
from gradproof.functions.result import Finding
from gradproof.functions.running.asked import Asked
from gradproof.functions.running.configurations import FRESH, plain, variants, variants_again
from gradproof.functions.running.inputs import Named
from gradproof.functions.running.numbers import is_continuous
from gradproof.functions.running.runs import Outcome
from gradproof.functions.second import double_backward
from gradproof.functions.states import of_replay
from gradproof.functions.truth.truth import Truth
from gradproof.functions.work import Budget, counted

FOR_VARIANTS = 0.75
"""So much of the budget is not spent on further draws: other ways to call show more."""

PASSES = 8
"""So often a large input is gone through in one run of a reference and its derivative, at the least."""

FEW_CALLS = 8
"""So often a call is repeated where something is wrong anyway."""


@dataclass(frozen=True)
class Depth:
    """How deep a check goes.

    Attributes:
        apart: Whether the function runs in a child process.
        repeat: How many further calls tell whether the same bits come back.
        seconds: How long that may take.
        replay: How many calls in the tensors of the call before.
        work: The budget.
    """

    apart: bool
    repeat: int
    seconds: float
    replay: int
    work: int


@dataclass
class Program:
    """One check on its way.

    Attributes:
        examiner: What is checked against what, in the widest dtype; the other dtypes take it from there.
        depth: How deep it goes.
        asked: The draws of each set of sizes.
        reentrant: Whether results must outlive further calls.
        precision: The arithmetic that is declared, if one is.
        budget: What is left of the work.
        findings: What was found so far.
        skipped: Dtype -> why the function was not checked in it.
        notes: What is to be known, in words.
        arithmetic: Dtype -> the coarser arithmetic that was found in it.
        trials: The plain trials in the widest dtype.
        calls: The repeated calls.
        replayed: How many calls were made in the tensors of the call before, and of which trials.
    """

    examiner: Examiner
    depth: Depth
    asked: Asked
    reentrant: bool
    precision: str
    budget: Budget
    findings: list[Finding] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    arithmetic: dict[str, Found] = field(default_factory=dict)
    trials: list[Trial] = field(default_factory=list)
    widest: Examiner | None = None
    calls: int = 1
    replayed: tuple[int, Sequence[Trial]] = (0, ())
    cost: int = 0

    def run(self, dtypes: Sequence[str]) -> None:
        """The plain trials in each dtype, then everything else in the widest, then the rest."""
        firsts: list[tuple[Examiner, Trial]] = []
        for name in dtypes:
            if self.widest is not None and self.died:
                return
            first = self.first_in(name)
            if first is not None and not first[1].draw.is_large:
                firsts.append(first)
            elif first is not None and first[0] is self.widest:
                self._variants(*first, everything=True)
            if first is not None and first[1].draw.is_large:  # what takes so much memory is not kept
                self.trials = []
            del first
        if self.widest is None:
            return
        if self.trials:
            for trial in [trial for trial in self.trials if trial.draw.seed[2] == 0]:
                self._variants(self.widest, trial, everything=True)
            self._states(self.widest)
        for other, trial in firsts[1:]:
            self._variants(other, trial, everything=False)
        if not self.trials and any(one.verdict == Verdict.DISAGREES for one in self.findings):
            self.trials = [self.widest.trial(self.asked.draw(0, 0))]

    @property
    def died(self) -> bool:
        """Whether the function ended its process."""
        return any(one.kind == "died" for one in self.findings)

    def first_in(self, name: str) -> tuple[Examiner, Trial] | None:
        """All plain trials in one dtype, and the first of them; None where the function does not take it."""
        declared = self.precision if name == "float64" else ""
        suspects = frozenset[str]() if self.widest is None else self.wrong_in(self.widest)
        examiner = replace(self.examiner, dtype=name, arithmetic=declared or name, suspects=suspects)
        try:
            first = examiner.trial(self.asked.draw(0, 0))
        except KeyError:  # complex numbers
            self.skipped[name] = "there are no complex numbers of that precision"
            return None
        if why := _unsupported(first):
            self.skipped[name] = why
            return None
        if not self.cost:
            entries = first.draw.entries
            is_large = first.draw.is_large  # then counting takes too long
            self.cost = PASSES * entries if is_large else counted(lambda: examiner.truth(self.asked.draw(0, 0)))
        trials = self._trials(examiner, first)
        found = [one for trial in trials for one in examiner.of_trial(trial)]
        if any(one.verdict == Verdict.DISAGREES and one.kind in ("value", "missing") for one in found):
            examiner, trials, found = self._in_own_arithmetic(examiner, trials, found)
        self.findings += found
        if trials[0].draw.is_large:
            self.calls = max(self.calls, trials[0].outcome.calls)
            trials[0] = replace(trials[0], outcome=Outcome())
        if self.widest is None:
            self.widest, self.trials = examiner, trials
        return examiner, trials[0]

    def _trials(self, examiner: Examiner, first: Trial) -> list[Trial]:
        trials = [first]
        for group in range(len(self.asked.sets)):
            for number in range(self.asked.trials):
                own = (group, number) == (0, 0)
                if not own and self.budget.take(2 * self.cost, "further draws", keep=FOR_VARIANTS):
                    trials.append(examiner.trial(self.asked.draw(group, number)))
        return trials

    def _in_own_arithmetic(
        self, examiner: Examiner, trials: list[Trial], found: list[Finding]
    ) -> tuple[Examiner, list[Trial], list[Finding]]:
        """The same judged by the arithmetic that the function is known to use, unless that is half precision."""
        known = arithmetic_found(examiner, trials)
        if known is None:
            return examiner, trials, found
        self.arithmetic[examiner.dtype] = known
        if known.arithmetic in HALF or self.precision:
            return examiner, trials, found
        examiner = replace(examiner, arithmetic=known.arithmetic)
        self.notes.append(
            f"in {examiner.dtype} it computes in {known.arithmetic} ({known.evidence}), and is judged by its rounding"
        )
        trials = rejudged(examiner, trials)
        if half := arithmetic_found(examiner, trials):
            self.arithmetic[examiner.dtype] = half
        return examiner, trials, [one for trial in trials for one in examiner.of_trial(trial)]

    def wrong_in(self, examiner: Examiner) -> frozenset[str]:
        """The quantities that are wrong however the function is called."""
        return frozenset(
            one.quantity
            for one in self.findings
            if one.verdict == Verdict.DISAGREES and not one.configuration and one.dtype == examiner.dtype
        )

    def _variants(self, examiner: Examiner, trial: Trial, *, everything: bool) -> None:
        truth, wrong = trial.truth, self.wrong_in(examiner)
        chosen = variants if everything else variants_again
        for one in chosen(truth.values, examiner.wrt, truth.cotangents, trial.draw.fixed):
            one = replace(one, shared=trial.draw.is_large)
            cost = self.cost if one.has_plain_truth else 2 * self.cost
            if (one.label == FRESH and everything) or self.budget.take(cost, one.label):
                self.findings += examiner.of_variant(trial, one, frozenset() if one.label == FRESH else wrong)

    def _states(self, examiner: Examiner) -> None:
        first = self.trials[0]
        alike = [trial for trial in self.trials if trial.draw.group == first.draw.group]
        if len(alike) == 1:
            alike.append(examiner.trial(self.asked.another(first.draw.group, 0)))
        if self.budget.take(self.depth.replay * self.cost, "new values in the same storage"):
            told, made = of_replay(
                examiner, alike, self.depth.replay, self.wrong_in(examiner), reentrant=self.reentrant
            )
            self.findings += told
            self.replayed = made, alike
        wanted = FEW_CALLS if any(one.verdict == Verdict.DISAGREES for one in self.findings) else self.depth.repeat
        affordable = min(wanted, max(1, self.budget.left // (2 * self.cost)))
        found, self.calls = examiner.of_repetition(first, affordable, self.depth.seconds)
        self.findings += found

    def edges(self, inputs: Callable[..., Named], completed: Callable[[Named], Named], sizes: tuple[int, ...]) -> None:
        """One plain call for each size at an edge of tiles."""
        if self.widest is None or not sizes:
            return
        examiner = self.widest
        for label, draw in edge_draws(inputs, completed, sizes, self.asked.draw(0, 0).seed[0]):
            try:
                truth = examiner.truth(draw)
            except GradproofError:  # the reference does not take this size
                continue
            if not self.budget.take(2 * self.cost + 50 * draw.entries, label):
                continue
            configuration = replace(plain(examiner.wrt), label=label, kind="edge", twice=False)
            try:
                outcome = examiner.execute(truth, configuration)
            except GradproofError as error:
                self.findings.append(examiner.failure("output", "shape", str(error), label, draw))
                continue
            if outcome.error and label.endswith("= 0"):
                self.notes.append(f"for {label} it raises {outcome.error}; the reference does not")
                continue
            if label.endswith("= 0") and _of_nothing(outcome, truth):
                self.notes.append(
                    f"for {label} its output is NaN or infinite, a quotient of nothing; the reference's is not"
                )
                continue
            self.findings += examiner.findings(outcome, truth, configuration, draw, self.wrong_in(examiner))

    def seconds(self) -> None:
        """Second derivatives, in float64."""
        if self.widest is None:
            return
        for trial in [trial for trial in self.trials if trial.draw.seed[2] == 0]:
            wide = replace(self.widest, dtype="float64", arithmetic="float64")
            truth = trial.truth if self.widest.dtype == "float64" else wide.truth(trial.draw)
            self.findings += double_backward(wide, trial.draw, truth)


def _of_nothing(outcome: Outcome, truth: Truth) -> bool:
    """Whether an output is not finite where the reference's is: of no rows at all, what a mean is, is a convention."""
    return any(
        is_continuous(wanted.value) and bool((torch.isfinite(wanted.value) & ~torch.isfinite(output)).any())
        for output, wanted in zip(outcome.outputs, truth.outputs, strict=True)
        if output.shape == wanted.value.shape
    )


def _unsupported(trial: Trial) -> str:
    """Why the function has no result in this dtype at all."""
    outcome = trial.outcome
    if outcome.stage and outcome.error.startswith("InterpreterError"):
        return f"Triton's interpreter raises {outcome.error}: this may be a limit of the interpreter, not of the kernel"
    if outcome.stage == "forward" or (outcome.stage and "not implemented for" in outcome.error):
        return f"its {outcome.stage} raises {outcome.error}"
    return ""

"""What a check has found, as facts: one frozen record for each equation, and the verdict over all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from gradproof import defaults
from gradproof.check.facts.failures import Failure
from gradproof.check.facts.measured import ScaleSweep, Trajectory, WorstEntry
from gradproof.check.facts.rendering import rendered
from gradproof.check.facts.verdict import Verdict
from gradproof.errors import Disagreement

if TYPE_CHECKING:
    import pandas as pd

    from gradproof.check.case import Case

OVERFLOWS = "it gives inf or NaN"
"""How the diagnosis of an equation begins that is right but for what overflows."""


@dataclass(frozen=True)
class EquationResult:
    """What a check has found about one equation.

    For an equation that is wrong by itself the numbers are those of the run on true inputs; for every other they
    are those of the free run, from the leaves.

    Attributes:
        equation: Its name.
        form: The label of its form.
        kind: `forward`, `derivative` or `update`.
        shape: The quantity's shape, or shapes where the references differ.
        place: File and line.
        written: The equation on one line.
        verdict: The word for it.
        trials: Trials in which it was compared.
        disagreeing_trials: Those in which the difference exceeds the bound.
        undefined_trials: Trials left out because the truth is not finite.
        finite_there: Trials of those in which the equation gives a finite value.
        max_abs_error, max_rel_error, max_ulp_error: The largest differences.
        bound_share: The largest difference as a share of its bound.
        bound_kind: `rigorous`, `sampled`, `fixed`, or empty where all agreed to a few units in the last place.
        edge_trials: Trials in which the two sides took different branches at a near tie; they decide nothing.
        resolution: The smallest relative fault that would have shown in every entry that is not always zero.
        resolution_at_zero: The smallest absolute fault that would have shown in the entries that are always zero.
        zero_entries: How many entries are zero in all trials, exactly or up to rounding.
        untold: The share of entries and trials whose bound was too coarse to tell.
        rarest_branch: In which share of the trials the rarest branch was taken; NaN where nothing branches.
        worst_trial: The trial with the largest difference, -1 where there is none.
        diagnosis: What is wrong, or why there is no clearer verdict.
        fix: The mended equation: what it should return, or the whole line that is mended where `fix_before` has one.
        fix_before: The line as it is, where one line of several is mended or one of a helper.
        fix_place: File and line of that.
        fix_of: The helper whose text holds the slip, where it is not the equation's own.
        fix_trials, fresh_trials: In how many picked trials, and in how many fresh ones, the fix agrees: in all.
        fix_one_size: Whether the fix was seen to agree at the case's own sizes only.
        fix_proof: What a proof says of the fix: `PROVED`, `REFUTED` or `UNDECIDED`.
        alternatives: Other formulas that agree as well, the simplest first.
        proof: `PROVED`, `REFUTED` or `UNDECIDED`.
        inherits_from: The wrong equations upstream of it.
        known_erratum: Whether the case declares it wrong.
        accepted: Why it stays as it is, where the case says so.
    """

    equation: str
    form: str
    kind: str
    shape: str
    place: str
    written: str
    verdict: Verdict
    trials: int = 0
    disagreeing_trials: int = 0
    undefined_trials: int = 0
    finite_there: int = 0
    max_abs_error: float = 0.0
    max_rel_error: float = 0.0
    max_ulp_error: float = 0.0
    bound_share: float = 0.0
    bound_kind: str = ""
    edge_trials: int = 0
    resolution: float = float("nan")
    resolution_at_zero: float = float("nan")
    zero_entries: int = 0
    untold: float = float("nan")
    rarest_branch: float = float("nan")
    worst_trial: int = -1
    diagnosis: str = ""
    fix: str = ""
    fix_before: str = ""
    fix_place: str = ""
    fix_of: str = ""
    fix_trials: int = 0
    fresh_trials: int = 0
    fix_one_size: bool = False
    fix_proof: str = ""
    alternatives: tuple[str, ...] = ()
    proof: str = ""
    inherits_from: tuple[str, ...] = ()
    known_erratum: bool = False
    accepted: str = ""

    @property
    def refuted_only(self) -> bool:
        """Whether no trial shows that it is wrong, only the counterexample of a proof."""
        return self.verdict == Verdict.DISAGREES and self.trials > 0 and not self.disagreeing_trials

    @property
    def mended(self) -> str:
        """The fix as a line that can be read alone; empty where there is none."""
        return self.fix if self.fix_before or not self.fix else f"{self.equation} = {self.fix}"


@dataclass(frozen=True, repr=False)
class CheckResult:
    """The outcome of a check.

    Attributes:
        case: The case's name.
        title: The first line of the derivation's docstring.
        results: One record for each equation, in the document's order.
        trials: Trials that were run.
        seed: The seed they were drawn with.
        dtype: `float64` or `float32`.
        scale: The factor on real draws.
        checked: The case itself, for those who look closer; None for a result that was made otherwise.
        find_worst: Gives the worst trial of each equation with its numbers.
        trajectory: How training runs of both sides part, where steps were asked for.
        scales: The errors of both sides at many scales of the draws, where they were asked for.
        interrupted: Whether the run was stopped before its end.
        choice: How the number of trials came about, where it was not asked for and is not what a small case gets.
        known_errata: The equations that the case declares wrong.
        failures: What gradproof itself could not do; the verdicts stand without it.
        strict: Whether an unchecked equation fails the check.
        tolerance: Differences up to so much of a quantity's largest entry were counted as none; 0 as a rule.
        of_function: Whether the case is a function, whose outputs and gradients take the place of equations.

    Example:
        >>> import torch
        >>> from gradproof import Reference, crosscheck, normal
        >>> class Square(torch.nn.Module):
        ...     def forward(self, x):
        ...         return x**2
        >>> def dLoss_dx(x, dLoss_dy):
        ...     return x * dLoss_dy
        >>> result = crosscheck(dLoss_dx, Reference(Square, inputs={"x": normal(3)}, output="y"), trials=100)
        >>> result
        <CheckResult of derivation: FAILED, 1 of 1 equations wrong: dLoss_dx; 100 trials>
        >>> result.equations.loc[0, ["equation", "verdict", "diagnosis", "fix"]].tolist()
        ['dLoss_dx', 'disagrees', 'the factor 2 is missing', 'x * 2 * dLoss_dy']
    """

    case: str
    title: str
    results: tuple[EquationResult, ...]
    trials: int
    seed: int
    dtype: str
    scale: float = 1.0
    checked: Case | None = field(default=None, repr=False, compare=False)
    find_worst: Callable[[], tuple[WorstEntry, ...]] = field(default=tuple, repr=False, compare=False)
    trajectory: Trajectory | None = None
    scales: ScaleSweep | None = None
    interrupted: bool = False
    choice: str = ""
    known_errata: frozenset[str] = field(default=frozenset())
    failures: tuple[Failure, ...] = ()
    strict: bool = False
    tolerance: float = 0.0
    of_function: bool = False

    def __repr__(self) -> str:
        return f"<CheckResult of {self.case}: {'ok' if self.ok else 'FAILED'}, {self.sentence}; {self.trials:,} trials>"

    def __str__(self) -> str:
        return str(rendered("text", self))

    @cached_property
    def worst(self) -> tuple[WorstEntry, ...]:
        """The worst trial of each equation that was compared, run again for all its numbers when first asked for."""
        said = {one.equation: one.verdict for one in self.results}
        return tuple(
            replace(entry, verdict=said[entry.equation]) for entry in self.find_worst() if entry.equation in said
        )

    @property
    def wrong(self) -> tuple[EquationResult, ...]:
        """The equations that are wrong by themselves."""
        return tuple(result for result in self.results if result.verdict == Verdict.DISAGREES)

    @property
    def unexpected(self) -> tuple[EquationResult, ...]:
        """Wrong equations that the case does not declare."""
        return tuple(result for result in self.wrong if result.equation not in self.known_errata)

    @property
    def not_shown(self) -> tuple[str, ...]:
        """Declared errata that do not disagree: mended by now, or never seen."""
        wrong = {result.equation for result in self.wrong}
        return tuple(r.equation for r in self.results if r.equation in self.known_errata and r.equation not in wrong)

    @property
    def uncompared(self) -> tuple[EquationResult, ...]:
        """Equations whose quantity the reference has and whose comparison could not tell."""
        return tuple(result for result in self.results if result.verdict in (Verdict.INCONCLUSIVE, Verdict.UNDEFINED))

    @property
    def ok(self) -> bool:
        """Whether exactly the declared errata disagree, and all that the reference knows was compared."""
        compared = any(result.verdict in (Verdict.AGREES, Verdict.DISAGREES) for result in self.results)
        refused = self.unexpected or self.not_shown or self.uncompared or self.failures
        return compared and not refused and not (self.strict and self.count(Verdict.UNCHECKED))

    def count(self, verdict: str) -> int:
        """How many equations have a verdict."""
        return sum(result.verdict == verdict for result in self.results)

    @cached_property
    def equations(self) -> pd.DataFrame:
        """One row for each equation; see `docs/reports.md` for the columns."""
        frame: pd.DataFrame = rendered("equations", self)
        return frame

    @cached_property
    def worst_trials(self) -> pd.DataFrame:
        """The worst trial of each equation: manual value, truth, difference, bound, inputs."""
        frame: pd.DataFrame = rendered("worst_trials", self)
        return frame

    def to_json(self) -> str:
        """The whole outcome as JSON with a version of its own; `docs/reports.md` has the fields."""
        return str(rendered("json", self))

    @property
    def sentence(self) -> str:
        """The verdict over all in one sentence."""
        count, noun = len(self.results), "results" if self.of_function else "equations"
        wrong = [result.equation for result in self.wrong]
        parts = []
        if self.unexpected or (wrong and not self.known_errata):
            parts.append(
                f"{len(self.unexpected)} of {count} {noun} wrong: {', '.join(r.equation for r in self.unexpected)}"
            )
        if wrong and self.known_errata:
            accepted = {result.equation: result.accepted for result in self.wrong if result.accepted}
            declared = [name for name in wrong if name in self.known_errata and name not in accepted]
            what = "known erratum disagrees" if len(declared) == 1 else "known errata disagree"
            if declared:
                parts.append(f"{len(declared)} {what}, as declared: {', '.join(declared)}")
            if accepted:
                reasons = ", ".join(f"{name} ({reason})" for name, reason in accepted.items())
                parts.append(f"{len(accepted)} accepted: {reasons}")
        if self.not_shown:
            parts.append(f"declared as errata but not wrong: {', '.join(self.not_shown)}")
        if not wrong and not self.not_shown:
            parts.append(f"{self.count('agrees')} of {count} {noun} agree")
            if all(one.kind == "forward" for one in self.results) and self.count(Verdict.AGREES):
                parts.append("no gradient among these")
        if self.strict and self.count(Verdict.UNCHECKED):
            unchecked = [one.equation for one in self.results if one.verdict == Verdict.UNCHECKED]
            parts.append(f"--strict allows no unchecked equation: {', '.join(unchecked)}")
        rest = [f"{self.count(verdict)} {verdict}" for verdict in list(Verdict)[2:] if self.count(verdict)]
        return "; ".join([*parts, *rest])

    def command(self, verb: str = "check", *words: str) -> str:
        """The `gradproof` command that does something with this case and the same draws."""
        options = [f"--seed {self.seed}"]
        options += [f"--dtype {self.dtype}"] if self.dtype != defaults.DTYPE and not self.of_function else []
        options += [f"--scale {self.scale!r}"] if self.scale != defaults.SCALE else []
        return " ".join(["gradproof", verb, self.case, *words, *options])

    def replay_command(self, result: EquationResult) -> str:
        """The command that shows an equation's worst trial with all its numbers, or the input that refutes it."""
        if self.of_function:
            return self.command()
        if result.refuted_only:
            return f"gradproof prove {self.case}"
        return self.command("replay", result.equation, f"--trial {max(result.worst_trial, 0)}")

    def raise_on_disagreement(self) -> CheckResult:
        """Return the result itself if it is as expected.

        Raises:
            Disagreement: It is not; the message lists every wrong equation.
        """
        if self.ok:
            return self
        lines = [f"{self.case}: {self.sentence}"]
        lines += [
            f"  {result.place}  {result.equation} = {result.written}\n"
            + (
                f"    {result.diagnosis}"
                if result.refuted_only
                else f"    disagrees in {result.disagreeing_trials} of {result.trials} trials; replay the worst: "
                f"{self.replay_command(result)}"
            )
            for result in self.unexpected
        ]
        lines += [f"  {one.sentence}" for one in self.failures]
        raise Disagreement("\n".join(lines), self)

    def _repr_html_(self) -> str:
        """How a notebook shows the outcome."""
        return str(rendered("html", self))

    def with_results(self, results: tuple[EquationResult, ...]) -> CheckResult:
        """The same outcome with other records: diagnoses, fixes, proofs filled in."""
        return replace(self, results=results)

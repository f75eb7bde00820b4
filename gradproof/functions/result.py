"""What a check of a function has found, as facts."""

from __future__ import annotations

import html
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING

from gradproof.check.facts.rendering import rendered
from gradproof.check.facts.verdict import Verdict
from gradproof.errors import Disagreement
from gradproof.repair.program.search import FileFix

if TYPE_CHECKING:
    import pandas as pd

REMARKS = ("form", "refused", "tie", "digits")
"""Kinds of findings that decide nothing."""

ZERO = "the true value is zero up to rounding in every entry"
"""What is said of a result whose comparison can tell nothing; a gradient that is always zero is no fault."""


@dataclass(frozen=True)
class Finding:
    """One comparison: a quantity in one dtype and one configuration, over all its trials.

    Attributes:
        quantity: `gradient of x`, `output`, `second derivative by x`, or what else was looked at.
        dtype: `float64`, `float32`, `bfloat16` or `float16`.
        configuration: How the function was called; empty for the plain way.
        verdict: `agrees`, `disagrees` or `inconclusive`.
        kind: `value`, `missing`, `shape`, `dtype`, `raises`, `changed`, `nondeterministic`, `died`,
            `not differentiable`, `extreme`, `transform`; of what decides nothing: `form`, `refused` (it says itself
            that it takes no such layout), `tie` (it is so wherever rows are equal, however they lie).
        sentence: The fact in words, where numbers do not say it.
        shapes: The inputs' shapes in the worst trial.
        entry: The worst entry, such as `[0, 2]`.
        computed, truth: Both numbers there.
        allowed: How far they may be apart by rounding.
        share: The largest difference as a share of what is allowed; infinite where there is no number.
        wrong: In how many entries the difference is larger.
        entries: How many entries were compared.
        bound: How the allowance was found: `roundings` of the result itself, `sampled`, `rigorous`, `float32 inside`
            (half precision that is rounded at the end alone) or `exact`; empty where there is none.
        arithmetic: The dtype whose rounding it is held against.
        uncompared: How many entries could not be compared: the reference is not finite there, or overflows.
        resolution: The smallest relative error that would have been seen in the worst entry.
        where: What the places of the wrong entries say.
        diagnosis: What is wrong.
    """

    quantity: str
    dtype: str
    configuration: str
    verdict: Verdict
    kind: str = "value"
    sentence: str = ""
    shapes: str = ""
    entry: str = ""
    computed: float = 0.0
    truth: float = 0.0
    allowed: float = 0.0
    share: float = 0.0
    wrong: int = 0
    entries: int = 0
    bound: str = ""
    arithmetic: str = ""
    uncompared: int = 0
    resolution: float = 0.0
    where: str = ""
    diagnosis: str = ""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Findings of several trials with one key are one finding."""
        return self.quantity, self.dtype, self.configuration, self.kind


def merged(first: Finding, second: Finding) -> Finding:
    """Two findings with one key: the worse one, with the entries of both."""
    worse = max(first, second, key=_badness)
    return replace(
        worse,
        wrong=first.wrong + second.wrong,
        entries=first.entries + second.entries,
        uncompared=first.uncompared + second.uncompared,
        resolution=min(first.resolution, second.resolution),
    )


def _badness(one: Finding) -> tuple[bool, bool, bool, float]:
    """A zero in every entry of one trial tells less than an agreement; an entry that was not compared tells more."""
    return (
        one.verdict == Verdict.DISAGREES,
        one.verdict != Verdict.AGREES and one.uncompared > 0,
        one.verdict == Verdict.AGREES,
        one.share,
    )


def _finite(number: float) -> float | str:
    """JSON has no infinite numbers and no NaN."""
    return number if math.isfinite(number) else str(number)


def _frame(findings: Iterable[Finding]) -> pd.DataFrame:
    import pandas as pd  # loaded when a frame is asked for

    names = [field.name for field in fields(Finding)]
    return pd.DataFrame([[getattr(one, name) for name in names] for one in findings], columns=names)


@dataclass(frozen=True)
class FunctionResult:
    """The outcome of a check.

    Attributes:
        name: The function's name.
        findings: Every comparison, those that agree too.
        skipped: Dtype -> why the function was not checked in it.
        trials: How many trials of each set of sizes.
        seed: Where the random numbers started.
        groups: How many sets of sizes.
        notes: What is to be known of the check and decides nothing, in words.
        power: The share of calls in which a fault at random would have been seen with 99 %.
        gradients: Whether there are gradients; two NumPy functions have none, and their outputs decide.
        fix: The edit of the function's own file with which its results are right; None where none was found.
        extremes: Comparisons at extreme values that the function is not said to take, which decide nothing.
    """

    name: str
    findings: tuple[Finding, ...]
    skipped: Mapping[str, str]
    trials: int
    seed: int
    groups: int
    notes: tuple[str, ...] = ()
    power: float = 1.0
    gradients: bool = True
    fix: FileFix | None = None
    extremes: tuple[Finding, ...] = ()

    @property
    def wrong(self) -> tuple[Finding, ...]:
        """The findings that disagree."""
        return tuple(one for one in self.findings if one.verdict == Verdict.DISAGREES)

    @property
    def ok(self) -> bool:
        """Whether nothing disagrees, and every gradient was compared, one at least whose truth is not zero."""
        decisive = "gradient" if self.gradients else "output"
        tested = any(one.verdict == Verdict.AGREES and one.quantity.startswith(decisive) for one in self.findings)
        return tested and not self.wrong and not self.untested

    @property
    def untested(self) -> tuple[Finding, ...]:
        """Gradients that could not be compared in any dtype: the reference's are not finite, or ill-conditioned."""
        plain = [one for one in self.findings if not one.configuration and one.quantity.startswith("gradient")]
        compared = {one.quantity for one in plain if one.verdict == Verdict.AGREES}
        return tuple(
            one
            for one in plain
            if one.verdict == Verdict.INCONCLUSIVE and one.quantity not in compared and one.sentence not in ("", ZERO)
        )

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row for each finding, its attributes as columns."""
        return _frame(self.findings)

    @cached_property
    def table_of_extremes(self) -> pd.DataFrame:
        """The same of what extreme values show."""
        return _frame(self.extremes)

    def to_json(self) -> str:
        """The verdict for programs, of a form that its `version` names."""
        kept = ("quantity", "dtype", "configuration", "kind", "sentence", "shapes", "entry", "diagnosis", "where")
        numbers = ("computed", "truth", "allowed", "wrong", "entries")
        mistakes = [
            {name: getattr(one, name) for name in kept} | {name: _finite(getattr(one, name)) for name in numbers}
            for one in self.wrong
        ]
        verdict = {"version": 1, "name": self.name, "ok": self.ok, "seed": self.seed, "power": self.power}
        untested = sorted({one.quantity for one in self.untested})
        told: dict[str, object] = {"untested": untested, "skipped": dict(self.skipped), "notes": list(self.notes)}
        if self.fix is not None:
            parts = ("line", "before", "after", "sentence", "mends")
            told["fix"] = {"file": str(self.fix.path), **{name: getattr(self.fix, name) for name in parts}}
        return json.dumps({**verdict, "mistakes": mistakes, **told}, indent=1)

    def _repr_html_(self) -> str:
        """The text of the report, as a notebook shows it."""
        return f"<pre>{html.escape(str(self))}</pre>"

    def raise_on_disagreement(self) -> FunctionResult:
        """Return the result itself if all is right.

        Raises:
            Disagreement: It is not; the message is `str()` of the result.
        """
        __tracebackhide__ = True
        if not self.ok:
            raise Disagreement(str(self), self)
        return self

    def __str__(self) -> str:
        return str(rendered("function text", self))

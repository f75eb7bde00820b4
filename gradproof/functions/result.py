"""What a check of a function has found, as facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING

from gradproof.check.rendering import rendered
from gradproof.errors import Disagreement

if TYPE_CHECKING:
    import pandas as pd

VERDICTS = ("agrees", "disagrees", "inconclusive")


@dataclass(frozen=True)
class Finding:
    """One comparison: a quantity in one dtype and one configuration, over all its trials.

    Attributes:
        quantity: `gradient of x`, `output`, `second derivative by x`, or what else was looked at.
        dtype: `float64`, `float32`, `bfloat16` or `float16`.
        configuration: How the function was called; empty for the plain way.
        verdict: One of `VERDICTS`.
        kind: `value`, `missing`, `shape`, `dtype`, `raises`, `changed`, `nondeterministic`, `not differentiable`.
        sentence: The fact in words, where numbers do not say it.
        shapes: The inputs' shapes in the worst trial.
        entry: The worst entry, such as `[0, 2]`.
        computed, truth: Both numbers there.
        allowed: How far they may be apart by rounding.
        share: The largest difference as a share of what is allowed; infinite where there is no number.
        wrong: In how many entries the difference is larger.
        entries: How many entries were compared.
        bound: How the allowance was found: `rigorous`, `sampled` or `exact`, empty where there is none.
        diagnosis: What is wrong.
    """

    quantity: str
    dtype: str
    configuration: str
    verdict: str
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
    diagnosis: str = ""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Findings of several trials with one key are one finding."""
        return self.quantity, self.dtype, self.configuration, self.kind


def merged(first: Finding, second: Finding) -> Finding:
    """Two findings with one key: the worse one, with the entries of both."""
    worse = max(first, second, key=lambda one: (one.verdict == "disagrees", one.verdict == "agrees", one.share))
    return replace(worse, wrong=first.wrong + second.wrong, entries=first.entries + second.entries)


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
    """

    name: str
    findings: tuple[Finding, ...]
    skipped: Mapping[str, str]
    trials: int
    seed: int
    groups: int

    @property
    def wrong(self) -> tuple[Finding, ...]:
        """The findings that disagree."""
        return tuple(one for one in self.findings if one.verdict == "disagrees")

    @property
    def ok(self) -> bool:
        """Whether nothing disagrees, and some gradient was compared whose truth is not zero."""
        tested = any(one.verdict == "agrees" and one.quantity.startswith("gradient") for one in self.findings)
        return tested and not self.wrong

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row for each finding, its attributes as columns."""
        import pandas as pd  # loaded when a frame is asked for

        names = [field.name for field in fields(Finding)]
        return pd.DataFrame([[getattr(one, name) for name in names] for one in self.findings], columns=names)

    def raise_on_disagreement(self) -> FunctionResult:
        """Return the result itself if all is right.

        Raises:
            Disagreement: It is not; the message is `str()` of the result.
        """
        __tracebackhide__ = True
        if not self.ok:
            raise Disagreement(str(self))
        return self

    def __str__(self) -> str:
        return str(rendered("function text", self))

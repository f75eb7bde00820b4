"""A check on its way: what is asked, what was found so far, what is left of the budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gradproof.check.facts.verdict import Verdict
from gradproof.functions.examining import Examiner, Trial
from gradproof.functions.precision import Found
from gradproof.functions.result import Finding
from gradproof.functions.running.asked import Asked
from gradproof.functions.running.numbers import HALF
from gradproof.functions.work import Budget


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


@dataclass(frozen=True)
class Declared:
    """What a function is declared to compute in.

    Attributes:
        precision: Where it is given float64; empty where nothing is said.
        accumulate: Where it is given half precision, likewise.
    """

    precision: str = ""
    accumulate: str = ""

    def of(self, dtype: str) -> str:
        """The declared arithmetic in a dtype; empty where nothing is said."""
        if dtype == "float64":
            return self.precision
        return self.accumulate if dtype in HALF else ""


@dataclass
class Program:
    """One check on its way.

    Attributes:
        examiner: What is checked against what, in the widest dtype; the other dtypes take it from there.
        depth: How deep it goes.
        asked: The draws of each set of sizes.
        reentrant: Whether results must outlive further calls.
        declared: The arithmetic that is declared, if one is.
        budget: What is left of the work.
        findings: What was found so far.
        extremes: What extreme values show, which decides nothing.
        skipped: Dtype -> why the function was not checked in it.
        notes: What is to be known, in words.
        arithmetic: Dtype -> the coarser arithmetic that was found in it.
        trials: The plain trials in the widest dtype.
        widest: The examiner of the widest dtype that the function takes.
        examiners: Dtype -> who examined it, in the arithmetic that was found.
        calls: The repeated calls.
        replayed: How many calls were made in the tensors of the call before, and of which trials.
    """

    examiner: Examiner
    depth: Depth
    asked: Asked
    reentrant: bool
    declared: Declared
    budget: Budget
    findings: list[Finding] = field(default_factory=list)
    extremes: list[Finding] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    arithmetic: dict[str, Found] = field(default_factory=dict)
    trials: list[Trial] = field(default_factory=list)
    widest: Examiner | None = None
    examiners: dict[str, Examiner] = field(default_factory=dict)
    calls: int = 1
    replayed: tuple[int, Sequence[Trial]] = (0, ())
    cost: int = 0

    @property
    def died(self) -> bool:
        """Whether the function ended its process."""
        return any(one.kind == "died" for one in self.findings)

    def wrong_in(self, examiner: Examiner) -> frozenset[str]:
        """The quantities that are wrong however the function is called."""
        return frozenset(
            one.quantity
            for one in self.findings
            if one.verdict == Verdict.DISAGREES and not one.configuration and one.dtype == examiner.dtype
        )

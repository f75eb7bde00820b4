"""The cases of a reports folder, each as far as an index shows it, read back from what the checks have written."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gradproof.check.facts.verdict import Verdict
from gradproof.report import wording

NO_REPORT = "its verdicts.csv is no report of this version; check the case again"


@dataclass(frozen=True)
class CaseSummary:
    """One case in the index of a reports folder.

    Attributes:
        case: Its name, which is its folder's.
        problem: Why its report cannot be read; empty where it can.
        counts: How many equations have each verdict.
        wrong: The equations that disagree.
        declared: Those that the case declares wrong.
        trials, seed, dtype: How it was run.
    """

    case: str
    problem: str = ""
    counts: tuple[tuple[Verdict, int], ...] = ()
    wrong: tuple[str, ...] = ()
    declared: tuple[str, ...] = ()
    trials: int = 0
    seed: int = 0
    dtype: str = ""

    @property
    def state(self) -> str:
        """What is not as the case declares; empty where all is."""
        if self.problem:
            return self.problem
        unexpected = [name for name in self.wrong if name not in self.declared]
        not_shown = [name for name in self.declared if name not in self.wrong]
        parts = [f"wrong: {wording.names(unexpected)}"] if unexpected else []
        parts += [f"declared as errata, but not wrong: {wording.names(not_shown)}"] if not_shown else []
        compared = any(number for verdict, number in self.counts if verdict in (Verdict.AGREES, Verdict.DISAGREES))
        return "; ".join(parts) if parts or compared else "nothing could be compared"

    @property
    def ok(self) -> bool:
        """Whether exactly the declared errata disagree, and something was compared."""
        return not self.state


def summaries(folder: Path) -> list[CaseSummary]:
    """Every case that has a report in the folder, by name, whichever run wrote it."""
    return [_summary(path) for path in sorted(folder.glob("*/verdicts.csv"))]


def headline(cases: Sequence[CaseSummary]) -> str:
    """The verdict over all cases in a sentence."""
    bad = sum(not one.ok for one in cases)
    if not cases:
        return "No case has a report here."
    if not bad:
        return "The one case is as expected." if len(cases) == 1 else f"All {len(cases)} cases are as expected."
    return f"{bad} of {wording.count(len(cases), 'case')} {'is' if bad == 1 else 'are'} not as expected."


def totals(cases: Sequence[CaseSummary]) -> tuple[tuple[Verdict, int], ...]:
    """How many equations of all cases have each verdict."""
    return tuple((verdict, sum(dict(one.counts).get(verdict, 0) for one in cases)) for verdict in Verdict)


def _summary(path: Path) -> CaseSummary:
    case = path.parent.name
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        return CaseSummary(
            case=case,
            counts=tuple((verdict, sum(row["verdict"] == verdict for row in rows)) for verdict in Verdict),
            wrong=tuple(row["equation"] for row in rows if row["verdict"] == Verdict.DISAGREES),
            declared=tuple(row["equation"] for row in rows if row["known_erratum"] == "True"),
            trials=max(int(row["trials"]) for row in rows),
            seed=int(rows[0]["seed"]),
            dtype=rows[0]["dtype"],
        )
    except (csv.Error, IndexError, KeyError, TypeError, ValueError):  # no table, or not one of ours
        return CaseSummary(case, problem=NO_REPORT)

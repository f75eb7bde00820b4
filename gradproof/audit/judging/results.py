"""What an audit found: a verdict for every printed `=`, as plain data without any wording of reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from gradproof.audit.reading.read import Statement
from gradproof.audit.values.readings import Reading

Status: TypeAlias = Literal["holds", "WRONG", "not judged", "not read"]
Kind: TypeAlias = Literal["value", "derivative", "update", ""]


@dataclass(frozen=True, slots=True)
class Witness:
    """The trial in which two sides differ most: both numbers, and those of the symbols in them."""

    trial: int
    entry: tuple[int, ...]
    left: float
    right: float
    differing: int
    trials: int
    symbols: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Mend:
    """One edit after which the statement holds.

    `printed` and `should`: what to replace by what (one of them may be empty). `position`: where it stands.
    `latex`: the whole statement, mended. `alternatives`: other edits as simple, after which it holds as well.
    """

    printed: str
    should: str
    position: int
    latex: str
    alternatives: tuple[str, ...] = ()

    @property
    def wording(self) -> str:
        """The edit in words."""
        if not self.printed:
            return f"{self.should} is missing"
        if not self.should:
            return f"{self.printed} is too much"
        return f"printed {self.printed}, should be {self.should}"


@dataclass(frozen=True, slots=True)
class Compared:
    """One comparison behind a verdict: the two sides, the values of the index letters, and the reading."""

    left: int
    right: int
    indices: tuple[tuple[str, int], ...]
    reading: Reading


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on one `=`, or on a whole statement that could not be read.

    `statement` counts statements, `equality` the signs within one, both from 0. `position` is where the fault is
    (else the sign itself), with its line and column from 1. `side` is the side at fault, counted from 0, or -1.
    `case`: the index values of the case shown, `cases`: how many were judged. `compared`: what decided it, one
    comparison for each case that a proof has to repeat. `proof`: what a proof of it came to, empty if none was tried.
    """

    status: Status
    kind: Kind
    statement: int
    equality: int
    position: int
    line: int
    column: int
    equation: str
    reason: str = ""
    side: int = -1
    notes: tuple[str, ...] = ()
    case: str = ""
    cases: int = 1
    trials: int = 0
    witness: Witness | None = None
    mend: Mend | None = None
    compared: tuple[Compared, ...] = ()
    proof: str = ""


@dataclass(frozen=True, slots=True)
class Audit:
    """A document with its statements and the verdicts on them, in printed order.

    `defining`: the equalities that say what a name is, by statement, where the note is its own reference.
    """

    text: str
    statements: tuple[Statement, ...]
    verdicts: tuple[Verdict, ...]
    defining: frozenset[tuple[int, int]] = frozenset()

    def count(self, status: Status) -> int:
        """How many verdicts have a status."""
        return sum(verdict.status == status for verdict in self.verdicts)

    @property
    def wrong(self) -> tuple[Verdict, ...]:
        """The first verdict on every side that is at fault."""
        first: dict[tuple[int, int], Verdict] = {}
        for verdict in self.verdicts:
            if verdict.status == "WRONG":
                first.setdefault((verdict.statement, verdict.side), verdict)
        return tuple(first.values())


@dataclass(frozen=True, slots=True)
class Row:
    """One verdict as a flat row for tables."""

    line: int
    column: int
    statement: int
    equality: int
    kind: str
    verdict: str
    equation: str
    reason: str
    mended: str
    case: str
    notes: str
    proof: str


def rows(audit: Audit) -> tuple[Row, ...]:
    """One row for every verdict, in printed order; statements and equalities count from 1."""
    return tuple(
        Row(
            v.line,
            v.column,
            v.statement + 1,
            v.equality + 1,
            v.kind,
            v.status,
            v.equation,
            v.mend.wording if v.mend else v.reason,
            v.mend.latex if v.mend else "",
            v.case,
            "; ".join(v.notes),
            v.proof,
        )
        for v in audit.verdicts
    )

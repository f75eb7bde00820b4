"""What a page shows, as plain records: every text is made before, so that a template only places it."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from gradproof.check.facts.verdict import Verdict
from gradproof.report.html.showing import Shown

MARKS = {
    Verdict.AGREES: "●",
    Verdict.DISAGREES: "✖",
    Verdict.INHERITS: "▲",
    Verdict.INCONCLUSIVE: "◆",
    Verdict.UNDEFINED: "■",
    Verdict.UNCHECKED: "○",
}
"""The shapes of the verdicts, as in the pictures."""


@dataclass(frozen=True)
class Count:
    """How many equations have a verdict, and the word that goes with the number."""

    verdict: str
    mark: str
    number: int
    word: str


@dataclass(frozen=True)
class Fact:
    """A line of a list of facts; a text that is code is set as such."""

    label: str
    text: str
    is_code: bool = False


@dataclass(frozen=True)
class Erratum:
    """A wrong equation: as written, mended, diagnosed, with its numbers."""

    name: str
    anchor: str
    place: str
    known: str
    shown: Shown
    code: str
    diagnosis: str
    fix: str
    extent: str
    facts: tuple[Fact, ...]
    inputs: tuple[tuple[str, str], ...]
    replay: str
    script: str = ""


@dataclass(frozen=True)
class Cell:
    """A number of the table: as shown, and as it is sorted."""

    text: str
    value: float


@dataclass(frozen=True)
class Row:
    """An equation in the table of all."""

    number: int
    name: str
    anchor: str
    place: str
    kind: str
    verdict: str
    mark: str
    note: str
    shown: Markup
    cells: tuple[Cell, ...]
    proof: str


@dataclass(frozen=True)
class Plate:
    """A picture in the page."""

    name: str
    title: str
    caption: str
    alternative: str
    panels: tuple[Markup, ...]


@dataclass(frozen=True)
class Brief:
    """The verdict on a case, and its errata."""

    case: str
    title: str
    headline: str
    status: str
    ok: bool
    counts: tuple[Count, ...]
    facts: tuple[Fact, ...]
    command: str
    errata: tuple[Erratum, ...]


@dataclass(frozen=True)
class Page(Brief):
    """All that the page of a case shows."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    proved: bool
    plates: tuple[Plate, ...]

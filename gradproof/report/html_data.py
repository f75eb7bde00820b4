"""What a page shows, as plain records: every text is made here, so that the template only places it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from gradproof.report import wording
from gradproof.report.collect import Details
from gradproof.report.figures_style import Picture, svg
from gradproof.report.showing import NOTHING, Shown, Typesetter
from gradproof.result import VERDICTS, CheckResult, EquationResult

MARKS = {
    "agrees": "●",
    "disagrees": "✖",
    "inherits": "▲",
    "inconclusive": "◆",
    "undefined": "■",
    "unchecked": "○",
}
"""The shapes of the verdicts, as in the pictures."""

COLUMNS = ("disagreeing", "largest error", "in ulp", "of bound")

_TIMES = "\N{MULTIPLICATION SIGN}"

_COUNTED = {
    "agrees": ("agrees", "agree"),
    "disagrees": ("disagrees", "disagree"),
    "inherits": ("inherits", "inherit"),
    "inconclusive": ("inconclusive",) * 2,
    "undefined": ("undefined",) * 2,
    "unchecked": ("unchecked",) * 2,
}


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
    known: bool
    shown: Shown
    code: str
    diagnosis: str
    fix: str
    extent: str
    facts: tuple[Fact, ...]
    inputs: tuple[tuple[str, str], ...]
    replay: str


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


def page(result: CheckResult, details: Details, pictures: Sequence[Picture]) -> Page:
    """The page of a case."""
    typesetter, sources = Typesetter(details.sources.values()), details.sources
    return Page(
        **vars(brief(result, sources)),
        columns=COLUMNS,
        rows=tuple(_row(k, one, result, typesetter, sources) for k, one in enumerate(result.results, start=1)),
        proved=any(one.proof for one in result.results),
        plates=tuple(plate(one) for one in pictures),
    )


def brief(result: CheckResult, sources: Mapping[str, str]) -> Brief:
    """The verdict on a case, and its errata.

    Args:
        result: The outcome.
        sources: The text of every equation by its name.
    """
    typesetter = Typesetter(sources.values())
    return Brief(
        case=result.case,
        title=result.title,
        headline=headline(result),
        status=status(result),
        ok=result.ok,
        counts=tuple(_count(verdict, result.count(verdict)) for verdict in VERDICTS),
        facts=_run_facts(result),
        command=wording.check_command(result),
        errata=tuple(_erratum(result, one, typesetter, sources) for one in result.wrong),
    )


def headline(result: CheckResult) -> str:
    """The verdict in a sentence."""
    total, wrong, agree = len(result.results), len(result.wrong), result.count("agrees")
    if wrong:
        rest = f"; the other {agree} agree" if agree and agree + wrong == total else f"; {agree} agree" * bool(agree)
        return f"{wrong} of {wording.count(total, 'equation')} {'is' if wrong == 1 else 'are'} wrong{rest}."
    if agree == total:
        return f"All {wording.count(total, 'equation')} agree." if total > 1 else "The one equation agrees."
    return f"{agree} of {wording.count(total, 'equation')} agree; none is wrong."


def status(result: CheckResult) -> str:
    """Whether this is what the case declares."""
    parts = []
    if result.unexpected:
        parts.append(f"not declared: {', '.join(one.equation for one in result.unexpected)}")
    if result.not_shown:
        parts.append(f"declared as errata, but not wrong: {', '.join(result.not_shown)}")
    if parts:
        return f"Not as the case declares: {'; '.join(parts)}."
    if not result.ok:
        return "Nothing could be compared."
    if not result.wrong:
        return "As expected: the case declares no errata."
    return "As expected: exactly the errata that the case declares."


def plate(picture: Picture) -> Plate:
    """A picture as a page holds it."""
    panels = tuple(Markup(svg(panel, f"{picture.name}{k}")) for k, panel in enumerate(picture.panels))
    return Plate(picture.name, picture.title, picture.caption, picture.alternative, panels)


def _count(verdict: str, number: int) -> Count:
    one, many = _COUNTED[verdict]
    return Count(verdict, MARKS[verdict], number, one if number == 1 else many)


def _run_facts(result: CheckResult) -> tuple[Fact, ...]:
    facts = [
        Fact("trials", f"{result.trials:,}" + (" (interrupted)" if result.interrupted else "")),
        Fact("seed", str(result.seed)),
        Fact("dtype", result.dtype),
    ]
    if result.scale != 1.0:
        facts.append(Fact("scale", f"{result.scale:g}"))
    names = (("torch", "torch"), ("NumPy", "numpy"))
    return (*facts, *(Fact(shown, wording.version_of(package)) for shown, package in names))


def _anchor(number: int) -> str:
    """A name for links, made of a number, as an equation's own name may hold anything."""
    return f"e{number}"


def _erratum(result: CheckResult, one: EquationResult, typesetter: Typesetter, sources: Mapping[str, str]) -> Erratum:
    worst = wording.worst_of(result, one.equation)
    facts = []
    if worst is not None:
        entry = f", entry {worst.entry}" if worst.entry else ""
        facts = [
            Fact("worst trial", f"{worst.trial:,}{entry}"),
            Fact("by hand", wording.exact(worst.manual), is_code=True),
            Fact("by torch", wording.exact(worst.truth), is_code=True),
            Fact("difference", wording.difference(worst)),
        ]
    if one.fix and one.fix_trials:
        facts.append(Fact("the fix", wording.confirmation(one)))
    if one.alternatives:
        facts.append(Fact("also right", "; ".join(one.alternatives[:3]), is_code=True))
    if one.proof:
        facts.append(Fact("as written", one.proof))
    tainted = [other.equation for other in result.results if one.equation in other.inherits_from]
    if tainted:
        facts.append(Fact("taints", ", ".join(tainted)))
    return Erratum(
        name=one.equation,
        anchor=_anchor(1 + result.results.index(one)),
        place=one.place,
        known=one.known_erratum,
        shown=typesetter.show(one.equation, one.written, sources.get(one.equation, ""), one.fix),
        code=f"{one.equation} = {one.written}",
        diagnosis=one.diagnosis,
        fix=f"{one.equation} = {one.fix}" if one.fix else "",
        extent=wording.disagreement(one),
        facts=tuple(facts),
        inputs=_pairs(worst.inputs) if worst is not None else (),
        replay=result.replay_command(one),
    )


def _pairs(inputs: str) -> tuple[tuple[str, str], ...]:
    """`x=1.0, y=2.0` as pairs of name and value."""
    parts = (part.partition("=") for part in inputs.split(", ") if part)
    return tuple((name, value) for name, _, value in parts)


def _disagreeing(one: EquationResult, trials: int) -> str:
    """In how many trials; of how many, where some were left out."""
    return f"{one.disagreeing_trials:,}" if one.trials == trials else f"{one.disagreeing_trials:,} of {one.trials:,}"


def _row(
    number: int, one: EquationResult, result: CheckResult, typesetter: Typesetter, sources: Mapping[str, str]
) -> Row:
    source = sources.get(one.equation, "")
    shown = typesetter.show(one.equation, one.written, source).written if one.written else NOTHING
    numbers = (
        Cell(_disagreeing(one, result.trials), one.disagreeing_trials),
        Cell(wording.short(one.max_abs_error), one.max_abs_error),
        Cell(wording.short(one.max_ulp_error), one.max_ulp_error),
        Cell(wording.percent(one.bound_share).replace(" times", _TIMES), one.bound_share),
    )
    return Row(
        number=number,
        name=one.equation,
        anchor=_anchor(number) if one.verdict == "disagrees" else "",
        place=one.place,
        kind=one.kind,
        verdict=one.verdict,
        mark=MARKS[one.verdict],
        note="known erratum" if one.known_erratum else "" if one.verdict in ("agrees", "disagrees") else one.diagnosis,
        shown=shown,
        cells=numbers if one.trials else tuple(Cell("", 0.0) for _ in numbers),
        proof=one.proof,
    )

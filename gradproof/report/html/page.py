"""The page of a case as records: the verdict, the errata, every equation, the pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from gradproof.check.facts.result import CheckResult, EquationResult
from gradproof.check.facts.verdict import Verdict
from gradproof.report import wording
from gradproof.report.collect import Details
from gradproof.report.figures.style import Picture, svg
from gradproof.report.html.brief import anchor, brief
from gradproof.report.html.data import MARKS, Cell, Page, Plate, Row
from gradproof.report.html.showing import NOTHING, Typesetter

COLUMNS = ("disagreeing", "largest error", "in ulp", "of bound", "resolution")

NEAR_ZERO = 1000.0
"""In an equation that agrees, more units in the last place than this are those of a value next to zero."""

_TIMES = "\N{MULTIPLICATION SIGN}"


def page(result: CheckResult, details: Details, pictures: Sequence[Picture]) -> Page:
    """The page of a case."""
    typesetter, sources = Typesetter(details.sources.values()), details.sources
    return Page(
        **vars(brief(result, sources, details.scripts, typesetter)),
        columns=COLUMNS,
        rows=tuple(_row(k, one, result, typesetter, sources) for k, one in enumerate(result.results, start=1)),
        proved=any(one.proof for one in result.results),
        plates=tuple(plate(one) for one in pictures),
    )


def plate(picture: Picture) -> Plate:
    """A picture as a page holds it."""
    panels = tuple(Markup(svg(panel, f"{picture.name}{k}")) for k, panel in enumerate(picture.panels))
    return Plate(picture.name, picture.title, picture.caption, picture.alternative, panels)


def _disagreeing(one: EquationResult, trials: int) -> str:
    """In how many trials; of how many, where some were left out."""
    return f"{one.disagreeing_trials:,}" if one.trials == trials else f"{one.disagreeing_trials:,} of {one.trials:,}"


def _is_near_zero(one: EquationResult) -> bool:
    """Whether units of the value say nothing: terms cancel, and rounding explains what is left."""
    return one.verdict == Verdict.AGREES and one.max_ulp_error > NEAR_ZERO


def _row(
    number: int, one: EquationResult, result: CheckResult, typesetter: Typesetter, sources: Mapping[str, str]
) -> Row:
    source = sources.get(one.equation, "")
    shown = typesetter.show(one.equation, one.written, source).written if one.written else NOTHING
    numbers = (
        Cell(_disagreeing(one, result.trials), one.disagreeing_trials),
        Cell(wording.short(one.max_abs_error), one.max_abs_error),
        Cell("" if _is_near_zero(one) else wording.short(one.max_ulp_error), one.max_ulp_error),
        Cell(wording.percent(one.bound_share).replace(" times", _TIMES), one.bound_share),
        Cell(wording.resolution(one.resolution), max(0.0, one.resolution)),  # where there is none it sorts first
    )
    return Row(
        number=number,
        name=one.equation,
        anchor=anchor(number) if one.verdict == Verdict.DISAGREES else "",
        place=one.place,
        kind=one.kind,
        verdict=one.verdict,
        mark=MARKS[one.verdict],
        note=wording.declared(one) or ("" if one.verdict in (Verdict.AGREES, Verdict.DISAGREES) else one.diagnosis),
        shown=shown,
        cells=numbers if one.trials else tuple(Cell("", 0.0) for _ in numbers),
        proof=one.proof,
    )

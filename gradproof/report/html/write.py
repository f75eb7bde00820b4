"""`agreement.html` and `index.html`: a case's outcome, and all cases, as one file each that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from gradproof.check.facts.result import CheckResult
from gradproof.report.collect import Details, collect
from gradproof.report.figures.draw import pictures
from gradproof.report.figures.style import Picture
from gradproof.report.html.brief import count_of
from gradproof.report.html.page import page
from gradproof.report.html.render import render
from gradproof.report.summaries import CaseSummary, headline, totals


def agreement(result: CheckResult, details: Details | None = None, plates: Sequence[Picture] | None = None) -> str:
    """The text of `agreement.html`.

    Args:
        result: What to show.
        details: What there is to know besides; collected if not given.
        plates: The pictures; drawn if not given.
    """
    details = collect(result) if details is None else details
    plates = pictures(result, details) if plates is None else plates
    return render("agreement.html.j2", page=page(result, details, plates))


def index(summaries: Sequence[CaseSummary]) -> str:
    """The text of `index.html`, over all cases of a reports folder."""
    counts = {one.case: [count_of(verdict, number) for verdict, number in one.counts] for one in summaries}
    groups = (
        ("Not as expected", [one for one in summaries if not one.ok]),
        ("As expected", [one for one in summaries if one.ok]),
    )
    total = [count_of(verdict, number) for verdict, number in totals(summaries)]
    return render("index.html.j2", headline=headline(summaries), groups=groups, counts=counts, total=total)

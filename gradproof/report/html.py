"""`agreement.html` and `index.html`: a case's outcome, and all cases, as one file each that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from gradproof.report.collect import Details, collect
from gradproof.report.figures import pictures
from gradproof.report.figures_style import Picture
from gradproof.report.html_data import MARKS, page
from gradproof.report.markdown import CaseSummary
from gradproof.result import VERDICTS, CheckResult


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
    return render("index.html.j2", summaries=summaries, verdicts=VERDICTS, marks=MARKS)


def render(template: str, **values: object) -> str:
    """A template of this package, filled; every value is escaped that is not markup."""
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    """Templates in which every value is escaped, and a name that is not there is an error."""
    loader = PackageLoader("gradproof.report")
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.globals["include_raw"] = lambda name: Markup(loader.get_source(made, name)[0])
    return made

"""A result as a notebook shows it: the verdict, the counts, wrong equations mended. Frames are plain pandas."""

from __future__ import annotations

from gradproof.check.facts.result import CheckResult
from gradproof.report.collect import sources_of
from gradproof.report.html.brief import brief
from gradproof.report.html.render import render


def fragment(result: CheckResult) -> str:
    """A piece of HTML without style sheet or script, in the colours of the notebook around it."""
    return render("notebook.html.j2", page=brief(result, sources_of(result)))

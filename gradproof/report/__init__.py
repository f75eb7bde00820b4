"""What people read: results in; tidy frames, terminal text, Markdown, HTML, pictures and annotations out.

Importing it tells results how they show themselves; pandas and the templates are loaded when one is asked to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradproof.check.facts.rendering import register

if TYPE_CHECKING:
    import pandas as pd

    from gradproof.check.facts.result import CheckResult


def _equations(result: CheckResult) -> pd.DataFrame:
    from gradproof.report.frames import equations_frame  # pandas is loaded when a frame is asked for

    return equations_frame(result)


def _worst_trials(result: CheckResult) -> pd.DataFrame:
    from gradproof.report.frames import worst_trials_frame  # pandas is loaded when a frame is asked for

    return worst_trials_frame(result)


def _html(result: CheckResult) -> str:
    from gradproof.report.html.notebook import fragment  # the templates are loaded in a notebook only

    return fragment(result)


def _text(result: CheckResult) -> str:
    from gradproof.report.terminal import plain

    return plain.outcome(result)


def _json(result: CheckResult) -> str:
    from gradproof.report.json import text

    return text(result)


register("equations", _equations)
register("json", _json)
register("text", _text)
register("worst_trials", _worst_trials)
register("html", _html)

"""Templates filled: every value is escaped, and a name that is not there is an error."""

from __future__ import annotations

import re
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape


def render(template: str, **values: object) -> str:
    """A template of this package, filled; every value is escaped that is not markup."""
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    """Templates in which every value is escaped, and a name that is not there is an error."""
    loader = PackageLoader("gradproof.report.html")
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters["ticked"] = ticked
    made.globals["include_raw"] = lambda name: Markup(loader.get_source(made, name)[0])
    return made


def ticked(text: str) -> Markup:
    """A docstring's words, escaped, with what stands between backticks as code."""
    return Markup(re.sub(r"`{1,2}([^`\n]+)`{1,2}", r"<code>\1</code>", str(escape(text))))

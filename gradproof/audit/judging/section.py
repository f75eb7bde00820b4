"""One section of an audit: what stands under a heading, up to the next of its level."""

from __future__ import annotations

from dataclasses import replace

from gradproof.audit.judging.results import Audit
from gradproof.audit.reading.sections import sections
from gradproof.errors import GradproofError


def only_section(audit: Audit, title: str) -> Audit:
    """An audit with the verdicts of one section; what stands outside it still defines names.

    Raises:
        GradproofError: No heading, or more than one, holds the title.
    """
    where = bounds(audit.text, title)
    verdicts = tuple(v for v in audit.verdicts if audit.statements[v.statement].start in where)
    return replace(audit, verdicts=verdicts)


def bounds(text: str, title: str) -> range:
    """Where a section stands in a note.

    Raises:
        GradproofError: No heading, or more than one, holds the title.
    """
    known = sections(text)
    hits = [at for at, (_, name, _) in enumerate(known) if title.casefold() in name.casefold()]
    exact = [at for at in hits if known[at][1].casefold() == title.casefold()]
    hits = exact or hits
    if len(hits) != 1:
        names = ", ".join(f"'{name}'" for _, name, _ in known[:12]) or "none"
        many = f"{len(hits)} sections are" if hits else "no section is"
        raise GradproofError(f"{many} named '{title}'; the headings of the note are {names}")
    level, _, start = known[hits[0]]
    behind = (place for other, _, place in known[hits[0] + 1 :] if other <= level)
    return range(start, next(behind, len(text)))

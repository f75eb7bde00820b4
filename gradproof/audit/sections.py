"""One section of a note: what stands under a heading, up to the next of its level."""

from __future__ import annotations

import re
from dataclasses import replace

from gradproof.audit.judging.results import Audit
from gradproof.errors import GradproofError

_HEADING = re.compile(
    r"(?m)^[ \t>]{0,6}(?P<marks>#{1,6})[ \t]+(?P<title>[^\n]{1,200})$"
    r"|\\(?P<command>chapter|section|subsection|subsubsection|paragraph)\*?\{(?P<tex>[^{}\n]{1,200})\}"
    r"|<h(?P<level>[1-6])[^>\n]{0,80}>(?P<html>[^<\n]{1,200})"
    r"|^(?P<rst>[^\n]{1,120})\n(?P<line>={4,}|-{4,}|~{4,})[ \t]*$"
)
_TEX = ("chapter", "section", "subsection", "subsubsection", "paragraph")
_RST = "=-~"


def sections(text: str) -> list[tuple[int, str, int]]:
    """Every heading: its level, its title, and where it stands."""
    found = []
    for match in _HEADING.finditer(text):
        if match["marks"]:
            level = len(match["marks"])
        elif match["command"]:
            level = _TEX.index(match["command"])
        else:
            level = int(match["level"]) if match["level"] else _RST.index(match["line"][0])
        title = match["title"] or match["tex"] or match["html"] or match["rst"]
        found.append((level, title.strip(), match.start()))
    return found


def only_section(audit: Audit, title: str) -> Audit:
    """An audit with the verdicts of one section; what stands outside it still defines names.

    Raises:
        GradproofError: No heading, or more than one, holds the title.
    """
    known = sections(audit.text)
    hits = [at for at, (_, name, _) in enumerate(known) if title.casefold() in name.casefold()]
    exact = [at for at in hits if known[at][1].casefold() == title.casefold()]
    hits = exact or hits
    if len(hits) != 1:
        names = ", ".join(f"'{name}'" for _, name, _ in known[:12]) or "none"
        many = f"{len(hits)} sections are" if hits else "no section is"
        raise GradproofError(f"{many} named '{title}'; the headings of the note are {names}")
    level, _, start = known[hits[0]]
    behind = (place for other, _, place in known[hits[0] + 1 :] if other <= level)
    end = next(behind, len(audit.text))
    verdicts = tuple(v for v in audit.verdicts if start <= audit.statements[v.statement].start < end)
    return replace(audit, verdicts=verdicts)

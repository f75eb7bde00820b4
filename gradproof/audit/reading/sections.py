"""The headings of a note, in any of its flavours."""

from __future__ import annotations

import re

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

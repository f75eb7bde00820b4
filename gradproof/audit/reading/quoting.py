"""A stretch of a document as it is quoted in a report: on one line, its alignment taken out."""

from __future__ import annotations

import re

_LONGEST = 2_000
_ROW_END = re.compile(r"\\\\(?:\[[^\]\n]{0,20}\])?")
_ALIGNMENT = re.compile(r"(?<!\\)&|\\(?:nonumber|notag)(?![A-Za-z])|\\(?:label|tag)\{[^{}]{0,100}\}")


def quoted(text: str, start: int, end: int) -> str:
    """The text between two offsets, cut where it is very long.

    Row ends and alignment marks are left out, except where they belong to a matrix or to cases.
    """
    shown = text[start : min(end, start + _LONGEST)]
    if r"\begin" not in shown:
        shown = _ALIGNMENT.sub(" ", _ROW_END.sub(" ", shown))
    shown = " ".join(shown.split())
    return shown if end - start <= _LONGEST else shown + " ..."

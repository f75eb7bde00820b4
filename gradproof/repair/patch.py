"""Putting fixes into a file's text, and showing what that changes."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from gradproof.errors import GradproofError
from gradproof.repair.formulas.rewrite import Span, substituted
from gradproof.repair.results import Fix


def patch(text: str, fixes: Iterable[Fix]) -> str:
    """A file's text with all fixes made; comments and formatting outside the edits stay as they are.

    Args:
        text: The file's text, as it was when the equations were read.
        fixes: Fixes of different equations of this file.

    Raises:
        GradproofError: An equation does not stand in the text as it was read.
    """
    spans = []
    for fix in fixes:
        start = _place(text, fix)
        spans += [Span(start + edit.start, start + edit.end, edit.text) for edit in fix.edits]
    return substituted(text, spans)


def unified_diff(old: str, new: str, name: str) -> str:
    """The difference as `diff -u` shows it, with one line of context; empty if there is none.

    Args:
        old: The file's text before.
        new: The file's text after.
        name: The file's name, as the headers show it.
    """
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), f"a/{name}", f"b/{name}", n=1, lineterm="")
    return "".join(f"{line}\n" for line in lines)


def _place(text: str, fix: Fix) -> int:
    """The offset of an equation in its file: where its text stands, and its `def` on the line that was noted."""
    source = fix.source.rstrip()
    start = text.find(source)
    while start >= 0:
        first = text.count("\n", 0, start) + 1
        at_line_start = start == 0 or text[start - 1] == "\n"
        if at_line_start and first <= fix.line <= first + source.count("\n"):
            return start
        start = text.find(source, start + 1)
    raise GradproofError(
        f"{fix.equation}: its text as it was read does not stand at line {fix.line} of the file; the file has been "
        "changed since: check it again and mend what that finds"
    )

"""Putting mended statements into the file that the code stands in."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from gradproof.code.written import Change
from gradproof.errors import GradproofError


def patched(text: str, changes: Iterable[Change], file: str) -> str:
    """A file's text with mended statements; the rest of it, comments included, stays as it is.

    Args:
        text: The file's text, as it was when the code was read.
        changes: Of different statements; one that stands in a wrong place, or that needs what the code has no variable
            for there, is left to its author.
        file: The file's name, for messages.

    Raises:
        GradproofError: A statement does not stand in the text as it was read.
    """
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    spans = []
    for change in dict.fromkeys(one for one in changes if not one.moved and not one.foreign):
        node, alone = _statement(text, change, file)
        start = starts[node.lineno - 1] + len(lines[node.lineno - 1].encode()[: node.col_offset].decode())
        last = (node.end_lineno or node.lineno) - 1
        end = starts[last] + len(lines[last].encode()[: node.end_col_offset].decode())
        if not change.new and not alone:
            start, end = starts[node.lineno - 1], starts[last + 1]
        spans.append((start, end, change.new or ("pass" if alone else "")))
    for start, end, new in sorted(spans, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _statement(text: str, change: Change, file: str) -> tuple[ast.stmt, bool]:
    """The statement, and whether it is the only one of its block."""
    for holder in ast.walk(ast.parse(text)):
        for part in ("body", "orelse", "finalbody"):
            body = getattr(holder, part, None)
            for node in (statements := body if isinstance(body, list) else []):
                if node.lineno == change.line and ast.unparse(node) == change.old:
                    return node, len(statements) == 1
    raise GradproofError(
        f"{file}:{change.line}: the statement as it was read does not stand there; the file has been changed since: "
        "check it again and mend what that finds"
    )

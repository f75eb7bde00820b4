"""A mended statement as LaTeX: in the author's own writing where replacing a few characters does it."""

from __future__ import annotations

import re

from gradproof.audit.judging.mending.changes import Edit
from gradproof.audit.printing.latex import latex
from gradproof.audit.reading.limits import Limits
from gradproof.audit.reading.names import Names
from gradproof.audit.reading.read import Statement, read_formula
from gradproof.audit.reading.tree import Node
from gradproof.errors import GradproofError


def mended_latex(text: str, statement: Statement, side: int, edit: Edit, names: Names, limits: Limits) -> str:
    """The whole statement after an edit of one side; always read back as the mended statement."""
    start, end = statement.start, statement.end
    splices = [edit.change.splice] if edit.change.splice else []
    splices.append((*edit.old.span, latex(edit.change.node)))
    splices.append((*edit.old.span, rf"\left({latex(edit.change.node)}\right)"))
    sides: list[Node | None] = [part.node for part in statement.sides]
    sides[side] = edit.tree
    for left, right, new in splices:
        if start <= left <= right <= end:
            spliced = text[start:left] + new + text[right:end]
            for whole in (tidied(spliced), spliced):
                if _reads_as(whole, sides, names, limits):
                    return " ".join(whole.replace("&", " ").split())
    shown = [
        latex(node) if node is not None else text[part.start : part.end]
        for node, part in zip(sides, statement.sides, strict=True)
    ]
    signs = [relation.printed for relation in statement.relations]
    return " ".join(word for pair in zip(shown, [*signs, ""], strict=True) for word in pair if word)


_TWICE = re.compile(r"\\(left|right)\s*(?=\\\1\b)")
_SECOND_SUPERSCRIPT = re.compile(r"(\\?[A-Za-z]+(?:_(?:\w|\{[^{}]*\}))?\^(?:\w|\{[^{}]*\}))(?=\^)")


def tidied(text: str) -> str:
    r"""LaTeX that TeX sets: no `\left\left(`, and braces around what has a superscript and gets another one."""
    return _SECOND_SUPERSCRIPT.sub(r"{\1}", _TWICE.sub("", text))


def _reads_as(text: str, sides: list[Node | None], names: Names, limits: Limits) -> bool:
    """Whether a text is read as these sides, so that nothing but the mended one has changed."""
    try:
        again = read_formula(text.replace("&", " "), names, limits)
    except GradproofError:
        return False
    return [side.node for side in again.sides] == sides

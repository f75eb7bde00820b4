"""Equations as HTML: typeset where the code has a printed form, else the code; what a fix changes is marked."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from xml.etree.ElementTree import Element, tostring

from markupsafe import Markup, escape

from gradproof.audit.show import CannotShow, equations_of
from gradproof.audit.show.arrays import array_names
from gradproof.audit.show.expressions import Translation
from gradproof.report.html.mathml import equations

_TOKEN = re.compile(r"\w+|\s+|\*\*|//|[<>=!]=|.", re.DOTALL)


NOTHING = Markup("")


@dataclass(frozen=True)
class Shown:
    """An equation as it was written and, where there is a fix, mended; what differs is marked in both."""

    written: Markup
    mended: Markup = NOTHING


class Typesetter:
    """Shows the equations of one derivation, which say together what is an array.

    Args:
        sources: The text of every equation.
    """

    def __init__(self, sources: Iterable[str]) -> None:
        arrays = array_names(ast.parse("\n".join(sources)))
        self.translation = Translation({}, arrays)

    def show(self, name: str, written: str, source: str, fix: str = "") -> Shown:
        """An equation by its name.

        Args:
            name: Its name, which stands on the left where code is shown; empty for a whole line of code.
            written: What it returns, as code.
            source: The text of its function; empty where there is none.
            fix: What it should return, as code; empty where that is not known.
        """
        maths = self._maths(source)
        mended = self._maths(with_return(source, fix)) if fix and maths is not None else None
        if maths is None or (fix and mended is None):
            return _as_code(name, written, fix)
        if mended is not None:
            mark_changes(maths, mended)
        return Shown(_markup(maths), NOTHING if mended is None else _markup(mended))

    def _maths(self, source: str) -> Element | None:
        """The `math` element of a function; None where its code has no printed form."""
        try:
            body = ast.parse(source).body
            if len(body) != 1 or not isinstance(body[0], ast.FunctionDef):
                return None
            return equations(equations_of(body[0], self.translation))
        except (CannotShow, SyntaxError):
            return None


def with_return(source: str, expression: str) -> str:
    """A function's text with another result; statements that it no longer needs are left out."""
    try:
        function = ast.parse(source).body[0]
        result = ast.parse(expression, mode="eval").body
    except (IndexError, SyntaxError):
        return ""
    if not isinstance(function, ast.FunctionDef):
        return ""
    used = {node.id for node in ast.walk(result) if isinstance(node, ast.Name)}
    own = {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    kept = function.body[:-1] if used & own else []
    function.body = [*kept, ast.Return(result)]
    return ast.unparse(function)


def mark_changes(first: Element, second: Element) -> None:
    """Give the class `changed` to the smallest elements that only one of two formulas has."""
    sides = [[leaf for leaf in tree.iter() if not len(leaf)] for tree in (first, second)]
    keys = [[(leaf.tag, leaf.text) for leaf in leaves] for leaves in sides]
    for positions, leaves in zip(changed(*keys), sides, strict=True):
        for position in positions:
            leaves[position].set("class", "changed")


def changed(first: Sequence[object], second: Sequence[object]) -> tuple[list[int], list[int]]:
    """The positions of what only the first, and only the second, of two sequences has."""
    gone, come = list(range(len(first))), list(range(len(second)))
    for block in difflib.SequenceMatcher(None, first, second, autojunk=False).get_matching_blocks():
        gone = [k for k in gone if not block.a <= k < block.a + block.size]
        come = [k for k in come if not block.b <= k < block.b + block.size]
    return gone, come


def _as_code(name: str, written: str, fix: str) -> Shown:
    if not fix:
        return Shown(_code(name, [written], []))
    first, second = _TOKEN.findall(written), _TOKEN.findall(fix)
    gone, come = changed(first, second)
    return Shown(_code(name, first, gone), _code(name, second, come))


def _code(name: str, tokens: Sequence[str], marked: Sequence[int]) -> Markup:
    shown: list[Markup] = []
    for is_marked, run in groupby(enumerate(tokens), key=lambda token: token[0] in marked):
        text = "".join(token for _, token in run)
        shown.append(Markup("<mark>{}</mark>").format(text) if is_marked else escape(text))
    left = Markup("{} = ").format(name) if name else NOTHING
    return Markup("<code>{}{}</code>").format(left, NOTHING.join(shown))


def _markup(maths: Element) -> Markup:
    return Markup(tostring(maths, encoding="unicode"))  # ElementTree has escaped all text

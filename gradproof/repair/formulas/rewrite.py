"""Writing a mended formula into a function's text, touching as little of it as possible.

The old and the new formula are compared from the root down; only what differs is replaced, and inside a replacement
every part that was there before keeps the author's text. The result is read again: an edit that does not give exactly
the wanted formula is made with parentheses, or more widely, or not at all.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from gradproof.repair.formulas.canonical import canonical
from gradproof.repair.formulas.formula import Formula, Local, children, head, inline, names_in, nodes
from gradproof.repair.formulas.functions import Functions
from gradproof.repair.formulas.parsed import LOWEST, Definition, Parsed, Unreadable
from gradproof.repair.formulas.printing import least_precedence, show
from gradproof.repair.formulas.syntax import read


@dataclass(frozen=True)
class Span:
    """A piece of text to be replaced.

    Attributes:
        start: Offset of its first character in the function's text.
        end: Offset after its last one.
        text: What stands there afterwards.
    """

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Rewrite:
    """A function's text with another formula.

    Attributes:
        text: The whole function.
        spans: What was replaced, in order.
        parameters: Its parameters.
        expression: What it returns, as text.
    """

    text: str
    spans: tuple[Span, ...]
    parameters: tuple[str, ...]
    expression: str


_CALLED = re.compile(r"(\w+|[\])])\($")
"""The end of a text whose last parenthesis calls what stands before it, unless that is a keyword."""


class Unwritable(Exception):
    """The formula cannot be written into the text."""


def rewrite(definition: Definition, formula: Formula, functions: Functions) -> Rewrite:
    """The function's text with another formula, signature included.

    Raises:
        Unwritable: No edit of the text gives the formula.
    """
    used = frozenset(name for _, new in _statements(definition, formula) for name in names_in(inline(new)))
    wanted = _parameters([parameter.name for parameter in definition.parameters], used)
    signature = list(_signature(definition, wanted))
    for attempt in (_widened, _least, _whole):
        spans = sorted([*signature, *attempt(definition, formula, functions)], key=lambda span: span.start)
        text = substituted(definition.text, spans)
        try:
            again = read(text, functions)
        except Unreadable:
            continue
        if canonical(again.formula) == canonical(formula) and set(wanted) == {p.name for p in again.parameters}:
            return Rewrite(text, tuple(spans), tuple(wanted), text[again.result.start : again.result.end])
    raise Unwritable(show(formula))


def substituted(text: str, spans: Sequence[Span]) -> str:
    """The text with all spans replaced."""
    for span in sorted(spans, key=lambda span: span.start, reverse=True):
        text = text[: span.start] + span.text + text[span.end :]
    return text


# The body -------------------------------------------------------------------------------------------------------


def _least(definition: Definition, formula: Formula, functions: Functions) -> Iterator[Span]:
    """What differs, in every statement that differs."""
    for span, _ in _pieces(definition, formula, functions):
        yield span


def _widened(definition: Definition, formula: Formula, functions: Functions) -> Iterator[Span]:
    """What differs, with the parentheses around it if they are not needed any more."""
    text = definition.text
    for span, needless in _pieces(definition, formula, functions):
        before, after = text[: span.start].rstrip(), text[span.end :].lstrip()
        called = _CALLED.search(before)
        grouping = before.endswith("(") and (called is None or keyword.iskeyword(called[1]))
        if grouping and after.startswith(")") and needless:
            yield Span(len(before) - 1, len(text) - len(after) + 1, span.text)
        else:
            yield span


def _pieces(definition: Definition, formula: Formula, functions: Functions) -> Iterator[tuple[Span, bool]]:
    """What differs, and whether that could stand where it does without parentheses around it."""
    parsed = chain(definition.result, *definition.steps.values())
    written = {part.formula: (definition.text[part.start : part.end], part.precedence) for part in parsed}
    for old, new in _statements(definition, formula):
        for part, wanted, least in _differences(old, new, LOWEST):
            before, after = definition.text[: part.start].rstrip(), definition.text[part.end :].lstrip()
            grouped = before.endswith(("(", ",")) and after.startswith((")", ","))
            bare = show(wanted, written, functions.numpy)
            bound = show(wanted, written, functions.numpy, least)
            yield Span(part.start, part.end, bare if grouped else bound), bare == bound


def _whole(definition: Definition, formula: Formula, functions: Functions) -> Iterator[Span]:
    """Whole right sides, in our own spelling."""
    for old, new in _statements(definition, formula):
        if old.formula != new:
            yield Span(old.start, old.end, show(new, {}, functions.numpy))


def _statements(definition: Definition, formula: Formula) -> Iterator[tuple[Parsed, Formula]]:
    """Every right side with what should stand there; what a local name no longer used stands for is left alone."""
    definitions = {node.step: node.definition for node in nodes(formula) if isinstance(node, Local)}
    for number, step in definition.steps.items():
        yield step, definitions.get(number, step.formula)
    yield definition.result, formula


def _same_text(old: Formula, new: Formula) -> bool:
    """Whether one text says both: a use of a local name says nothing of what it stands for."""
    if isinstance(old, Local) and isinstance(new, Local):
        return old.step == new.step
    return old == new or (
        head(old) == head(new)
        and bool(children(old))
        and all(_same_text(a, b) for a, b in zip(children(old), children(new), strict=True))
    )


def _differences(old: Parsed, new: Formula, least: int) -> Iterator[tuple[Parsed, Formula, int]]:
    """The smallest parts of the text that have to be replaced, by what, and how tightly that must bind."""
    if _same_text(old.formula, new):
        return
    parts = children(new)
    if head(old.formula) == head(new) and old.parts and len(old.parts) == len(parts):
        for place, (part, wanted) in enumerate(zip(old.parts, parts, strict=True)):
            yield from _differences(part, wanted, least_precedence(new, place))
    else:
        yield old, new, least


# The signature --------------------------------------------------------------------------------------------------


def _parameters(old: Sequence[str], used: frozenset[str]) -> list[str]:
    """One name for another keeps its place; what is no longer read goes; what is new comes last."""
    gone = [name for name in old if name not in used]
    new = sorted(used.difference(old))
    if len(gone) == len(new) == 1:
        return [new[0] if name == gone[0] else name for name in old]
    return [name for name in old if name in used] + new


def _signature(definition: Definition, wanted: Sequence[str]) -> Iterator[Span]:
    old = definition.parameters
    names = [parameter.name for parameter in old]
    if names == list(wanted):
        return
    if len(names) == len(wanted) and sum(a != b for a, b in zip(names, wanted, strict=True)) == 1:
        for parameter, name in zip(old, wanted, strict=True):
            if parameter.name != name:
                yield Span(parameter.start, parameter.start + len(parameter.name), name)
        return
    kept = [place for place, name in enumerate(names) if name in wanted]
    added = [name for name in wanted if name not in names]
    if not kept:
        start, end = (old[0].start, old[-1].end) if old else (definition.opening, definition.opening)
        lambda_space = " " if not old and definition.text[: definition.opening].endswith("lambda") and added else ""
        yield Span(start, end, lambda_space + ", ".join(added))
        return
    for place in range(len(old)):
        if place not in kept:
            # Up to the next parameter, or back to the last one that stays where none follows.
            if place < kept[-1]:
                yield Span(old[place].start, old[place + 1].start, "")
            else:
                yield Span(old[place - 1].end, old[place].end, "")
    if added:
        yield Span(old[-1].end, old[-1].end, "".join(f", {name}" for name in added))

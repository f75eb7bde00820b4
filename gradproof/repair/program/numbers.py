"""Arguments that have one value in a case: a fix may not put that value in the place of the name."""

from __future__ import annotations

import ast
import contextlib
import difflib
import inspect
import io
import math
import tokenize
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import FunctionType
from typing import Any

from gradproof.case.source_text import read_source
from gradproof.check.case import Case
from gradproof.code.program.calls import Plain

COMMON = frozenset({0.0, 1.0, 2.0, 3.0, 4.0, 0.5, -1.0})
"""Numbers that stand in formulas for their own sake."""


def fixed_numbers(case: Case) -> dict[str, float]:
    """The arguments of a case's existing code that are plain numbers, their defaults, and the numbers of its files."""
    found: dict[str, float] = {}
    calls = case.derivation.whole.program.calls if case.derivation.whole is not None else ()
    for call in calls:
        space = call.plain.__globals__ if call.plain is not None else {}
        found |= {name: float(value) for name, value in space.items() if type(value) in (int, float)}
        for made in [*space.values()]:
            if isinstance(made, (FunctionType, type)) and made.__module__ == space.get("__name__"):
                found |= _defaults(made)
    for call in calls:
        for name, argument in call.arguments.items():
            value = argument.value if isinstance(argument, Plain) else None
            if isinstance(value, int | float) and not isinstance(value, bool):
                found[name] = float(value)
    return found


def _defaults(made: Callable[..., Any]) -> dict[str, float]:
    try:
        parameters = inspect.signature(made).parameters.values()
    except (TypeError, ValueError):
        return {}
    return {one.name: float(one.default) for one in parameters if type(one.default) in (int, float)}


def replaces_a_number(path: Path, new: str, named: Collection[int]) -> bool:
    """Whether a file's new text has a whole number, for which there is a variable, in the place of another number.

    Args:
        path: The file as it is.
        new: Its text with a fix.
        named: The whole numbers that variables stand for.
    """
    lost, put = _exchanged(path, new)
    return bool(_numbers(lost)) and any(number in named for number in _numbers(put))


def puts_in_values(path: Path, new: str, fixed: Mapping[str, float]) -> bool:
    """Whether a file's new text has the value of an argument where its name belongs: it is right for one value only.

    It has where the old text has the name, or loses a name for 1 beside another edit; and where a number is no common
    one, and is the value, its reciprocal, its negative, or what is left of 1.

    Args:
        path: The file as it is.
        new: Its text with a fix.
        fixed: The arguments with their values.
    """
    if not fixed:
        return False
    lost, put = _exchanged(path, new)
    numbers = _numbers(put)
    if any(fixed[name] in numbers for name in lost if name in fixed):
        return True
    if put and any(fixed.get(name) == 1.0 for name in lost):
        return True  # a factor left out on the way, since its name stands for 1 here
    odd = {value for value in fixed.values() if value not in COMMON}
    alike = {other for value in odd for other in (value, -value, 1 / value, 1 - value)}
    return any(math.isclose(one, other) for one in numbers - COMMON for other in alike)


def _exchanged(path: Path, new: str) -> tuple[Counter[str], Counter[str]]:
    """The words that a file loses with a new text, and those that it gets."""
    before, after = Counter[str](), Counter[str]()
    for line in difflib.ndiff(read_source(path).splitlines(), new.splitlines()):
        if line.startswith(("- ", "+ ")):
            (before if line.startswith("- ") else after).update(_words(line[2:]))
    return before - after, after - before


def _numbers(words: Counter[str]) -> set[float]:
    return {float(ast.literal_eval(word)) for word in words if word[0].isdigit() or word[0] == "."}


def _words(line: str) -> list[str]:
    """The names and numbers of a line of a program."""
    words: list[str] = []
    with contextlib.suppress(tokenize.TokenError, IndentationError):  # a line that goes on: what was read of it counts
        words.extend(
            token.string
            for token in tokenize.generate_tokens(io.StringIO(line.strip()).readline)
            if token.type == tokenize.NAME or (token.type == tokenize.NUMBER and "j" not in token.string.lower())
        )
    return words

"""Arguments that have one value in a case: a fix may not put that value in the place of the name."""

from __future__ import annotations

import ast
import contextlib
import difflib
import io
import tokenize
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from gradproof.case.source_text import read_source
from gradproof.check.case import Case
from gradproof.code.program.calls import Plain


def fixed_numbers(case: Case) -> dict[str, float]:
    """The arguments of a case's existing code that are plain numbers, with their values in this case."""
    found: dict[str, float] = {}
    whole = case.derivation.whole
    for call in whole.program.calls if whole is not None else ():
        for name, argument in call.arguments.items():
            value = argument.value if isinstance(argument, Plain) else None
            if isinstance(value, int | float) and not isinstance(value, bool):
                found[name] = float(value)
    return found


def puts_in_values(path: Path, new: str, fixed: Mapping[str, float]) -> bool:
    """Whether a file's new text has the value of an argument where the old one has its name: right for one value only.

    Args:
        path: The file as it is.
        new: Its text with a fix.
        fixed: The arguments with their values.
    """
    if not fixed:
        return False
    old_lines, new_lines = read_source(path).splitlines(), new.splitlines()
    before, after = Counter[str](), Counter[str]()
    for line in difflib.ndiff(old_lines, new_lines):
        if line.startswith(("- ", "+ ")):
            (before if line.startswith("- ") else after).update(_words(line[2:]))
    lost, put = before - after, after - before
    numbers = {float(ast.literal_eval(word)) for word in put if word[0].isdigit() or word[0] == "."}
    return any(fixed[name] in numbers for name in lost if name in fixed)


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

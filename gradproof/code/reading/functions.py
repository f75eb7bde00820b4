"""A function's own text: its body as syntax, with the lines of its file."""

from __future__ import annotations

import ast
import inspect
import linecache
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType
from typing import Any

from gradproof.case.source_text import read_source
from gradproof.code.script import piece_of
from gradproof.errors import GradproofError

_OPAQUE = "give Code(..., opaque=True, results=(...)) to compare only what it returns"


@dataclass(frozen=True, eq=False)
class Text:
    """A function that can be read.

    Attributes:
        function: The function itself.
        name: Its name with that of its class: `Layer.backward`.
        path: Its file.
        lines: All lines of the file.
        body: Its statements, with the lines of the file.
        parameters: Their names in order.
        defaults: The values of those that have one.
    """

    function: FunctionType
    name: str
    path: Path
    lines: tuple[str, ...]
    body: tuple[ast.stmt, ...]
    parameters: tuple[str, ...]
    defaults: Mapping[str, Any]

    def place(self, line: int) -> str:
        """Folder, file and line."""
        return f"{self.path.parent.name}/{self.path.name}:{line}"

    def segment(self, node: ast.stmt) -> str:
        """A statement as it is written, from the start of its first line."""
        return "\n".join(line.rstrip() for line in self.lines[node.lineno - 1 : node.end_lineno]).strip()


def text_of(function: object) -> Text:
    """Read a function.

    Raises:
        GradproofError: It is no plain function, or its text cannot be had.
    """
    plain = inspect.unwrap(function) if callable(function) else function
    name = getattr(plain, "__qualname__", type(plain).__name__).removeprefix("<locals>.")
    if not isinstance(plain, FunctionType):
        raise GradproofError(f"{name} is a {type(plain).__name__}, whose text cannot be read; {_OPAQUE}")
    if plain.__name__ == "<lambda>":
        raise GradproofError(f"a lambda has no statements to read; write it as a function with `def`, or {_OPAQUE}")
    if inspect.isgeneratorfunction(plain) or inspect.iscoroutinefunction(plain) or inspect.isasyncgenfunction(plain):
        raise GradproofError(
            f"{name} is a generator or a coroutine, which gives its values one by one; let it return them all"
        )
    path = Path(plain.__code__.co_filename)
    text = read_source(path) if path.is_file() else "".join(linecache.getlines(str(path)))
    if not text:
        raise GradproofError(f"the source of {name} cannot be had; {_OPAQUE}")
    first = plain.__code__.co_firstlineno
    if (piece := piece_of(plain)) is not None:
        body = tuple(piece.function(text).body)
        return Text(plain, name, path, tuple(text.splitlines()), body, *_parameters(plain, f"{path.name}:{first}"))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.name == plain.__name__ and _starts(node) == first:
            return Text(
                plain,
                name,
                path,
                tuple(text.splitlines()),
                tuple(node.body),
                *_parameters(plain, f"{path.name}:{first}"),
            )
    raise GradproofError(
        f"{path.parent.name}/{path.name}:{first}: the source of {name} is not what was loaded; {_OPAQUE}"
    )


def _starts(node: ast.FunctionDef) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def _parameters(function: FunctionType, place: str) -> tuple[tuple[str, ...], dict[str, Any]]:
    parameters = inspect.signature(function).parameters.values()
    for parameter in parameters:
        if parameter.kind is parameter.VAR_POSITIONAL:
            raise GradproofError(
                f"{place}: {function.__name__}({parameter}) takes any number of arguments, which cannot be bound to "
                "quantities; name them"
            )
    defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
    named = [parameter for parameter in parameters if parameter.kind is not parameter.VAR_KEYWORD]
    return tuple(parameter.name for parameter in named), defaults


def is_straight(text: Text, *, branches: bool = False) -> bool:
    """Whether a function runs from its first to its last statement: the only return is the last one.

    Args:
        text: The function.
        branches: Whether it may also return within a condition, which may be decided without values of arrays.
    """
    returns = [node for statement in text.body for node in ast.walk(statement) if isinstance(node, ast.Return)]
    if branches:
        loops = [n for s in text.body for n in ast.walk(s) if isinstance(n, (ast.For, ast.While, ast.Try, ast.With))]
        return not any(isinstance(part, ast.Return) for loop in loops for part in ast.walk(loop))
    return not returns or (len(returns) == 1 and returns[0] is text.body[-1])

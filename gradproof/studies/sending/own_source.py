"""The text that a function or a class needs to stand in a file of its own: its source, and that of what it names."""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

LIBRARIES = ("numpy", "torch", *sys.stdlib_module_names)
"""What may be imported where gradproof is not installed."""

WIDTH = 80


class NotAlone(Exception):
    """Why a text cannot stand alone."""


class OwnSource:
    """Imports and definitions, gathered in the order in which they must stand."""

    def __init__(self) -> None:
        self.imports: dict[str, None] = {}
        self.definitions: dict[str, str] = {}

    @property
    def text(self) -> str:
        """All definitions."""
        return "\n\n".join(self.definitions.values())

    def add_function(self, name: str, function: Callable[..., Any], source: str = "") -> None:
        """A function, with the helpers and constants that it reads.

        Raises:
            NotAlone: Its source, or what it reads, cannot be written down.
        """
        if function.__closure__:
            raise NotAlone(f"{name} is defined inside another function")
        self._add(name, source or _source(function), function.__globals__, _globals(function.__code__))

    def add_class(self, cls: type) -> None:
        """A class, with what its methods read.

        Raises:
            NotAlone: Its source, or what it reads, cannot be written down.
        """
        methods = [value for value in vars(cls).values() if isinstance(value, FunctionType)]
        if not methods or "<locals>" in cls.__qualname__:
            raise NotAlone(f"{cls.__qualname__} is no class of a module")
        source = _source(cls)
        self._add(cls.__name__, source, methods[0].__globals__, _names(source))

    def _add(self, name: str, source: str, scope: Mapping[str, Any], reads: Sequence[str]) -> None:
        if name in self.definitions:
            return
        self.definitions[name] = ""  # holds off those that name each other; what is read comes before what reads it
        for read in reads:
            if read != name and read in scope:
                self._add_value(read, scope[read])
        del self.definitions[name]
        self.definitions[name] = source.strip("\n") + "\n"

    def _add_value(self, name: str, value: Any) -> None:
        module = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None) or ""
        if module.split(".")[0] in LIBRARIES:
            self.imports[_import(name, value, module)] = None
        elif isinstance(value, FunctionType):
            self.add_function(name, value)
        elif isinstance(value, type):
            self.add_class(value)
        else:
            self.definitions.setdefault(name, f"{name} = {literal(value)}\n")


def _source(value: Any) -> str:
    try:
        return textwrap.dedent(inspect.getsource(value))
    except (OSError, TypeError) as error:
        raise NotAlone(f"the text of {value!r} is not at hand") from error


def _globals(code: CodeType) -> list[str]:
    """What a function reads from its module; its parameters hide equations of the same name."""
    inner = [name for const in code.co_consts if isinstance(const, CodeType) for name in _globals(const)]
    return list(dict.fromkeys([*code.co_names, *inner]))


def _names(source: str) -> list[str]:
    """All names that a text reads, each once, in their order."""
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)]
    return list(dict.fromkeys(node.id for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset))))


def _import(name: str, value: Any, module: str) -> str:
    if isinstance(value, ModuleType):
        return f"import {module}" if name == module else f"import {module} as {name}"
    own = getattr(value, "__name__", name)
    return f"from {module} import {own}" if own == name else f"from {module} import {own} as {name}"


def literal(value: Any) -> str:
    """A value as Python text.

    Raises:
        NotAlone: It has none.
    """
    if isinstance(value, np.ndarray):
        dtype = "" if value.dtype in (np.float64, np.int64, np.bool_) else f", dtype=np.{value.dtype}"
        text = _rows(value.tolist(), WIDTH)
        if not np.isfinite(value).all():
            text = text.replace("nan", "np.nan").replace("inf", "np.inf")
        return f"np.array({text}{dtype})"
    if isinstance(value, np.generic):
        return repr(value.item())
    if isinstance(value, str | bool | int | float | tuple | list | dict | None):
        text = repr(value)
        try:
            if ast.literal_eval(text) == value:
                return text
        except (ValueError, SyntaxError):
            pass
    raise NotAlone(f"{value!r} has no text that could stand in a file")


def _rows(values: Any, width: int) -> str:
    """A nested list, a row on a line of its own where one line is too long."""
    text = repr(values)
    if len(text) <= width or not isinstance(values, list) or not isinstance(values[0], list):
        return text
    rows = "".join(f"    {_rows(row, width)},\n" for row in values)
    return f"[\n{rows}]"

"""Functions of a file run with an edited text, without loading the file again: their code is exchanged for a while."""

from __future__ import annotations

import ast
import gc
import sys
from collections import Counter
from collections.abc import Callable, Collection, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

import numpy as np
import torch

from gradproof.case.source_text import read_source
from gradproof.code.script import Piece, piece_of
from gradproof.errors import GradproofError

_HARMLESS = frozenset({
    "sum", "mean", "max", "min", "var", "std", "exp", "log", "sqrt", "tanh", "abs", "outer", "dot", "maximum",
    "minimum", "where", "sign", "zeros_like", "ones_like", "reshape", "copy", "square", "arange", "expand_dims", "sin",
    "cos", "log1p", "expm1", "matmul",
})  # fmt: skip
"""Functions and methods of NumPy's that change nothing."""


@dataclass(frozen=True)
class Version:
    """What a text makes of a function: its code, and the values of its parameters where they are written as such."""

    code: CodeType
    defaults: tuple[Any, ...] = ()


@dataclass
class Editable:
    """A function of the user's that a program runs, which may be edited.

    Attributes:
        path: Its file.
        node: Its definition in the file's syntax tree.
        classes: The classes around it, the outermost first.
        functions: The functions that are made of it.
        lines: How often each of its lines was run, of those that were.
        names: What its names stood for when it was left for the last time.
        within: The functions in which its classes are made, the outermost first.
        piece: The piece of a script that it is made of; None where it is defined in the file.
    """

    path: Path
    node: ast.FunctionDef
    classes: tuple[ast.ClassDef, ...]
    functions: tuple[FunctionType, ...]
    lines: Counter[int] = field(default_factory=Counter)
    names: dict[str, Any] = field(default_factory=dict)
    within: tuple[str, ...] = ()
    piece: Piece | None = None

    def shape(self, text: str) -> tuple[int, ...] | None:
        """The shape of a variable, an attribute or an entry, as it was when the function was left; None if unknown."""
        value = self.value(text)
        if isinstance(value, torch.Tensor):
            return tuple(value.shape)
        return np.shape(value) if isinstance(value, (np.ndarray, np.number, int, float)) else None

    def value(self, text: str) -> Any:
        """What a text stood for when the function was left; None if unknown, or if it calls the user's own code."""
        try:
            calls = [node.func for node in ast.walk(ast.parse(text, mode="eval")) if isinstance(node, ast.Call)]
            if not all(isinstance(call, ast.Attribute) and call.attr in _HARMLESS for call in calls):
                return None
            with np.errstate(all="ignore"):
                return eval(text, self.functions[0].__globals__, self.names)
        except Exception:  # a name that means nothing there, an index that is none
            return None

    @property
    def name(self) -> str:
        """Its name with those of what is around it."""
        return ".".join([*self.within, *(one.name for one in self.classes), self.node.name])

    def compiled(self) -> Version | None:
        """What its text is as the tree has it now; None where that is no Python."""
        bare = ast.FunctionDef(self.node.name, self.node.args, self.node.body, [], None, None)
        ast.copy_location(bare, self.node)
        holder: ast.stmt = bare
        for owner in reversed(self.classes):
            holder = ast.copy_location(ast.ClassDef(owner.name, [], [], [holder], []), owner)
        free = self.functions[0].__code__.co_freevars if self.functions else ()
        if own := [name for name in free if name != "__class__"]:
            names: list[ast.stmt] = [ast.Assign([ast.Name(name, ast.Store())], ast.Constant(None)) for name in own]
            arguments = ast.arguments([], [], None, [], [], None, [])
            holder = ast.copy_location(ast.FunctionDef("_around_", arguments, [*names, holder], [], None, None), holder)
        module = ast.Module([holder], [])
        try:
            try:
                made = compile(module, str(self.path), "exec")
            except TypeError:  # what an edit put in has no place in the file yet; the rest keeps its own
                made = compile(ast.fix_missing_locations(module), str(self.path), "exec")
        except (SyntaxError, ValueError, TypeError, RecursionError):
            return None
        code = _within(made, self.node.name)
        if code is not None and code.co_freevars != free:
            return None  # it no longer reads, or reads besides, what stands around it
        try:
            defaults = tuple(ast.literal_eval(node) for node in self.node.args.defaults)
        except ValueError:
            defaults = ()
        return Version(code, defaults) if code is not None else None

    @contextmanager
    def exchanged(self, version: Version) -> Iterator[None]:
        """The function as another version of it, for the time of a block."""
        old = [(function.__code__, function.__defaults__) for function in self.functions]
        try:
            for function in self.functions:
                function.__code__ = version.code
                if version.defaults and len(function.__defaults__ or ()) == len(version.defaults):
                    function.__defaults__ = version.defaults
            yield
        finally:
            for function, (own, values) in zip(self.functions, old, strict=True):
                function.__code__, function.__defaults__ = own, values


class Kept:
    """What the files' own names stand for, to be put back after a run with an edit that writes into it.

    Args:
        functions: The functions whose files these are.
    """

    def __init__(self, functions: Sequence[Editable]) -> None:
        spaces = {id(one.__globals__): one.__globals__ for function in functions for one in function.functions}
        self._holders: dict[int, tuple[Any, Any]] = {}
        for space in spaces.values():
            for name, value in list(space.items()):
                if not name.startswith("__"):
                    self._keep(value)

    def _keep(self, value: Any) -> None:
        if id(value) in self._holders or not isinstance(value, (dict, list, np.ndarray)):
            return
        self._holders[id(value)] = value, value.copy()
        for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            self._keep(part)

    def put_back(self) -> None:
        """All of it as it was."""
        for value, was in self._holders.values():
            if isinstance(value, dict):
                value.clear()
                value.update(was)
            elif isinstance(value, list):
                value[:] = was
            elif value.flags.writeable:
                value[...] = was


def _within(code: CodeType, name: str) -> CodeType | None:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_name == name:
                return constant
            if (found := _within(constant, name)) is not None:
                return found
    return None


@dataclass(frozen=True)
class Traced:
    """What a run comes to: the functions of some files, and how many lines of them it runs, one by one."""

    functions: tuple[Editable, ...]
    steps: int


def traced(run: Callable[[], Any], files: Sequence[Path], texts: Mapping[Path, str] | None = None) -> Traced:
    """The functions of some files that a run calls, with the lines that it comes to.

    Args:
        run: The run.
        files: The files.
        texts: Other texts than those of the files, which the functions have been exchanged for.
    """
    paths = {str(path): path for path in files}
    seen = _watched(run, paths)
    running = _functions_running(seen.lines)
    own_texts: dict[str, str] = {}
    trees: dict[str, ast.Module] = {}
    found: dict[tuple[str, int], Editable] = {}
    for code, run_lines in seen.lines.items():
        file = code.co_filename
        if file not in trees:
            try:
                own_texts[file] = (texts or {}).get(paths[file]) or read_source(Path(file))
                trees[file] = ast.parse(own_texts[file])
            except (OSError, SyntaxError, GradproofError):
                continue
        own = running[id(code)]
        piece = next((made for one in own if (made := piece_of(one)) is not None), None)
        place = _definition(trees[file], code) if piece is None else (piece.function(own_texts[file]), (), ())
        if place is None:
            continue
        node, classes, within = place
        key = (file, node.lineno)
        if key not in found:
            functions = tuple(own) if code.co_name == node.name else ()
            found[key] = Editable(paths[file], node, classes, functions, within=within, piece=piece)
        elif code.co_name == node.name and not found[key].functions:
            found[key].functions = tuple(own)
        found[key].lines.update(run_lines)
        if code.co_name == node.name:
            found[key].names = seen.names.get(code, {})
    return Traced(tuple(one for one in found.values() if one.functions), seen.steps)


@dataclass(frozen=True)
class _Watched:
    """How often a run came to each line, the variables at each function's last end, and how many lines it ran."""

    lines: dict[CodeType, Counter[int]]
    names: dict[CodeType, dict[str, Any]]
    steps: int


def _watched(run: Callable[[], object], files: Container[str]) -> _Watched:
    """Run code, and see what of some files it runs; an exception ends it."""
    lines: dict[CodeType, Counter[int]] = {}
    names: dict[CodeType, dict[str, Any]] = {}
    steps = 0

    def local(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal steps
        if event == "line":
            steps += 1
            lines[frame.f_code][frame.f_lineno] += 1
        elif event == "return":
            names[frame.f_code] = dict(frame.f_locals)
        return local

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if event == "call" and frame.f_code.co_filename in files:
            lines.setdefault(frame.f_code, Counter())
            return local
        return None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        run()
    except Exception:  # the user's own code: what it has come to is known all the same
        pass
    finally:
        sys.settrace(before)
    return _Watched(lines, names, steps)


def _functions_running(codes: Collection[CodeType]) -> dict[int, list[FunctionType]]:
    """The functions whose code each of these is, by its id: one walk over all objects that there are, which is slow."""
    found: dict[int, list[FunctionType]] = {id(code): [] for code in codes}
    for one in gc.get_referrers(*codes) if codes else ():
        if isinstance(one, FunctionType) and id(one.__code__) in found:
            found[id(one.__code__)].append(one)
    return found


Definition = tuple[ast.FunctionDef, tuple[ast.ClassDef, ...], tuple[str, ...]]
"""A function, the classes that it is in, and the names of the functions that those are made in."""


def definitions(
    body: Sequence[ast.stmt], classes: tuple[ast.ClassDef, ...] = (), within: tuple[str, ...] = ()
) -> Iterator[Definition]:
    """The functions of a piece of text, those of classes that functions make too, each after what is around it."""
    for node in body:
        if isinstance(node, ast.FunctionDef):
            yield node, classes, within
            own = [one for one in ast.walk(node) if isinstance(one, ast.ClassDef)] if not classes else []
            for one in own:
                yield from definitions(one.body, (one,), (*within, node.name))
        elif isinstance(node, ast.ClassDef):
            yield from definitions(node.body, (*classes, node), within)
        elif isinstance(node, (ast.If, ast.Try, ast.With)):
            yield from definitions(node.body, classes, within)


def _definition(tree: ast.Module, code: CodeType) -> Definition | None:
    """The innermost of these functions around a piece of code."""
    found = None
    for one in definitions(tree.body):
        node = one[0]
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        if first <= code.co_firstlineno <= (node.end_lineno or node.lineno):
            found = one
    return found

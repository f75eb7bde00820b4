"""A derivation: the equations of one document, read from plain NumPy code, and their graph.

A module-level function is an equation. Its name is the quantity, its parameters are the quantities it is computed
from; a name that starts with an underscore is a helper. `NAME__label` is a second form of the same quantity. The
order in the file is the order in every report.
"""

from __future__ import annotations

import ast
import inspect
import linecache
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, Protocol

from gradproof.case.project import suggestions
from gradproof.case.source_text import read_source, shown
from gradproof.errors import GradproofError


class ReadFrom(Protocol):
    """The statements of existing code that an equation was read from."""

    @property
    def text(self) -> str:
        """The statement that yields the quantity, on one line."""


def parts_of(name: str) -> tuple[str, str]:
    """An equation's name as the quantity and the label of its form; `w__new` is the update of `w_`."""
    if name.endswith("__new"):
        return name, ""
    quantity, _, form = name.partition("__")
    return quantity, form


@dataclass(frozen=True)
class Equation:
    """A rule that yields one quantity from others.

    Attributes:
        name: The function's name, with the label of its form: `dLoss_dY5__chain`.
        inputs: The quantities it is computed from: the function's parameters.
        function: The function itself.
        path: The file it stands in.
        line: The line of its `def`.
        source: Its text.
        code: The statements of existing code that it was read from; None where it was written as an equation.
        forms: Input -> the equation that yields it here, where that is not the plain one: what a function computes
            itself is what it uses.
    """

    name: str
    inputs: tuple[str, ...]
    function: Callable[..., Any] = field(repr=False)
    path: Path = field(repr=False)
    line: int = field(repr=False)
    source: str = field(repr=False)
    code: ReadFrom | None = field(default=None, repr=False, compare=False)
    forms: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    @property
    def quantity(self) -> str:
        """The quantity it yields: the name without the label of its form."""
        return parts_of(self.name)[0]

    @property
    def form(self) -> str:
        """The label of its form, empty for the plain one."""
        return parts_of(self.name)[1]

    @property
    def place(self) -> str:
        """Folder, file and line, as in `manual/parameter_update_2.py:41`."""
        return f"{shown(self.path)}:{self.line}"

    @cached_property
    def written(self) -> str:
        """The equation on one line: the returned expression where the body is one return, else its statements."""
        if self.code is not None:
            return self.code.text.removeprefix(f"{self.quantity} = ")
        if not self.source:
            return f"{self.function.__name__}({', '.join(self.inputs)})"
        function = ast.parse(self.source).body[0]
        if not isinstance(function, ast.FunctionDef):
            return self.source.strip()
        body = [node for node in function.body if not _is_docstring(node)]
        if len(body) == 1 and isinstance(body[0], ast.Return) and body[0].value is not None:
            return ast.unparse(body[0].value)
        return "; ".join(" ".join(ast.unparse(node).split()) for node in body)


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


@dataclass(frozen=True)
class Derivation:
    """The equations of one document in their order.

    Attributes:
        name: The case's name: the file's name without its suffix.
        equations: In the order of the document.
        known_errata: Names of equations that are known to be wrong as written.
        title: The first line of the module's docstring.
        accepted: Why an equation that is known to be wrong stays as it is, by its name.
        whole: The existing code that the equations were read from, called as it is; None where they were written.
    """

    name: str
    equations: tuple[Equation, ...]
    known_errata: frozenset[str] = frozenset()
    title: str = ""
    accepted: Mapping[str, str] = field(default_factory=dict)
    whole: Any = field(default=None, repr=False, compare=False)

    @cached_property
    def by_name(self) -> Mapping[str, Equation]:
        """Equations by their names, and by their quantity for the form that others read: the plain one, or
        the first where there is no plain one."""
        table = {equation.name: equation for equation in self.equations}
        for equation in self.equations:
            table.setdefault(equation.quantity, equation)
        return table

    @cached_property
    def order(self) -> tuple[Equation, ...]:
        """The equations in an order in which each comes after those that it reads.

        Raises:
            GradproofError: Some equations read each other in a circle.
        """
        done: dict[str, Equation] = {}
        for equation in self.equations:
            self._visit(equation, done)
        return tuple(done.values())

    def _visit(self, start: Equation, done: dict[str, Equation]) -> None:
        """Depth first, with a stack of our own: a long chain of equations is no deep recursion."""
        path: dict[str, None] = {}
        stack: list[tuple[Equation, bool]] = [(start, False)]
        while stack:
            equation, left = stack.pop()
            if left:
                path.pop(equation.name)
                done[equation.name] = equation
            elif equation.name in path:
                circle = [*list(path)[list(path).index(equation.name) :], equation.name]
                raise GradproofError(
                    f"{equation.place}: the equations read each other in a circle: {' <- '.join(circle)}; "
                    "one of them must be computed from something else"
                )
            elif equation.name not in done:
                path[equation.name] = None
                stack.append((equation, True))
                parents = [self.yields(name, equation) for name in equation.inputs]
                stack.extend((parent, False) for parent in parents if parent is not None)

    def yields(self, name: str, reader: Equation) -> Equation | None:
        """The equation from which another one has an input; None where the input is a leaf."""
        return self.by_name.get(reader.forms.get(name, name))

    def upstream(self, equation: Equation) -> tuple[str, ...]:
        """Names of all equations that the given one is computed from, in the document's order."""
        found: set[str] = set()
        stack = [equation]
        while stack:
            reader = stack.pop()
            for name in reader.inputs:
                parent = self.yields(name, reader)
                if parent is not None and parent.name not in found:
                    found.add(parent.name)
                    stack.append(parent)
        return tuple(sorted(found, key=self._places.__getitem__))

    @cached_property
    def _places(self) -> Mapping[str, int]:
        """Where each equation stands in the document."""
        return {equation.name: place for place, equation in enumerate(self.equations)}


def read_derivation(module: ModuleType, name: str, within: Path) -> Derivation:
    """The derivation of a loaded module; functions imported from outside the folder `within` are no equations.

    Raises:
        GradproofError: A definition stands twice, a signature holds something other than quantities, or a
            known erratum names no equation.
    """
    place = f"manual/{name}.py"
    _refuse_double_definitions(Path(str(module.__file__)), place)
    functions = {
        key: value
        for key, value in vars(module).items()
        if isinstance(value, FunctionType)
        and not key.startswith("_")
        and Path(value.__code__.co_filename).is_relative_to(within)
    }
    if not functions:
        raise GradproofError(
            f"{place} has no equations: write module-level functions such as `def dLoss_dW(X, dLoss_dZ): return ...`"
        )
    equations = equations_of(functions)
    known = getattr(module, "KNOWN_ERRATA", ())
    title = (module.__doc__ or name).strip().splitlines()[0]
    derivation = Derivation(name, equations, known_errata(known, equations, place), title)
    return with_accepted(derivation, getattr(module, "ACCEPTED", {}), place)


def equations_of(functions: Mapping[str, FunctionType]) -> tuple[Equation, ...]:
    """Plain functions as equations, by the names they are given.

    Raises:
        GradproofError: A signature holds something other than quantities.
    """
    files: dict[Path, _File] = {}
    equations = []
    for name, function in functions.items():
        path = Path(function.__code__.co_filename)
        if path not in files:
            files[path] = _read_file(path)
        line, source = _definition(function, files[path])
        equations.append(Equation(name, _inputs(name, function, path, line), function, path, line, source))
    return tuple(equations)


def known_errata(known: object, equations: Iterable[Equation], place: str) -> frozenset[str]:
    """A module's `KNOWN_ERRATA`.

    Raises:
        GradproofError: It is no tuple of names of equations.
    """
    if isinstance(known, str) or not isinstance(known, Iterable):
        raise GradproofError(f"{place}: KNOWN_ERRATA is a tuple of names of equations, not {known!r}")
    names = [equation.name for equation in equations]
    for name in (listed := tuple(known)):
        if name not in names:
            raise GradproofError(
                f"{place}: KNOWN_ERRATA names {name!r}, which is no equation here{suggestions(str(name), names)}",
                name=str(name),
                known=names,
            )
    return frozenset(listed)


def with_accepted(derivation: Derivation, accepted: object, place: str) -> Derivation:
    """The derivation with a module's `ACCEPTED`: known errata that stay as they are, each with its reason.

    Raises:
        GradproofError: It is no table of reasons by names of equations, or one stands in `KNOWN_ERRATA` as well.
    """
    example = '{"dLoss_dW": "clipped by design"}'
    if not isinstance(accepted, Mapping):
        raise GradproofError(f"{place}: ACCEPTED gives the reason for each equation, as in {example}; not {accepted!r}")
    for name, reason in accepted.items():
        if not isinstance(reason, str) or not reason.strip():
            raise GradproofError(f"{place}: ACCEPTED[{name!r}] is {reason!r}, but an accepted deviation has a reason")
    names = [equation.name for equation in derivation.equations]
    for name in accepted:
        if name not in names:
            raise GradproofError(
                f"{place}: ACCEPTED names {name!r}, which is no equation here{suggestions(str(name), names)}",
                name=str(name),
                known=names,
            )
    if both := sorted(derivation.known_errata & accepted.keys()):
        raise GradproofError(f"{place}: {', '.join(both)} stands in KNOWN_ERRATA and in ACCEPTED; leave it in one")
    reasons = {name: " ".join(reason.split()) for name, reason in accepted.items()}
    return replace(derivation, known_errata=derivation.known_errata | accepted.keys(), accepted=reasons)


def _inputs(name: str, function: FunctionType, path: Path, line: int) -> tuple[str, ...]:
    parameters = inspect.signature(function).parameters.values()
    for parameter in parameters:
        if parameter.kind is not parameter.POSITIONAL_OR_KEYWORD or parameter.default is not parameter.empty:
            raise GradproofError(
                f"{shown(path)}:{line}: {name}: the parameter `{parameter}` is not a plain "
                "name; a parameter is a quantity that the equation is computed from (write a constant into the body)"
            )
    return tuple(parameter.name for parameter in parameters)


@dataclass(frozen=True)
class _File:
    """The lines of a source file, its functions by their first line, and its assignments, which may hold a lambda."""

    lines: list[str]
    functions: dict[tuple[str, int], ast.FunctionDef]
    assignments: list[ast.Assign]


def _read_file(path: Path) -> _File:
    """The text of a file, or of a notebook's cell, which is kept in Python's own cache of lines."""
    text = read_source(path) if path.is_file() else "".join(linecache.getlines(str(path)))
    nodes = list(ast.walk(ast.parse(text)))
    functions = {(node.name, _first_line(node)): node for node in nodes if isinstance(node, ast.FunctionDef)}
    return _File(text.splitlines(keepends=True), functions, [node for node in nodes if isinstance(node, ast.Assign)])


def _first_line(node: ast.FunctionDef) -> int:
    """Where a definition begins, its decorators with it: what its code calls its first line."""
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def _definition(function: FunctionType, file: _File) -> tuple[int, str]:
    """Line and text of a function's definition; of the statement that holds it where it is a lambda."""
    first = function.__code__.co_firstlineno
    node: ast.stmt | None = file.functions.get((function.__name__, first))
    if node is None:
        held = (one for one in file.assignments if one.lineno <= first <= (one.end_lineno or one.lineno))
        node = next(held, None)
    if node is None:
        return first, ""
    start, end = min(first, node.lineno), node.end_lineno or node.lineno
    return node.lineno, inspect.cleandoc("\n" + "".join(file.lines[start - 1 : end])) + "\n"


def _refuse_double_definitions(path: Path, place: str) -> None:
    seen: dict[str, int] = {}
    for node in ast.parse(read_source(path)).body:
        if isinstance(node, ast.FunctionDef):
            if node.name in seen:
                raise GradproofError(
                    f"{place}:{node.lineno}: {node.name} is defined a second time and would hide the one at line "
                    f"{seen[node.name]}; a second form of a quantity has a label: `{node.name}__label`"
                )
            seen[node.name] = node.lineno

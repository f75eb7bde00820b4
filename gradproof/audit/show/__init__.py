"""NumPy code of an equation shown as LaTeX in source order, so that code and note can be laid side by side."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from gradproof.audit.printing.latex import latex
from gradproof.audit.reading.tree import Node
from gradproof.audit.show.arrays import array_names
from gradproof.audit.show.calls import CannotShow
from gradproof.audit.show.expressions import Translation

__all__ = ["CannotShow", "Shown", "equations_of", "latex_of", "show_module"]


@dataclass(frozen=True, slots=True)
class Shown:
    """An equation of a module: its function's name, and its LaTeX or the reason why it has none."""

    name: str
    latex: str
    reason: str = ""


def latex_of(source: str, *, written: Mapping[str, str] | None = None, arrays: frozenset[str] | None = None) -> str:
    """The LaTeX of the equation that one Python function computes: `Y_{5} = W_{35} Y_{3} + b_{5}`.

    `written`: LaTeX of names where it is not the usual (`{"W1": "W^{(1)}"}`). `arrays`: the names that are not
    single numbers, between which `*` is shown as ⊙; inferred from the function if not given. A function of several
    statements becomes an `aligned` block. Raises `CannotShow` with the line of what has no printed form.
    """
    functions = _functions(source)
    if len(functions) != 1:
        raise CannotShow(f"one function is shown at a time, {len(functions)} are given; show_module shows them all")
    arrays = array_names(ast.parse(source)) if arrays is None else arrays
    return _latex(functions[0], Translation(written or {}, arrays))


def show_module(source: str, *, written: Mapping[str, str] | None = None) -> tuple[Shown, ...]:
    """Every equation of a module in source order; what cannot be shown has the reason in place of its LaTeX."""
    translation = Translation(written or {}, array_names(ast.parse(source)))
    shown = []
    for function in _functions(source):
        if function.name.startswith("_"):
            continue
        try:
            shown.append(Shown(function.name, _latex(function, translation)))
        except CannotShow as error:
            shown.append(Shown(function.name, "", str(error)))
    return tuple(shown)


def equations_of(function: ast.FunctionDef, translation: Translation) -> list[tuple[Node, Node]]:
    """Left and right side of each statement of a function; the last is the quantity that it returns."""
    equations: list[tuple[Node, Node]] = []
    for statement in function.body:
        match statement:
            case ast.Expr(value=ast.Constant(value=str())):
                continue
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                equations.append((translation.name(name), translation.node(value)))
            case ast.Return(value=ast.expr() as value):
                equations.append((translation.name(function.name), translation.node(value)))
            case _:
                raise CannotShow(f"line {statement.lineno}: a {type(statement).__name__} statement")
    if not equations or not isinstance(function.body[-1], ast.Return):
        raise CannotShow(f"line {function.lineno}: {function.name} does not end by returning a value")
    return equations


def _latex(function: ast.FunctionDef, translation: Translation) -> str:
    equations = [(latex(left), latex(right)) for left, right in equations_of(function, translation)]
    if len(equations) == 1:
        return " = ".join(equations[0])
    rows = " \\\\\n".join(f"{left} &= {right}" for left, right in equations)
    return f"\\begin{{aligned}}\n{rows}\n\\end{{aligned}}"


def _functions(source: str) -> list[ast.FunctionDef]:
    try:
        module = ast.parse(source)
    except SyntaxError as error:
        raise CannotShow(f"line {error.lineno}: this is no Python: {error.msg}") from error
    return [statement for statement in module.body if isinstance(statement, ast.FunctionDef)]

"""Which names of NumPy code are arrays: `*` between two arrays is printed as ⊙, else as a plain product."""

from __future__ import annotations

import ast
from collections.abc import Set

from gradproof.case.names import ends

_REDUCTIONS = frozenset({"sum", "mean", "max", "min", "trace"})


def array_names(module: ast.Module, known: Set[str] = frozenset()) -> frozenset[str]:
    """The names in a module that its code treats as arrays, and those that are computed from them.

    An operand of `@`, a name with `.T`, `.shape` or an index, and what is reduced is an array; so is the result
    of an equation over arrays that are not reduced to one number, and a derivative by an array. `known` are arrays
    in any case.
    """
    names = set(known) | {name for node in ast.walk(module) for name in _used_as_array(node)}
    while True:
        more = {name for name, value in _assigned(module) if base_name(name) not in names and is_array(value, names)}
        derived = {
            node.id
            for node in ast.walk(module)
            if isinstance(node, ast.Name) and (both := ends(node.id)) and both.bottom in names
        }
        new = ({base_name(name) for name in more} | derived) - names
        if not new:
            return frozenset(names)
        names |= new


def base_name(name: str) -> str:
    """The quantity of a function's name: `dLoss_dZ2__chain` is a second form of `dLoss_dZ2`, `W1_new` is like `W1`."""
    return name.partition("__")[0].removesuffix("_new") if not name.startswith("_") else name


def _used_as_array(node: ast.AST) -> set[str]:
    match node:
        case ast.BinOp(op=ast.MatMult(), left=left, right=right):
            return _names(left) | _names(right)
        case ast.Attribute(attr="T" | "shape", value=ast.Name(id=name)) | ast.Subscript(value=ast.Name(id=name)):
            return {name}
        case ast.Call(func=ast.Attribute(attr=attr, value=value)) if attr in _REDUCTIONS:
            whole = [value, *node.args]
            return {part.id for part in whole if isinstance(part, ast.Name) and part.id not in ("np", "numpy")}
        case _:
            return set()


def _names(node: ast.expr) -> set[str]:
    """The names of an operand that is a plain name."""
    return {node.id} if isinstance(node, ast.Name) else set()


def _assigned(module: ast.Module) -> list[tuple[str, ast.expr]]:
    """Names with the expressions that are assigned to them or, for a function, returned."""
    found: list[tuple[str, ast.expr]] = []
    for node in ast.walk(module):
        match node:
            case ast.FunctionDef(name=name, body=[*_, ast.Return(value=ast.expr() as value)]):
                found.append((name, value))
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found.append((name, value))
    return found


def is_array(node: ast.expr, names: Set[str]) -> bool:
    """Whether an expression is more than one number, given the names that are."""
    match node:
        case ast.Name(id=name):
            return base_name(name) in names or name in names
        case ast.Call(func=ast.Attribute(attr=attr)) if attr in _REDUCTIONS:
            return any(keyword.arg == "axis" for keyword in node.keywords)
        case ast.BinOp(op=ast.MatMult()):
            return True
        case ast.Subscript() | ast.Constant():
            return False
        case ast.Attribute(attr="shape"):
            return False
        case ast.Call(func=ast.Name(id="len" | "float")):
            return False
        case _:
            return any(is_array(child, names) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr))

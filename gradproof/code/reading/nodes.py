"""Small pieces of syntax trees."""

from __future__ import annotations

import ast
import copy
import textwrap
from collections.abc import Iterator
from typing import Any

_SIZES = frozenset({"shape", "size", "ndim", "dtype"})
NOTHING = object()
"""What is no constant."""


def name_of(ident: str) -> ast.Name:
    """A name that is read."""
    return ast.Name(ident, ast.Load())


def short(text: str) -> str:
    """A statement's text on one line, for a message."""
    return textwrap.shorten(" ".join(text.split()), 90, placeholder=" ...")


def roots_of(target: ast.AST) -> Iterator[str]:
    """The variables that a target of an assignment is, or writes a part of: `dW` of `dW[i]`, `a` and `b` of `a, b`."""
    match target:
        case ast.Name():
            yield target.id
        case ast.Tuple() | ast.List():
            for part in target.elts:
                yield from roots_of(part)
        case ast.Subscript() | ast.Attribute() | ast.Starred():
            yield from roots_of(target.value)


def constant_of(node: ast.expr) -> Any:
    """The value of a constant index or key; `NOTHING` where it is none."""
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return NOTHING
    return value if isinstance(value, (int, str)) and not isinstance(value, bool) else NOTHING


def without_sizes(expression: ast.expr) -> ast.AST:
    """An expression without its questions about shapes and types."""
    bare: ast.AST = _Shapes().visit(copy.deepcopy(expression))
    return bare


class _Shapes(ast.NodeTransformer):
    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        return ast.Constant(0) if node.attr in _SIZES else self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        asks = isinstance(node.func, ast.Name) and node.func.id in ("len", "isinstance", "hasattr")
        return ast.Constant(0) if asks else self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        asks = all(isinstance(op, (ast.Is, ast.IsNot)) for op in node.ops)
        return ast.Constant(0) if asks else self.generic_visit(node)

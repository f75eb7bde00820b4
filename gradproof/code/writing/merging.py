"""A change of a statement over quantities, carried over to the statement as it stands in the code."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def names_in(node: ast.AST) -> set[str]:
    """The names in a text."""
    return {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}


def differing(one: ast.stmt, other: ast.stmt) -> tuple[str, int] | None:
    """Where in a loop or a condition the one statement is that differs; None where it is the statement itself."""
    if type(one) is not type(other):
        return None
    found = []
    for part in ("body", "orelse"):
        a, b = getattr(one, part, None), getattr(other, part, None)
        if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
            pairs = enumerate(zip(a, b, strict=True))
            found += [(part, index) for index, (left, right) in pairs if ast.dump(left) != ast.dump(right)]
    return found[0] if len(found) == 1 else None


def merged(original: ast.stmt, one: ast.stmt, other: ast.stmt, variables: Mapping[str, str]) -> str | None:
    """The original statement with the change that leads from one text over quantities to another."""
    old, new = (_value(in_variables(node, variables)) for node in (one, other))
    if old is None or new is None:
        return None
    if isinstance(original, ast.AugAssign) and not isinstance(one, ast.AugAssign):
        if isinstance(new, ast.BinOp) and ast.dump(_load(original.target)) == ast.dump(new.left):
            return ast.unparse(ast.AugAssign(original.target, new.op, new.right))
        return ast.unparse(ast.Assign([original.target], new, lineno=0))
    if type(original) is type(one) and isinstance(one, (ast.Assign, ast.AugAssign)) and not _same_head(one, other):
        return ast.unparse(in_variables(other, variables))
    unnamed = {name for name in names_in(old) if name not in variables.values() and name not in names_in(original)}
    for holder, name, index, part in _values(original):
        found: dict[str, ast.AST] = {}
        if _is_same(old, part, unnamed, found):
            new = _Filled(found).visit(copy.deepcopy(new))
            changed = copy.copy(getattr(holder, name))
            if index is None:
                changed = new
            else:
                changed[index] = new
            setattr(holder, name, changed)
            text = ast.unparse(original)
            if index is None:
                setattr(holder, name, part)
            else:
                changed[index] = part
            return text
    return None


def _is_same(pattern: object, node: object, unnamed: set[str], found: dict[str, ast.AST]) -> bool:
    """Whether a text is another, in which names without a variable of their own stand for what is computed there."""
    if isinstance(pattern, ast.Name) and pattern.id in unnamed and isinstance(node, ast.AST):
        return ast.dump(found.setdefault(pattern.id, node)) == ast.dump(node)
    if isinstance(pattern, ast.AST) and isinstance(node, ast.AST):
        pairs = zip(ast.iter_fields(pattern), ast.iter_fields(node), strict=False)
        return type(pattern) is type(node) and all(
            one[0] == "ctx" or _is_same(one[1], other[1], unnamed, found) for one, other in pairs
        )
    if isinstance(pattern, list) and isinstance(node, list):
        pairs = zip(pattern, node, strict=False)
        return len(pattern) == len(node) and all(_is_same(one, other, unnamed, found) for one, other in pairs)
    return pattern == node


class _Filled(ast.NodeTransformer):
    def __init__(self, found: Mapping[str, ast.AST]) -> None:
        self.found = found

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return self.found.get(node.id, node)


def _same_head(one: ast.stmt, other: ast.stmt) -> bool:
    """Whether two statements differ in their right sides only."""
    first, second = copy.deepcopy(one), copy.deepcopy(other)
    if type(first) is not type(second):
        return False
    for node in (first, second):
        if isinstance(node, (ast.Assign, ast.AugAssign)):
            node.value = ast.Constant(0)
    return ast.dump(first) == ast.dump(second)


def _value(node: ast.stmt) -> ast.expr | None:
    match node:
        case ast.Assign(value=value) | ast.AugAssign(value=value) | ast.Expr(value=value):
            return value
        case ast.Return(value=value) if value is not None:
            return value
        case ast.For(iter=value) | ast.While(test=value) | ast.If(test=value):
            return value
    return None


def _load(node: ast.expr) -> ast.expr:
    made = copy.deepcopy(node)
    for part in ast.walk(made):
        if hasattr(part, "ctx"):
            part.ctx = ast.Load()
    return made


def _values(node: ast.stmt) -> Iterator[tuple[ast.AST, str, int | None, ast.expr]]:
    """Every expression of what a statement computes, not of the place that it writes to."""
    for name in ("value", "iter", "test"):
        value = getattr(node, name, None)
        if isinstance(value, ast.expr):
            yield node, name, None, value
            yield from _expressions(value)


def _expressions(node: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.expr]]:
    """Every expression with the node and the field that hold it, the outermost first."""
    for name, value in ast.iter_fields(node):
        children: Sequence[Any] = value if isinstance(value, list) else [value]
        for index, child in enumerate(children):
            if isinstance(child, ast.expr):
                yield node, name, index if isinstance(value, list) else None, child
            if isinstance(child, ast.AST):
                yield from _expressions(child)


class _Named(ast.NodeTransformer):
    def __init__(self, variables: Mapping[str, str]) -> None:
        self.variables = variables

    def visit_Name(self, node: ast.Name) -> ast.AST:
        text = self.variables.get(node.id)
        return node if text is None else ast.parse(text, mode="eval").body


def in_variables(node: ast.stmt, variables: Mapping[str, str]) -> ast.stmt:
    """A statement over quantities in the code's own variables."""
    made: ast.stmt = _Named(variables).visit(copy.deepcopy(node))
    return made

"""What an expression multiplies and divides by."""

from __future__ import annotations

import ast


def undone_by(*roots: ast.AST) -> frozenset[tuple[str, str]]:
    """The factors, as operator and text, that take back what stands in expressions: `* n` where `x / n` does.

    A product that is divided by `n` and multiplied by `n` is not how anybody mends it: the division goes.
    """
    found: set[tuple[str, str]] = set()
    for node in (part for root in roots for part in ast.walk(root)):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            found.add(("*", ast.unparse(node.right)))
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            found |= {("/", ast.unparse(part)) for part in (node.left, node.right)}
    return frozenset(found)

"""The words of the code: what a function calls the values of another one, and how a term is written shortly."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradproof.repair.program.chain.rule import value_of
from gradproof.repair.program.chain.slopes import array_of
from gradproof.repair.program.edit import parsed
from gradproof.repair.program.running import Editable

UPSTREAM = "_upstream_"
"""What stands in a formula for the derivative that comes from above."""


def values_of(function: Editable) -> list[tuple[str, Any]]:
    """What the names of a function and the attributes in it stand for, the plainest first."""
    texts = {node.id for node in ast.walk(function.node) if isinstance(node, ast.Name)}
    texts |= {argument.arg for argument in ast.walk(function.node.args) if isinstance(argument, ast.arg)}
    texts |= {ast.unparse(n) for n in ast.walk(function.node) if isinstance(n, (ast.Attribute, ast.Subscript))}
    found = ((text, function.value(text)) for text in sorted(texts, key=lambda text: (len(text), text)))
    return [(text, value) for text, value in found if array_of(value) is not None or type(value) in (int, float)]


@dataclass(frozen=True)
class Words:
    """What a function of the backward pass calls the values of one of the forward pass."""

    here: Editable
    there: Editable
    values: Sequence[tuple[str, Any]]

    def of(self, node: ast.expr) -> ast.expr:
        """An expression of the forward pass in these words.

        Raises:
            LookupError: The backward pass has nothing with the value of a part.
        """
        if isinstance(node, ast.Constant) or (isinstance(node, ast.Name) and node.id in (UPSTREAM, "np")):
            return node
        text = ast.unparse(node)
        value = self.here.value(text) if UPSTREAM not in text else None
        if array_of(value) is not None or type(value) in (int, float):
            for name, other in (*self.values, (text, self.there.value(text))):
                if other is not None and value is not None and np.array_equal(_array(other), _array(value)):
                    return parsed(name)
        if isinstance(node, ast.Attribute) and node.attr in ("T", "shape", "size"):
            return ast.Attribute(self.of(node.value), node.attr, ast.Load())
        if isinstance(node, (ast.Name, ast.Attribute)) and not text.startswith("np."):
            raise LookupError(text)
        for field, part in ast.iter_fields(node):
            if isinstance(node, ast.Call) and field == "func":
                if isinstance(part, ast.Attribute) and not ast.unparse(part).startswith("np."):
                    part.value = self.of(part.value)
            elif isinstance(part, ast.expr):
                setattr(node, field, self.of(part))
            elif isinstance(part, list):
                setattr(node, field, [self.of(one) if isinstance(one, ast.expr) else one for one in part])
        return node


@dataclass
class Short(ast.NodeTransformer):
    """Puts variables in the place of products and calls that have their values."""

    function: Editable
    values: Sequence[tuple[str, Any]]

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, (ast.BinOp, ast.Call)):
            value = value_of(self.function, ast.unparse(node))
            for name, other in self.values:
                if (
                    value is not None
                    and np.shape(other) == value.shape
                    and np.allclose(other, value, rtol=1e-12, atol=0.0)
                ):
                    return parsed(name)
        return self.generic_visit(node)


def _array(value: Any) -> NDArray[Any]:
    """A value as an array; a tensor that needs gradients gives none by itself."""
    return np.asarray(value.detach() if hasattr(value, "detach") else value)


class _Plain(ast.NodeTransformer):
    """Leaves factors of 1 out, and writes -1 times something as a sign."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.BinOp(left=ast.Constant(value=1), op=ast.Mult(), right=other):
                return other
            case ast.BinOp(left=other, op=ast.Mult() | ast.Div(), right=ast.Constant(value=1)):
                return other
            case ast.BinOp(left=ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=1)), op=ast.Mult(), right=other):
                return ast.UnaryOp(ast.USub(), other)
            case ast.BinOp(left=ast.UnaryOp(op=ast.USub(), operand=one), op=ast.Mult() | ast.Div() as op, right=other):
                return ast.UnaryOp(ast.USub(), ast.BinOp(one, op, other))
        return node


def plain(text: str) -> str:
    """An expression without factors of 1."""
    return ast.unparse(_Plain().visit(parsed(text)))

"""Texts over steps: every variable of an expression or a statement replaced by the step that it is."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from gradproof.code.reading.steps import Ref

Node = TypeVar("Node", bound=ast.AST)


class Rewriter(ast.NodeTransformer):
    """Variables to steps, but for those that the text binds itself.

    Args:
        resolve: What an expression names without computing anything, or None.
        write: The text of what it names.
        hidden: Variables to be left alone.
    """

    def __init__(
        self,
        resolve: Callable[[ast.expr], Ref | None],
        write: Callable[[Ref], ast.expr],
        hidden: Iterable[str] = (),
    ) -> None:
        self.resolve, self.write = resolve, write
        self.hidden = set(hidden)

    def rewrite(self, node: Node) -> Node:
        """A copy of the text over steps."""
        self.hidden |= {
            name.id
            for part in ast.walk(node)
            if isinstance(part, ast.comprehension)
            for name in ast.walk(part.target)
            if isinstance(name, ast.Name)
        }
        self.hidden |= {
            argument.arg
            for part in ast.walk(node)
            if isinstance(part, (ast.Lambda, ast.FunctionDef))
            for argument in (*part.args.posonlyargs, *part.args.args, *part.args.kwonlyargs)
        }
        result: Node = self.visit(copy.deepcopy(node))
        return result

    def visit(self, node: ast.AST) -> Any:
        """One node: the largest part that names a value is replaced as a whole."""
        names = isinstance(node, (ast.Name, ast.Attribute, ast.Subscript, ast.Call))
        if isinstance(node, ast.expr) and names and isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
            hides = any(isinstance(part, ast.Name) and part.id in self.hidden for part in ast.walk(node))
            found = None if hides else self.resolve(node)
            if found is not None:
                return ast.copy_location(self.write(found), node)
        return self.generic_visit(node)

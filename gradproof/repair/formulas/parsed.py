"""What reading a function's text yields: formulas that know their place in the text."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from gradproof.repair.formulas.formula import Axis, Formula

PRECEDENCE = {"+": 10, "-": 10, "*": 20, "/": 20, "@": 20, "negate": 25, "**": 40}
LOWEST, COMPARISON, ATOM = 0, 5, 90


class Unreadable(Exception):
    """The text holds something that formulas do not know; the message says what."""


@dataclass(frozen=True)
class Parsed:
    """A formula and where it stands.

    Attributes:
        formula: What is written there.
        start: Offset of its first character in the function's text.
        end: Offset after its last character.
        precedence: How tightly it binds as it is written there; `ATOM` where it needs no parentheses anywhere.
        parts: Its operands where they stand in the text too, else empty.
    """

    formula: Formula
    start: int
    end: int
    precedence: int
    parts: tuple[Parsed, ...] = ()

    def __iter__(self) -> Iterator[Parsed]:
        """This one and all that stand inside it."""
        yield self
        for part in self.parts:
            yield from part


@dataclass(frozen=True)
class Parameter:
    """A parameter's name and where it stands, with its annotation."""

    name: str
    start: int
    end: int


@dataclass(frozen=True)
class Definition:
    """An equation's text, read.

    Attributes:
        name: The function's name.
        text: Its text.
        parameters: In order.
        opening: Offset where a first parameter would stand.
        steps: What is assigned to local names, by the number of the statement.
        result: What is returned.
    """

    name: str
    text: str
    parameters: tuple[Parameter, ...]
    opening: int
    steps: dict[int, Parsed]
    result: Parsed

    @property
    def formula(self) -> Formula:
        """The returned formula, local names and all."""
        return self.result.formula


def literal(node: ast.expr) -> object:
    """The value of a literal; NotImplemented where it is none."""
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        return NotImplemented


def dotted_root(node: ast.expr) -> str | None:
    """The first name of a dotted name; None where the expression is no dotted name."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def axis_of(node: ast.expr | None) -> Axis:
    """The axis that a reduction is given.

    Raises:
        Unreadable: It is not constant.
    """
    value = None if node is None else literal(node)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, tuple) and all(isinstance(part, int) for part in value):
        return value
    raise Unreadable(f"an axis that is not constant: {ast.unparse(node) if node else None}")

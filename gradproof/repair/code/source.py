"""A function's text with its syntax tree, in which every node knows its place."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from gradproof.repair.formulas.rewrite import Span

_BARE = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Constant, ast.Tuple, ast.List, ast.ListComp)
_TERMS = (*_BARE, ast.UnaryOp)
Place = ast.expr | ast.stmt | ast.arg | ast.keyword


@dataclass(frozen=True)
class Source:
    """The text of one function.

    Attributes:
        text: The text.
        function: Its syntax tree.
    """

    text: str
    function: ast.FunctionDef

    @classmethod
    def of(cls, text: str) -> Source | None:
        """The function that a text defines; None where it defines none."""
        try:
            body = ast.parse(text).body
        except SyntaxError:
            return None
        return cls(text, body[0]) if len(body) == 1 and isinstance(body[0], ast.FunctionDef) else None

    @cached_property
    def _lines(self) -> list[str]:
        return self.text.splitlines(keepends=True)

    @cached_property
    def _starts(self) -> list[int]:
        starts = [0]
        for line in self._lines:
            starts.append(starts[-1] + len(line))
        return starts

    def _offset(self, line: int, column: int) -> int:
        """Offset of a place that the syntax tree gives in bytes of a line."""
        return self._starts[line - 1] + len(self._lines[line - 1].encode()[:column].decode())

    def start(self, node: Place) -> int:
        """Offset of a node's first character."""
        return self._offset(node.lineno, node.col_offset)

    def end(self, node: Place) -> int:
        """Offset after a node's last character."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._offset(node.end_lineno, node.end_col_offset)

    def of_node(self, node: Place) -> str:
        """The text of a node, without parentheses around it."""
        return self.text[self.start(node) : self.end(node)]

    def grouped(self, node: ast.expr) -> str:
        """The text of a node as an operand of anything."""
        text = self.of_node(node)
        return text if isinstance(node, _BARE) else f"({text})"

    def replaced(self, node: Place, text: str) -> Span:
        """Another text in the place of a node."""
        return Span(self.start(node), self.end(node), text)

    def between(self, first: Place, second: Place, old: str, new: str) -> Span | None:
        """Another text for what stands between two nodes, such as an operator; None where it does not stand there."""
        start, end = self.end(first), self.start(second)
        place = self.text.find(old, start, end)
        return None if place < 0 else Span(place, place + len(old), new)

    def times(self, node: ast.expr, suffix: str, *, wrapped: bool) -> tuple[Span, ...]:
        """A node with a factor or divisor put behind it; `wrapped` where what stands around it binds as tightly."""
        if isinstance(node, ast.Constant) and node.value == 1 and suffix.startswith(" * "):
            factor = suffix.removeprefix(" * ")
            return (self.replaced(node, f"({factor})" if wrapped else factor),)
        product = isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div, ast.MatMult, ast.Pow))
        before, after = ("", suffix) if product or isinstance(node, _TERMS) else ("(", f"){suffix}")
        return self._around(node, f"({before}" if wrapped else before, f"{after})" if wrapped else after)

    def plus(self, node: ast.expr, suffix: str, *, wrapped: bool) -> tuple[Span, ...]:
        """A node with a term put behind it; `wrapped` where what stands around it binds more tightly."""
        sums = isinstance(node, (ast.BinOp, *_TERMS))
        before, after = ("", suffix) if sums else ("(", f"){suffix}")
        return self._around(node, f"({before}" if wrapped else before, f"{after})" if wrapped else after)

    def negated(self, node: ast.expr) -> tuple[Span, ...]:
        """A node with its sign changed."""
        start, end = self.start(node), self.end(node)
        if isinstance(node, _BARE):
            return (Span(start, end, f"(-{self.of_node(node)})"),)
        return Span(start, start, "(-("), Span(end, end, "))")

    def _around(self, node: ast.expr, before: str, after: str) -> tuple[Span, ...]:
        start, end = self.start(node), self.end(node)
        return (*((Span(start, start, before),) if before else ()), Span(end, end, after))

    def line_start(self, node: Place) -> int:
        """Offset of the line that a node begins on."""
        return self._starts[node.lineno - 1]

    def depth(self, statement: ast.stmt) -> int:
        """How many loops stand around a statement."""
        loops = [node for node in self.statements if isinstance(node, (ast.For, ast.While)) and node is not statement]
        return sum(statement in ast.walk(loop) for loop in loops)

    @cached_property
    def bases(self) -> frozenset[int]:
        """Nodes that are no values of their own, by identity: what is called, or what an entry or attribute is of."""
        nodes = list(ast.walk(self.function))
        owned = [node.value for node in nodes if isinstance(node, (ast.Attribute, ast.Subscript))]
        return frozenset(map(id, [*owned, *(node.func for node in nodes if isinstance(node, ast.Call))]))

    @cached_property
    def bound(self) -> frozenset[str]:
        """The parameters and the names that the body gives values."""
        nodes = [node for node in ast.walk(self.function) if isinstance(node, ast.Name)]
        stored = {node.id for node in nodes if isinstance(node.ctx, ast.Store)}
        return frozenset(stored.union(argument.arg for argument in self.function.args.args))

    @cached_property
    def statements(self) -> tuple[ast.stmt, ...]:
        """All statements of the body, in the order of the text."""
        return tuple(_statements(self.function.body))


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        yield node
        for part in ("body", "orelse", "finalbody"):
            yield from _statements(getattr(node, part, []))


def own_expressions(statement: ast.stmt) -> Iterator[ast.expr]:
    """The expressions that a statement holds itself, without those of the statements inside it."""
    for _, value in ast.iter_fields(statement):
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, ast.expr):
                yield each


def function_name(call: ast.Call) -> str:
    """The last part of the name of what is called."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")

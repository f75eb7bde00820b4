"""Rows and columns that a note names in words: "the design matrix `X` has the rows `x_n^T`"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gradproof.audit.own.names.families import symbols_in, trees_of
from gradproof.audit.reading.read import Statement
from gradproof.audit.reading.tree import Entry, Node, Symbol, Transpose

_NAME = r"\\(?:mathbf|boldsymbol|bm|vec)\s?\{\s?[A-Za-z]\s?\}|[A-Za-z]|\\[A-Za-z]{2,12}"
_MATRIX = rf"\$\s?({_NAME})(?:\s?\\in[^$]{{1,60}})?\s?\$"
_VECTOR = rf"\$\s?({_NAME})_\{{?([a-z])\}}?\s?(\^\{{?(?:\\top|T|\\intercal)\}}?)?(?:\s?\\in[^$]{{1,60}})?\s?\$"
_KIND = r"(row|column)s?\b"
_BETWEEN = r"(?:[^.$\n]|\$[a-z]\$){0,60}\n?(?:[^.$\n]|\$[a-z]\$){0,40}"
_SAID = (
    re.compile(rf"{_MATRIX}{_BETWEEN}?\b{_KIND}[^.$\n]{{0,20}}{_VECTOR}"),  # X has the rows x_n^T
    re.compile(rf"{_VECTOR}{_BETWEEN}?\b{_KIND}\s{{1,3}}of\s[^.$\n]{{0,30}}{_MATRIX}"),  # x_n^T is the n-th row of X
    re.compile(rf"\b{_KIND}\s{{1,3}}of\s[^.$\n]{{0,30}}{_MATRIX}{_BETWEEN}?\b(?:is|are|by)\s[^.$\n]{{0,20}}{_VECTOR}"),
    re.compile(rf"\b{_KIND}[^.$\n]{{0,20}}{_VECTOR}{_BETWEEN}?\bof\s[^.$\n]{{0,30}}{_MATRIX}"),  # rows x_n^T of X
    re.compile(rf"{_MATRIX}{_BETWEEN}?{_VECTOR}\s{{1,3}}as\s{{1,3}}(?:its\s)?{_KIND}"),  # X having x_i^T as rows
)
_ORDER = (
    ("matrix", "kind", "vector"),
    ("vector", "kind", "matrix"),
    ("kind", "matrix", "vector"),
    ("kind", "vector", "matrix"),
    ("matrix", "vector", "kind"),
)


@dataclass(frozen=True)
class Rows:
    """For the name of a vector the matrix whose rows, or columns, such vectors are."""

    known: dict[str, tuple[str, str]]

    def node(self, node: Node, by: int = 1) -> Node:
        """`x_n` as the row n of `X`; `by = -1`: as it was printed."""
        if by < 0:
            return self._back(node)
        if not isinstance(node, Symbol) or node.name not in self.known or node.sup or not node.sub:
            return node
        matrix, kind = self.known[node.name]
        if kind == "row":
            return replace(node, name=matrix)
        return Entry(Transpose(Symbol(matrix), span=node.span), node.sub, span=node.span)

    def _back(self, node: Node) -> Node:
        names = {pair: name for name, pair in self.known.items()}
        if isinstance(node, Symbol) and len(node.sub) == 1 and len(node.sub[0].text) == 1:
            return replace(node, name=names.get((node.name, "row"), node.name))
        if isinstance(node, Entry) and isinstance(node.argument, Transpose):
            inner = node.argument.argument
            if isinstance(inner, Symbol) and (inner.name, "column") in names:
                return Symbol(names[inner.name, "column"], node.labels, span=node.span)
        return node


def rows_in_words(text: str, statements: Sequence[Statement]) -> Rows | None:
    """What a note says of rows and columns, of matrices and vectors that it uses and no formula defines."""
    defined = set()
    for statement in statements:
        first = statement.sides[0].node if len(statement.sides) > 1 else None
        if isinstance(first, Symbol):
            defined.add(first.name)
    printed = [symbol for tree in trees_of(statements) for symbol in symbols_in(tree)]
    bare = {symbol.name for symbol in printed if not (symbol.sub or symbol.sup or symbol.mark)}
    known: dict[str, tuple[str, str]] = {}
    for pattern, order in zip(_SAID, _ORDER, strict=True):
        for match in pattern.finditer(text):
            groups = iter(match.groups())
            found: dict[str, str] = {}
            for part in order:
                found[part] = next(groups)
                if part == "vector":
                    next(groups)  # its index
                    found["turned"] = next(groups) or ""
            vector, matrix = _base(found["vector"]), _base(found["matrix"])
            if vector not in defined and matrix in bare and matrix not in defined and vector != matrix:
                known.setdefault(vector, (matrix, found["kind"]))
    return Rows(known) if known else None


def _base(name: str) -> str:
    """A name without the command of its style."""
    inner = re.search(r"\{\s?([A-Za-z])\s?\}", name)
    return inner[1] if inner else name

"""One side of an equation parsed with the grammar, and the tree built from it without recursion."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any, NamedTuple, cast

from lark import Lark, Transformer
from lark import Token as Terminal
from lark.exceptions import UnexpectedToken, VisitError
from lark.lexer import Lexer as LarkLexer

from gradproof.audit.reading.lexing import lex
from gradproof.audit.reading.lexing.functions import Function
from gradproof.audit.reading.lexing.limits import Range
from gradproof.audit.reading.limits import Limits, Unreadable
from gradproof.audit.reading.names import Names
from gradproof.audit.reading.tokens import Token
from gradproof.audit.reading.tree import (
    Big,
    Call,
    Cases,
    Comparison,
    Derivative,
    Entry,
    Fraction,
    Inverse,
    Matrix,
    Node,
    Norm,
    Number,
    Operator,
    Power,
    Product,
    Span,
    Sum,
    Symbol,
    Transpose,
    height,
)

_HEIGHT = 80  # of a tree: the passes over it recurse, a few frames for each level
_WORDS = {
    "RPAR": "a closing bracket",
    "RBRACE": "'}'",
    "RBAR": "a closing '|'",
    "RNORM": "a closing norm",
    "END": "the end of the environment",
    "COMPARE": "a comparison",
    "LBRACE": "a group in braces",
}


def parse(tokens: Sequence[Token], names: Names, limits: Limits) -> tuple[Node, list[tuple[int, str]]]:
    """The tree of one side of an equation, with notes (offset, remark) on how it was taken.

    Raises `Unreadable` with the reason and the offset of the character where reading ended.
    """
    if not tokens:
        raise Unreadable("one side of the equation is empty", 0)
    terminals, notes = lex(tokens, names, limits.depth)
    end = tokens[-1].end
    try:
        tree = cast(Node, _parser().parse(cast(str, terminals)))
    except UnexpectedToken as error:
        raise _unexpected(error, end) from error
    except VisitError as error:
        if isinstance(error.orig_exc, Unreadable):
            raise error.orig_exc from error
        raise
    if height(tree) > _HEIGHT:
        raise Unreadable(f"a formula of more than {_HEIGHT} levels", tokens[0].start)
    return tree, notes


class _Terminals(LarkLexer):
    """Lark's side of the lexer: the terminals are made before parsing."""

    def __init__(self, lexer_conf: object) -> None:
        pass

    def lex(self, lexer_state: Any, parser_state: Any = None) -> Iterator[Terminal]:
        yield from lexer_state


@cache
def _parser() -> Lark:
    grammar = files("gradproof.audit.reading").joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", lexer=_Terminals, transformer=_Builder())


def _unexpected(error: UnexpectedToken, end: int) -> Unreadable:
    token = error.token
    allowed = sorted(_WORDS[name] for name in error.accepts or error.expected if name in _WORDS)
    expected = f": {' or '.join(allowed)} is expected" if allowed else ""
    if token.type == "$END":
        return Unreadable(f"the formula ends too early{expected}", end)
    return Unreadable(f"'{str(token)[:30]}' is not expected here{expected}", token.start_pos or 0)


def _span(items: Sequence[Any]) -> Span:
    """From the first to the last of terminals and nodes."""
    first, last = items[0], items[-1]
    start = first.start_pos if isinstance(first, Terminal) else first.span[0]
    end = last.end_pos if isinstance(last, Terminal) else last.span[1]
    return cast(int, start), cast(int, end)


class _Builder(Transformer[Terminal, Any]):
    """Nodes from the grammar's rules; lark calls it while it parses, innermost first."""

    def start(self, items: list[Any]) -> Node:
        return cast(Node, items[0])

    def expr(self, items: list[Any]) -> Node:
        signs: list[str] = []
        terms: list[Node] = []
        places: list[int] = []
        sign, place = "+", -1
        for item in items:
            if isinstance(item, Terminal):
                sign = "-" if (sign == "-") != (item.value == "-") else "+"
                place = item.start_pos if place == -1 and item.start_pos is not None else place
                continue
            signs.append(sign)
            terms.append(item)
            places.append(place)
            sign, place = "+", -1
        if len(terms) == 1 and signs[0] == "+":
            return terms[0]
        return Sum(tuple(signs), tuple(terms), tuple(places), span=_span(items))

    def term(self, items: list[Any]) -> Node:
        factors: list[Node] = []
        operators: list[Operator] = []
        places: list[int] = []
        operator, place, minus = "juxt", -1, False
        for item in items:
            if isinstance(item, Terminal):
                if item.type == "SIGN":
                    minus ^= item.value == "-"
                else:
                    operator, place = item.value, item.start_pos or 0
                continue
            if factors:
                operators.append(cast(Operator, operator))
                places.append(place if place != -1 else item.span[0])
            factors.append(Sum(("-",), (item,), (item.span[0],), span=item.span) if minus else item)
            operator, place, minus = "juxt", -1, False
        if len(factors) == 1:
            return factors[0]
        return Product(tuple(factors), tuple(operators), tuple(places), span=_span(items))

    def big(self, items: list[Any]) -> Node:
        value: Range = items[0].value
        minus = sum(isinstance(item, Terminal) and item.value == "-" for item in items[1:-1]) % 2
        body = items[-1]
        if minus:
            body = Sum(("-",), (body,), (items[1].start_pos,), span=_span(items[1:]))
        low, high, index = value.low, value.high, value.index
        return Big(value.operator, index, body, low, high, value.items, value.conditions, span=_span(items))

    def call(self, items: list[Any]) -> Node:
        function: Function = items[0].value
        raised = next((item for item in items if isinstance(item, _Raised)), None)
        arguments = tuple(item for item in items if not isinstance(item, Terminal | _Raised))
        span = _span(items)
        node: Node = Call(function.function, function.primes, arguments, function.printed, function.name, span=span)
        return Power(node, raised.exponent, span=span) if raised else node

    def raised(self, items: list[Any]) -> _Raised:
        return _Raised(items[1].node)

    def transpose(self, items: list[Any]) -> Node:
        return Transpose(items[0], span=_span(items))

    def inverse(self, items: list[Any]) -> Node:
        return Inverse(items[0], span=_span(items))

    def power(self, items: list[Any]) -> Node:
        return Power(items[0], items[2].node, span=_span(items))

    def entry(self, items: list[Any]) -> Node:
        return Entry(items[0], items[1].value, span=_span(items))

    def number(self, items: list[Any]) -> Node:
        return Number(str(items[0]), span=_span(items))

    def symbol(self, items: list[Any]) -> Node:
        return cast(Symbol, items[0].value)

    def bracket(self, items: list[Any]) -> Node:
        return cast(Node, replace(items[1], span=_span(items)))

    def listed(self, items: list[Any]) -> Node:
        values = tuple(item for item in items if not isinstance(item, Terminal))
        kind = {r"\langle": "inner", r"\{": "set"}.get(str(items[0]), "concat")
        return Call(kind, 0, values, str(items[0]), span=_span(items))

    def group(self, items: list[Any]) -> _Group:
        return _Group(items[1], _span(items))

    def braced(self, items: list[Any]) -> Node:
        return cast(Node, replace(items[0].node, span=items[0].span))

    def fraction(self, items: list[Any]) -> Node:
        return Fraction(items[1].node, items[2].node, span=_span(items))

    def derivative(self, items: list[Any]) -> Node:
        return Derivative(items[1].node, items[2].node, items[0].value, span=_span(items))

    def derivative_of(self, items: list[Any]) -> Node:
        return Derivative(items[2], items[1].node, items[0].value, span=_span(items))

    def root(self, items: list[Any]) -> Node:
        return Call("sqrt", 0, (items[1].node,), r"\sqrt", span=_span(items))

    def absolute(self, items: list[Any]) -> Node:
        return Norm(items[1], "abs", span=_span(items))

    def norm(self, items: list[Any]) -> Node:
        return Norm(items[1], "norm", span=_span(items))

    def comparison(self, items: list[Any]) -> Node:
        return Comparison(items[1].value, items[0], items[2], span=_span(items))

    def case(self, items: list[Any]) -> tuple[Node, Comparison | None]:
        condition = items[2] if len(items) == 3 and isinstance(items[2], Comparison) else None
        return items[0], condition

    def cases(self, items: list[Any]) -> Node:
        cases = [item for item in items if isinstance(item, tuple)]
        if any(condition is None for _, condition in cases[:-1]):
            raise Unreadable("a case without a condition before the last", items[0].start_pos)
        return Cases(tuple(v for v, _ in cases), tuple(c for _, c in cases), span=_span(items))

    def row(self, items: list[Any]) -> list[Node]:
        return [item for item in items if not isinstance(item, Terminal)]

    def matrix(self, items: list[Any]) -> Node:
        rows = tuple(tuple(item) for item in items if isinstance(item, list))
        if any(len(upper) != len(lower) for upper, lower in pairwise(rows)):
            raise Unreadable("a matrix whose rows differ in length", items[0].start_pos)
        return Matrix(rows, span=_span(items))


class _Group(NamedTuple):
    """The content of braces, with their place."""

    node: Node
    span: Span


class _Raised:
    """The power of a function that is printed between its name and its argument: `\\tanh^2 x`."""

    def __init__(self, exponent: Node) -> None:
        self.exponent = exponent

"""The tree of printed maths: frozen nodes with their place in the document, which takes no part in equality."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Literal, TypeAlias

Span: TypeAlias = tuple[int, int]
NOWHERE: Span = (-1, -1)
Operator: TypeAlias = Literal["juxt", "dot", "times", "slash", "odot", "outer"]


@dataclass(frozen=True, slots=True)
class Placed:
    """What every node has: its place in the document."""

    span: Span = field(default=NOWHERE, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Number(Placed):
    """A number as printed: decimal text, so that no conversion happens before its length is checked."""

    text: str


@dataclass(frozen=True, slots=True)
class Label:
    """One label of a script: `35`, `l+1`, `new`; `bracket` is the bracket it was printed in."""

    text: str
    bracket: str = field(default="", compare=False)


Labels: TypeAlias = tuple[Label, ...]


@dataclass(frozen=True, slots=True)
class Symbol(Placed):
    """A printed quantity `W_{35}^{[l]}`: base name, labels below and above, and a mark such as a hat."""

    name: str
    sub: Labels = ()
    sup: Labels = ()
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Sum(Placed):
    """`a + b - c`, or `-a`: one sign for each term; `places` are the offsets of the signs (-1: not printed)."""

    signs: tuple[str, ...]
    terms: tuple[Node, ...]
    places: tuple[int, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Product(Placed):
    """`a b \\cdot c \\odot d`: the sign between each two factors, as printed; grouping is left to evaluation."""

    factors: tuple[Node, ...]
    operators: tuple[Operator, ...]
    places: tuple[int, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Fraction(Placed):
    """`\\frac{top}{bottom}`."""

    top: Node
    bottom: Node


@dataclass(frozen=True, slots=True)
class Power(Placed):
    """`base^{exponent}`."""

    base: Node
    exponent: Node


@dataclass(frozen=True, slots=True)
class Call(Placed):
    """`Relu'(z)`: which function it is, its primes and arguments; `printed` is its name in the document.

    `name`: the printed name with its scripts, of a function that the document itself defines: `h_\\theta(x)`.
    """

    function: str
    primes: int
    arguments: tuple[Node, ...]
    printed: str = field(default="", compare=False)
    name: Symbol | None = None


@dataclass(frozen=True, slots=True)
class Derivative(Placed):
    """`\\frac{d of}{d by}`, `\\frac{\\partial of}{\\partial by}` or `\\nabla_{by} of`."""

    of: Node
    by: Node
    style: Literal["d", "partial", "nabla"] = field(default="d", compare=False)


@dataclass(frozen=True, slots=True)
class Transpose(Placed):
    """`a^\\top`."""

    argument: Node


@dataclass(frozen=True, slots=True)
class Inverse(Placed):
    """`a^{-1}`."""

    argument: Node


@dataclass(frozen=True, slots=True)
class Entry(Placed):
    """Labels behind a value in brackets: `(W^\\top \\delta)_i`."""

    argument: Node
    labels: Labels


@dataclass(frozen=True, slots=True)
class Big(Placed):
    """`\\sum_{k=1}^{n}`, `\\prod`, `\\max_j`, `\\operatorname{mean}_i` over an index; empty limits are inferred."""

    operator: str
    index: str
    body: Node
    low: str = ""
    high: str = ""
    items: tuple[str, ...] = ()
    conditions: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Norm(Placed):
    """`|a|` (entry by entry) or `\\|a\\|` (Euclidean)."""

    argument: Node
    kind: Literal["abs", "norm"]


@dataclass(frozen=True, slots=True)
class Comparison(Placed):
    """`[a > b]`: 1 where it is true, else 0."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Cases(Placed):
    """The first value whose condition holds; `None` is "otherwise"."""

    values: tuple[Node, ...]
    conditions: tuple[Comparison | None, ...]


@dataclass(frozen=True, slots=True)
class Matrix(Placed):
    """A printed matrix, row by row."""

    rows: tuple[tuple[Node, ...], ...]


Node: TypeAlias = (
    Number
    | Symbol
    | Sum
    | Product
    | Fraction
    | Power
    | Call
    | Derivative
    | Transpose
    | Inverse
    | Entry
    | Big
    | Norm
    | Comparison
    | Cases
    | Matrix
)


def children(node: Node) -> tuple[Node, ...]:
    """The nodes right below, in printed order."""
    match node:
        case Sum(terms=below) | Product(factors=below) | Call(arguments=below):
            return below
        case Fraction(top=first, bottom=second) | Power(base=first, exponent=second):
            return first, second
        case Derivative(of=first, by=second) | Comparison(left=first, right=second):
            return first, second
        case Transpose(argument=only) | Inverse(argument=only) | Entry(argument=only) | Norm(argument=only):
            return (only,)
        case Big(body=only):
            return (only,)
        case Cases(values=values, conditions=conditions):
            return (*values, *(condition for condition in conditions if condition is not None))
        case Matrix(rows=rows):
            return tuple(entry for row in rows for entry in row)
        case _:
            return ()


def with_children(node: Node, below: tuple[Node, ...]) -> Node:
    """The same node over other children, given in the order of `children`."""
    match node:
        case Sum():
            return replace(node, terms=below)
        case Product():
            return replace(node, factors=below)
        case Call():
            return replace(node, arguments=below)
        case Cases(values=values, conditions=conditions):
            rest = iter(below[len(values) :])
            kept = tuple(None if condition is None else next(rest) for condition in conditions)
            return replace(node, values=below[: len(values)], conditions=kept)  # type: ignore[arg-type]
        case Matrix(rows=rows):
            entries = iter(below)
            return replace(node, rows=tuple(tuple(next(entries) for _ in row) for row in rows))
        case Number() | Symbol():
            return node
        case _:
            names = [f.name for f in fields(node) if f.name in _CHILD_FIELDS]
            return replace(node, **dict(zip(names, below, strict=True)))  # type: ignore[arg-type]


_CHILD_FIELDS = {"top", "bottom", "base", "exponent", "of", "by", "left", "right", "argument", "body"}


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, parents first; a loop, so depth costs nothing."""
    waiting = [node]
    while waiting:
        here = waiting.pop()
        yield here
        waiting.extend(reversed(children(here)))


def height(node: Node) -> int:
    """How many nodes stand on the longest way down."""
    level, highest = [node], 0
    while level:
        highest += 1
        level = [below for here in level for below in children(here)]
    return highest

"""A tree of printed maths, walked once for whatever it is written in: its order, and the brackets that it needs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Generic, TypeVar

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
    Power,
    Product,
    Sum,
    Symbol,
    Transpose,
)

Shown = TypeVar("Shown")

# How tightly a place binds: what stands there without brackets must bind as tightly.
_SUM, _TERM, _FACTOR, BASE = range(4)
_LISTS = {"concat": "[]", "inner": "<>", "set": "{}"}


class Printing(ABC, Generic[Shown]):
    """A notation: one method for each thing that is printed, its parts shown already."""

    def show(self, node: Node) -> Shown:
        """A tree, with brackets where they are needed.

        Raises:
            TypeError: A node is of a kind that is not printed.
        """
        return self.within(node, _SUM)

    def within(self, node: Node, place: int) -> Shown:
        """A tree where it has to bind as tightly as `place`."""
        shown, binds = self._plain(node)
        return shown if binds >= place else self.fenced("()", shown)

    def _plain(self, node: Node) -> tuple[Shown, int]:
        """A node without brackets around it, and how tightly it binds."""
        match node:
            case Number(text=text):
                return self.number(text), BASE
            case Symbol():
                return self.symbol(node), BASE
            case Norm(argument=argument, kind=kind):
                return self.fenced("||" if kind == "abs" else "\u2016\u2016", self.show(argument)), BASE
            case Sum(signs=signs, terms=terms):
                return self.sum(signs, [self.within(term, _TERM) for term in terms]), _SUM
            case Product(factors=factors):
                # A sum over an index reaches to the end of its term, so only the last factor can be one.
                last = _TERM if isinstance(factors[-1], Big) else _FACTOR
                places = [*[_FACTOR] * (len(factors) - 1), last]
                return self.product(node, [self.within(f, p) for f, p in zip(factors, places, strict=True)]), _TERM
            case Big(body=body):
                return self.big(node, _below(node), self.within(body, _TERM)), _TERM
            case _:
                return self._factor(node), _FACTOR

    def _factor(self, node: Node) -> Shown:
        match node:
            case Fraction(top=top, bottom=bottom):
                return self.fraction(self.show(top), self.show(bottom))
            case Derivative(of=of, by=by, style="nabla"):
                return self.gradient(self.show(by), self.within(of, _FACTOR))
            case Derivative(of=Symbol() as of, by=by, style=style):
                return self.derivative(style, self.show(of), self.show(by), None)
            case Derivative(of=of, by=by, style=style):
                return self.derivative(style, None, self.show(by), self.within(of, BASE))
            case Call(function="sqrt", arguments=[argument], primes=0):
                return self.root(self.show(argument))
            case Call(function=function, arguments=arguments) if function in _LISTS:
                return self.fenced(_LISTS[function], self.listed([self.show(argument) for argument in arguments]))
            case Call(arguments=arguments):
                inner = self.fenced("()", self.listed([self.show(argument) for argument in arguments]))
                return self.call((node.printed or node.function).lstrip("?"), node.primes, inner)
            case Comparison():
                return self.indicator(self.fenced("[]", self._comparison(node)))
            case Transpose(argument=argument):
                return self.transposed(argument, self.within(argument, BASE))
            case Inverse(argument=argument):
                return self.raised(argument, self.within(argument, BASE), self.sum("-", [self.number("1")]))
            case Power(base=base, exponent=exponent):
                return self.raised(base, self.within(base, BASE), self.show(exponent))
            case Entry():
                return self.entry(node)
            case Cases(values=values, conditions=conditions):
                return self.cases(
                    [
                        (self.show(value), self._comparison(condition) if condition else None)
                        for value, condition in zip(values, conditions, strict=True)
                    ]
                )
            case Matrix(rows=rows):
                return self.matrix([[self.show(cell) for cell in row] for row in rows])
            case _:
                raise TypeError(f"a {type(node).__name__} is not printed")

    def _comparison(self, node: Comparison) -> Shown:
        return self.comparison(self.show(node.left), node.operator, self.show(node.right))

    @abstractmethod
    def number(self, text: str) -> Shown:
        """A number as it was written."""

    @abstractmethod
    def symbol(self, node: Symbol) -> Shown:
        """A name with its mark, primes and labels."""

    @abstractmethod
    def fenced(self, fence: str, inner: Shown) -> Shown:
        """Something between two brackets or bars."""

    @abstractmethod
    def listed(self, parts: Sequence[Shown]) -> Shown:
        """Parts with commas between them."""

    @abstractmethod
    def sum(self, signs: Sequence[str], terms: Sequence[Shown]) -> Shown:
        """Terms, each after its sign."""

    @abstractmethod
    def product(self, node: Product, factors: Sequence[Shown]) -> Shown:
        """Factors with their operators between them."""

    @abstractmethod
    def fraction(self, top: Shown, bottom: Shown) -> Shown:
        """One thing over another."""

    @abstractmethod
    def gradient(self, by: Shown, of: Shown) -> Shown:
        """A nabla."""

    @abstractmethod
    def derivative(self, style: str, top: Shown | None, by: Shown, of: Shown | None) -> Shown:
        """A quotient of differentials; what is no single name stands behind it (`of`)."""

    @abstractmethod
    def root(self, inner: Shown) -> Shown:
        """A square root."""

    @abstractmethod
    def call(self, name: str, primes: int, arguments: Shown) -> Shown:
        """A function of its arguments, which have their brackets."""

    @abstractmethod
    def indicator(self, inner: Shown) -> Shown:
        """A condition, in its brackets, as 1 or 0."""

    @abstractmethod
    def comparison(self, left: Shown, operator: str, right: Shown) -> Shown:
        """One side beside the other."""

    @abstractmethod
    def transposed(self, node: Node, base: Shown) -> Shown:
        """A transpose; `node` is what `base` shows."""

    @abstractmethod
    def raised(self, node: Node, base: Shown, exponent: Shown) -> Shown:
        """A power; `node` is what `base` shows."""

    @abstractmethod
    def entry(self, node: Entry) -> Shown:
        """An entry of something that is no single name."""

    @abstractmethod
    def big(self, node: Big, below: Sequence[tuple[str, str, str]], body: Shown) -> Shown:
        """A sum or product over an index; what stands below its sign comes as left, operator, right."""

    @abstractmethod
    def cases(self, rows: Sequence[tuple[Shown, Shown | None]]) -> Shown:
        """Values with their conditions; without one: otherwise."""

    @abstractmethod
    def matrix(self, rows: Sequence[Sequence[Shown]]) -> Shown:
        """Cells in rows, in brackets."""


def _below(node: Big) -> list[tuple[str, str, str]]:
    """What stands below the sign of a sum: the range of its index and further conditions; `=` starts a range."""
    conditions = list(node.conditions)
    if node.low:
        return [(node.index, "=", node.low), *conditions]
    if node.items:
        return [(node.index, "in", ", ".join(node.items)), *conditions]
    return conditions if conditions and conditions[0][0] == node.index else [(node.index, "", ""), *conditions]

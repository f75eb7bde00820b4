"""Python expressions as trees of printed maths, operand by operand in source order."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from gradproof.audit.reading.tree import (
    Comparison,
    Derivative,
    Entry,
    Fraction,
    Inverse,
    Label,
    Node,
    Number,
    Operator,
    Power,
    Product,
    Sum,
    Symbol,
    Transpose,
)
from gradproof.audit.show.arrays import is_array
from gradproof.audit.show.calls import call, cannot, cases, joined, length, whole
from gradproof.audit.values.declare import printed, read_symbol
from gradproof.case.names import ends

_COMPARISONS = {ast.Lt: "<", ast.Gt: ">", ast.LtE: "<=", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}


@dataclass(frozen=True)
class Translation:
    """How names are written, and which of them are arrays."""

    written: Mapping[str, str]
    arrays: frozenset[str]

    def name(self, name: str) -> Node:
        """The quantity that a name means: `dLoss_dW35` is a derivative, `W35_new` has a label, `eta` is Greek."""
        quantity = name.partition("__")[0] if not name.startswith("_") else name
        if quantity in self.written:
            return read_symbol(self.written[quantity])
        if both := ends(quantity):
            of, by = self.name(both.top), self.name(both.bottom)
            return Derivative(of, by, "d")
        if quantity.endswith("_new") and quantity[:-4] in self.written:
            base = read_symbol(self.written[quantity[:-4]])
            return Symbol(base.name, base.sub, (*base.sup, Label("new")), base.mark)
        return printed(quantity)

    def node(self, code: ast.expr) -> Node:
        """The tree of an expression; raises `CannotShow` for what has no printed form."""
        match code:
            case ast.Name(id=name):
                return self.name(name)
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return _number(code, number)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return Sum(("-",), (self.node(operand),))
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.node(operand)
            case ast.BinOp():
                return self._operation(code)
            case ast.Compare(left=left, ops=[operator], comparators=[right]) if type(operator) in _COMPARISONS:
                return Comparison(_COMPARISONS[type(operator)], self.node(left), self.node(right))
            case ast.IfExp(test=test, body=body, orelse=other):
                return cases(test, body, other, self.node)
            case ast.Attribute(attr="T", value=value):
                return Transpose(self.node(value))
            case ast.Subscript(value=ast.Attribute(attr="shape", value=value), slice=axis):
                return length(code, value, axis, self.node)
            case ast.Subscript(value=value, slice=index):
                return Entry(self.node(value), _labels(code, index))
            case ast.Call():
                return call(code, self.node)
            case _:
                raise cannot(code)

    def _operation(self, code: ast.BinOp) -> Node:
        left, right = self.node(code.left), self.node(code.right)
        if isinstance(code.op, ast.Add | ast.Sub):
            sign = "+" if isinstance(code.op, ast.Add) else "-"
            if isinstance(left, Sum):
                return Sum((*left.signs, sign), (*left.terms, right))
            return Sum(("+", sign), (left, right))
        if isinstance(code.op, ast.Mult | ast.MatMult | ast.Div):
            if isinstance(left, Sum) and left.signs == ("-",):  # Python's (-a) * b is printed -a b
                return Sum(("-",), (self._product(code, left.terms[0], right),))
            return self._product(code, left, right)
        if isinstance(code.op, ast.Pow):
            inverse = right == Sum(("-",), (Number("1"),))
            return Inverse(left) if inverse else Power(left, right)
        raise cannot(code)

    def _product(self, code: ast.BinOp, left: Node, right: Node) -> Node:
        if isinstance(code.op, ast.Div):
            return Fraction(left, right)
        both = is_array(code.left, self.arrays) and is_array(code.right, self.arrays)
        if isinstance(code.op, ast.Mult) and both:
            return joined(left, "odot", right)
        return joined(left, _plain_product(left, right), right)


def _plain_product(left: Node, right: Node) -> Operator:
    last = left.factors[-1] if isinstance(left, Product) else left
    # A name before a bracket would look like a function of it.
    return "dot" if isinstance(last, Symbol) and isinstance(right, Sum | Comparison) else "juxt"


def _number(code: ast.expr, number: int | float) -> Number:
    text = format(Decimal(repr(number)), "f")
    if not re.fullmatch(r"[0-9]{1,20}(\.[0-9]{1,19})?", text):  # what the reader takes, see Limits
        raise cannot(code, f"the number {number!r}")
    return Number(text)


def _labels(code: ast.expr, index: ast.expr) -> tuple[Label, ...]:
    """Python's indices from 0 as labels from 1."""
    parts = index.elts if isinstance(index, ast.Tuple) else [index]
    labels = []
    for part in parts:
        number = whole(part)
        if isinstance(part, ast.Slice) and part.lower is part.upper is part.step is None:
            labels.append(Label(":"))
        elif number is not None and number >= 0:
            labels.append(Label(str(number + 1)))
        else:
            raise cannot(code, "an index that is not a whole number")
    return tuple(labels)

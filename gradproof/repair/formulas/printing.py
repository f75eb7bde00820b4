"""From a formula to Python text, keeping the author's own text of every part that is still there."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gradproof.operators import written_number
from gradproof.repair.formulas.formula import (
    Binary,
    Call,
    Compare,
    Constant,
    Formula,
    Item,
    Literally,
    Local,
    Name,
    Negate,
    Reduce,
    Size,
    Transpose,
    Where,
    children,
)
from gradproof.repair.formulas.functions import ELEMENTWISE
from gradproof.repair.formulas.parsed import ATOM, COMPARISON, LOWEST, PRECEDENCE

Written = Mapping[Formula, tuple[str, int]]
"""Formula -> the author's text of it and how tightly that binds."""

_NOTHING: Written = MappingProxyType({})


def show(formula: Formula, written: Written = _NOTHING, numpy: str = "np", least: int = LOWEST) -> str:
    """The formula as Python.

    Args:
        formula: What to print.
        written: Text to use for parts that the author has written already.
        numpy: The name under which NumPy is known.
        least: How tightly the text must bind; it gets parentheses if it does not.
    """
    return _Printer(written, numpy).text(formula, least)


def least_precedence(parent: Formula, place: int) -> int:
    """How tightly an operand must bind at a place of its parent, if it is to stand there without parentheses."""
    match parent:
        case Binary(op="**"):
            return PRECEDENCE["**"] + 1 if place == 0 else PRECEDENCE["negate"]
        case Binary():
            return PRECEDENCE[parent.op] + place
        case Negate():
            return PRECEDENCE["negate"]
        case Compare():
            return COMPARISON + 1
        case Transpose() | Reduce() | Size() | Item():
            return ATOM
        case Call() if parent.function.startswith(".") and place == 0:
            return ATOM
    return LOWEST


class _Printer:
    def __init__(self, written: Written, numpy: str) -> None:
        self.written = written
        self.numpy = numpy

    def text(self, formula: Formula, least: int) -> str:
        """The formula's text, in parentheses if it binds less tightly than it must."""
        found = self.written.get(formula)
        text, precedence = found if found is not None else self.plain(formula)
        return f"({text})" if precedence < least else text

    def plain(self, formula: Formula) -> tuple[str, int]:
        match formula:
            case Name() | Local():
                return formula.id, ATOM
            case Literally():
                return formula.text, ATOM
            case Constant():
                return written_number(formula.value), ATOM if formula.value >= 0 else PRECEDENCE["negate"]
            case Binary():
                return self.binary(formula), PRECEDENCE[formula.op]
            case Negate():
                return f"-{self.text(formula.operand, least_precedence(formula, 0))}", PRECEDENCE["negate"]
            case Compare():
                left, right = (self.text(side, least_precedence(formula, 0)) for side in children(formula))
                return f"{left} {formula.op} {right}", COMPARISON
            case _:
                return self.applied(formula), ATOM

    def binary(self, formula: Binary) -> str:
        left, right = (self.text(part, least_precedence(formula, i)) for i, part in enumerate(children(formula)))
        if formula.op == "**":
            return f"{left}**{right}"
        return f"{left} {formula.op} ({right})" if right.startswith("-") else f"{left} {formula.op} {right}"

    def applied(self, formula: Formula) -> str:
        match formula:
            case Transpose():
                return f"{self.text(formula.operand, ATOM)}.T"
            case Reduce():
                axis = [] if formula.axis is None else [f"axis={formula.axis}"]
                keepdims = ["keepdims=True"] if formula.keepdims else []
                return f"{self.text(formula.operand, ATOM)}.{formula.function}({', '.join(axis + keepdims)})"
            case Size():
                size = "size" if formula.axis is None else f"shape[{formula.axis}]"
                return f"{self.text(formula.operand, ATOM)}.{size}"
            case Item():
                return f"{self.text(formula.operand, ATOM)}[{formula.subscript}]"
            case Where():
                parts = (formula.test, formula.yes, formula.no)
                return f"{self.numpy}.where({', '.join(self.text(part, LOWEST) for part in parts)})"
            case Call():
                return self.call(formula)
            case _:
                raise AssertionError(formula)

    def call(self, formula: Call) -> str:
        texts = [self.text(argument, LOWEST) for argument in formula.arguments]
        texts += [f"{name}={value}" for name, value in formula.keywords]
        if formula.function.startswith("."):
            return f"{self.text(formula.arguments[0], ATOM)}{formula.function}({', '.join(texts[1:])})"
        prefix = f"{self.numpy}." if formula.function in ELEMENTWISE else ""
        return f"{prefix}{formula.function}({', '.join(texts)})"

"""Reading calls: NumPy functions under any name, reductions as functions or methods, helpers of the module."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection
from typing import Protocol

from gradproof.repair.formulas.formula import (
    Binary,
    Call,
    Compare,
    Formula,
    Literally,
    Negate,
    Reduce,
    Size,
    Transpose,
    Where,
)
from gradproof.repair.formulas.functions import ELEMENTWISE, REDUCTIONS, Functions
from gradproof.repair.formulas.parsed import ATOM, Parsed, Unreadable, axis_of, dotted_root, literal


class ExpressionReader(Protocol):
    """What reading a call needs of the reader of expressions."""

    functions: Functions

    @property
    def bound(self) -> Collection[str]:
        """Names of parameters and locals."""

    def expression(self, node: ast.expr) -> Parsed:
        """Read any expression."""

    def leaf(self, node: ast.expr, formula: Formula) -> Parsed:
        """A formula without operands."""

    def node(
        self, node: ast.expr, make: Callable[[tuple[Formula, ...]], Formula], operands: Collection[ast.expr]
    ) -> Parsed:
        """A formula with operands."""


def read_call(reader: ExpressionReader, node: ast.Call) -> Parsed:
    """Read a call.

    Raises:
        Unreadable: It is none that formulas know.
    """
    if any(isinstance(argument, ast.Starred) for argument in node.args):
        raise Unreadable(f"arguments that are taken apart: {ast.unparse(node)}")
    keywords = {keyword.arg or "**": keyword.value for keyword in node.keywords}
    if "**" in keywords:
        raise Unreadable(f"arguments that are taken apart: {ast.unparse(node)}")
    family, name, operands = _function(reader, node)
    match family, len(operands):
        case ("reduction", 1 | 2) if keywords.keys() <= {"axis", "keepdims"}:
            return _reduction(reader, node, name, operands, keywords)
        case ("operator" | "comparison" | "special" | "elementwise", _) if not keywords:
            make = _maker(family, name, len(operands))
            if make is not None:
                return reader.node(node, make, operands)
            if name == "identity" and len(operands) == 1:
                return reader.expression(operands[0])
    return _other(reader, node, family, name, operands, keywords)


def _function(reader: ExpressionReader, node: ast.Call) -> tuple[str, str, list[ast.expr]]:
    """Family and name of the called function, and its operands, the object of a method first."""
    text = ast.unparse(node.func)
    if not isinstance(node.func, ast.Attribute):
        family, name = reader.functions.known(text) or ("", text)
        return family, name, list(node.args)
    root = dotted_root(node.func)
    if root is not None and root not in reader.bound and reader.functions.find(root) is not None:
        family, name = reader.functions.known(text) or ("", text)
        return family, name, list(node.args)
    method = node.func.attr
    family = "reduction" if method in REDUCTIONS else {"dot": "operator", "transpose": "special"}.get(method, "method")
    return family, "@" if method == "dot" else method, [node.func.value, *node.args]


def _reduction(
    reader: ExpressionReader, node: ast.Call, name: str, operands: list[ast.expr], keywords: dict[str, ast.expr]
) -> Parsed:
    axis = axis_of(keywords.get("axis", operands[1] if len(operands) == 2 else None))
    keepdims = literal(keywords["keepdims"]) if "keepdims" in keywords else False
    if not isinstance(keepdims, bool):
        raise Unreadable(f"keepdims that is not constant: {ast.unparse(node)}")
    return reader.node(node, lambda o: Reduce(name, o[0], axis, keepdims), operands[:1])


def _maker(family: str, name: str, count: int) -> Callable[[tuple[Formula, ...]], Formula] | None:
    """How the operands of a known function become a formula; None where it is called in another way."""
    match family, name, count:
        case ("operator", _, 2):
            return lambda o: Binary(name, o[0], o[1])
        case ("comparison", _, 2):
            return lambda o: Compare(name, o[0], o[1])
        case ("elementwise", _, 1 | 2):
            return lambda o: Call(name, o)
        case ("special", "where", 3):
            return lambda o: Where(o[0], o[1], o[2])
        case ("special", "transpose", 1):
            return lambda o: Transpose(o[0])
        case ("special", "negate", 1):
            return lambda o: Negate(o[0])
        case ("special", "length", 1):
            return lambda o: Size(o[0], 0)
    return None


def _other(
    reader: ExpressionReader,
    node: ast.Call,
    family: str,
    name: str,
    operands: list[ast.expr],
    keywords: dict[str, ast.expr],
) -> Parsed:
    """A call that is made as it is written: a helper of the module, or a function or method less common."""
    if any(literal(value) is NotImplemented for value in keywords.values()):
        raise Unreadable(f"keywords that are not constant: {ast.unparse(node)}")
    if isinstance(node.func, ast.Attribute) and operands and operands[0] is node.func.value:
        function = "." + node.func.attr
    else:
        function = ast.unparse(node.func)
        if not callable(reader.functions.find(function)) or (function in ELEMENTWISE and not family):
            raise Unreadable(f"a function that cannot be looked up: {function}")
    parts = tuple(_argument(reader, operand) for operand in operands)
    formula = Call(function, tuple(p.formula for p in parts), tuple((k, ast.unparse(v)) for k, v in keywords.items()))
    place = reader.leaf(node, formula)
    return Parsed(formula, place.start, place.end, ATOM, parts)


def _argument(reader: ExpressionReader, node: ast.expr) -> Parsed:
    """A formula, or a literal that is no number."""
    value = literal(node)
    if value is NotImplemented or (isinstance(value, (int, float)) and not isinstance(value, bool)):
        return reader.expression(node)
    return reader.leaf(node, Literally(ast.unparse(node)))

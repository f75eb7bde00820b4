"""Calls in NumPy code as printed maths: functions, reductions along an axis, lengths."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TypeAlias

from gradproof.audit.reading.tree import (
    Big,
    Call,
    Cases,
    Comparison,
    Entry,
    Label,
    Node,
    Norm,
    Number,
    Operator,
    Power,
    Product,
    Transpose,
)
from gradproof.audit.reading.vocabulary import FUNCTIONS, words
from gradproof.errors import GradproofError

Translate: TypeAlias = Callable[[ast.expr], Node]
_FUNCTIONS = words("exp log tanh sqrt sin cos sign relu softmax sigmoid softplus diag")
_TWO = {"maximum": "max", "minimum": "min"}
_REDUCED = {"sum": "sum", "mean": "mean", "max": "max", "min": "min", "amax": "max", "amin": "min"}
_LETTERS = "ijklmn"


class CannotShow(GradproofError):
    """Code that has no printed form: the line and what stands there."""


def cases(test: ast.expr, yes: ast.expr, no: ast.expr, node: Translate) -> Node:
    """`np.where(test, yes, no)` and `yes if test else no`."""
    condition = node(test)
    if not isinstance(condition, Comparison):
        raise cannot(test, "a condition that is not one comparison")
    return Cases((node(yes), node(no)), (condition, None))


def call(code: ast.Call, node: Translate) -> Node:
    """A call: a function, a reduction, or another way to write an operator."""
    if (reduced := _reduced(code)) is not None:
        return _reduction(code, *reduced, node)
    match code:
        case ast.Call(func=ast.Name(id="len"), args=[value]):
            return Call("rows", 0, (node(value),), "rows")
        case (
            ast.Call(func=ast.Attribute(attr="astype", value=value)) | ast.Call(func=ast.Name(id="float"), args=[value])
        ):
            return node(value)
        case ast.Call(func=ast.Attribute(attr="dot", value=left), args=[right]) if not _is_numpy(left):
            return joined(node(left), "juxt", node(right))
        case ast.Call(func=ast.Attribute(attr="transpose", value=value), args=[]):
            return Transpose(node(value))
        case ast.Call(keywords=[]):
            return _plain_call(code, node)
        case _:
            raise cannot(code)


def _plain_call(code: ast.Call, node: Translate) -> Node:
    name = _function_name(code)
    arguments = tuple(node(argument) for argument in code.args) if name != "where" else ()
    match name, arguments:
        case "where", _ if len(code.args) == 3:
            test, yes, no = code.args
            return cases(test, yes, no, node)
        case (("maximum" | "minimum"), (left, right)):
            return Call(_TWO[name], 0, (left, right), f"\\{_TWO[name]}")
        case (("dot" | "matmul"), (left, right)):
            return joined(left, "juxt", right)
        case "outer", (left, right):
            return Product((left, Transpose(right)), ("juxt",))
        case "transpose", (only,):
            return Transpose(only)
        case (("abs" | "absolute" | "fabs"), (only,)):
            return Norm(only, "abs")
        case "square", (only,):
            return Power(only, Number("2"))
        case "power", (left, right):
            return Power(left, right)
        case "trace", (only,):
            return Call("tr", 0, (only,), "tr")
        case _, (only,) if helper := _helper(name):
            function, primes = helper
            return Call(FUNCTIONS[function.lower()], primes, (only,), function)
        case _:
            raise cannot(code)


def _reduction(code: ast.Call, operator: str, value: ast.expr, node: Translate) -> Node:
    inner = node(value)
    axis = _axis(code)
    if axis is None:
        return Call(operator, 0, (inner,), operator)
    used = {name.id for name in ast.walk(code) if isinstance(name, ast.Name)}
    nested = sum(isinstance(part, ast.Call) and _reduced(part) is not None for part in ast.walk(value))
    free = [letter for letter in _LETTERS if letter not in used]
    index = free[nested % len(free)]
    labels = (Label(index),) if axis == 0 else (Label(":"), Label(index))
    return Big(operator, index, Entry(inner, labels))


def length(code: ast.expr, value: ast.expr, axis: ast.expr, node: Translate) -> Node:
    """`X.shape[0]` and `X.shape[1]`."""
    number = whole(axis)
    if number not in (0, 1, -1):
        raise cannot(code)
    function = "rows" if number == 0 else "columns"
    return Call(function, 0, (node(value),), function)


def joined(left: Node, operator: Operator, right: Node) -> Product:
    """A product; a left operand with the same kind of signs goes on, another one is put in brackets."""
    if isinstance(left, Product) and ("odot" in left.operators) == (operator == "odot"):
        return Product((*left.factors, right), (*left.operators, operator))
    return Product((left, right), (operator,))


def whole(code: ast.expr) -> int | None:
    """The number of a literal whole number, with or without a minus."""
    match code:
        case ast.Constant(value=int() as number):
            return number
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as number)):
            return -number
        case _:
            return None


def cannot(code: ast.expr, what: str = "") -> CannotShow:
    """The error for code without a printed form, with its line."""
    shown = ast.unparse(code)
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    return CannotShow(f"line {code.lineno}: {what + ' in ' if what else ''}'{shown}' has no printed form")


def _is_numpy(code: ast.expr) -> bool:
    return isinstance(code, ast.Name) and code.id in ("np", "numpy")


def _function_name(code: ast.Call) -> str:
    match code.func:
        case ast.Attribute(attr=name, value=value) if _is_numpy(value):
            return name
        case ast.Name(id=name):
            return name
        case _:
            return ""


def _helper(name: str) -> tuple[str, int] | None:
    """Function and primes of `exp`, and of the helpers of a derivation: `_Relu`, `_Relu_prime`."""
    function = name.lstrip("_")
    primes = int(function.endswith("_prime"))
    function = function.removesuffix("_prime")
    return (function, primes) if FUNCTIONS.get(function.lower()) in _FUNCTIONS else None


def _reduced(code: ast.Call) -> tuple[str, ast.expr] | None:
    """Operator and argument of `np.sum(x, ...)` and `x.sum(...)`."""
    if not isinstance(code.func, ast.Attribute) or code.func.attr not in _REDUCED:
        return None
    if any(keyword.arg not in ("axis", "keepdims") for keyword in code.keywords):
        return None
    operator = _REDUCED[code.func.attr]
    if _is_numpy(code.func.value):
        return (operator, code.args[0]) if len(code.args) == 1 else None
    return (operator, code.func.value) if not code.args else None


def _axis(code: ast.Call) -> int | None:
    """The axis of a reduction; None where all entries are reduced."""
    for keyword in code.keywords:
        if keyword.arg == "axis" and not (isinstance(keyword.value, ast.Constant) and keyword.value.value is None):
            axis = whole(keyword.value)
            if axis not in (0, 1, -1):
                raise cannot(code, "a reduction along this axis")
            return axis
    return None

"""Lifted evaluation: one walk over a formula evaluates many candidates in many trials.

Every value is an array `(candidates, trials, *shape)`; either leading axis may be 1. NumPy's rules are applied to a
value's own axes only: shapes are aligned after the leading axes, `axis=0` is the first own axis, `.T` turns the own
axes round.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

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
from gradproof.repair.formulas.functions import ELEMENTWISE, LEAD, REDUCTIONS, Array, Functions

FAILURES = (ValueError, IndexError, KeyError)
"""What a formula raises that cannot be evaluated: shapes that do not fit, an axis or a name that does not exist."""

_NONE: Mapping[int, Array] = MappingProxyType({})


def evaluate(
    formula: Formula, values: Mapping[str, Array], functions: Functions, known: Mapping[int, Array] = _NONE
) -> Array:
    """The formula's value, `(candidates, trials, *shape)`.

    Args:
        formula: What to evaluate.
        values: Value of each name.
        functions: What the names of functions mean.
        known: Values of subtrees that need no evaluation, by identity of the node.

    Raises:
        ValueError, IndexError, KeyError: It cannot be evaluated.
    """
    found = known.get(id(formula))
    if found is not None:
        return found
    if isinstance(formula, Name):
        return values[formula.id]
    return apply(
        formula,
        [None if is_raw(formula, child) else evaluate(child, values, functions, known) for child in children(formula)],
        functions,
    )


def is_raw(node: Formula, child: Formula) -> bool:
    """Whether an argument is passed as it is written: a literal of a function that only the module knows."""
    return isinstance(node, Call) and node.function not in ELEMENTWISE and isinstance(child, (Literally, Constant))


def apply(node: Formula, operands: Sequence[Array | None], functions: Functions) -> Array:
    """A node's value from the values of its operands, None for one that is passed as written; raises as `evaluate`."""
    if isinstance(node, Call) and node.function not in ELEMENTWISE:
        return _call(node, operands, functions)
    return _applied(node, [operand for operand in operands if operand is not None], functions)


def _applied(node: Formula, operands: Sequence[Array], functions: Functions) -> Array:
    match node:
        case Binary():
            return _binary(node.op, *operands)
        case Constant():
            return np.full((1,) * LEAD, float(node.value))
        case Negate():
            return -operands[0]
        case Compare():
            return _compare(node.op, *align(operands))
        case Reduce():
            return _reduce(node, operands[0])
        case Transpose():
            return _transpose(operands[0])
        case Call():
            return np.asarray(ELEMENTWISE[node.function](*align(operands)))
        case Where():
            test, yes, no = align(operands)
            return np.where(test != 0, yes, no)
        case Size():
            shape = operands[0].shape[LEAD:]
            return np.full((1,) * LEAD, float(math.prod(shape) if node.axis is None else shape[node.axis]))
        case Item():
            return _item(operands[0], node.subscript)
        case Local():
            return operands[0]
        case Literally():
            value = np.asarray(functions.constant(node.text), dtype=np.float64)
            return value.reshape((1,) * LEAD + value.shape)
        case _:
            raise ValueError(f"{node.kind} has no value of its own")


def align(operands: Sequence[Array]) -> list[Array]:
    """Values with equally many axes: own axes of length 1 are put before the shorter ones."""
    most = max(operand.ndim for operand in operands)
    return [
        operand
        if operand.ndim == most
        else operand.reshape(operand.shape[:LEAD] + (1,) * (most - operand.ndim) + operand.shape[LEAD:])
        for operand in operands
    ]


def _binary(op: str, left: Array, right: Array) -> Array:
    if op == "@":
        return _matmul(left, right)
    if left.ndim != right.ndim:
        left, right = align((left, right))
    match op:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left / right
        case _:
            return np.asarray(left**right)


def _matmul(left: Array, right: Array) -> Array:
    axes = left.ndim - LEAD, right.ndim - LEAD
    if 0 in axes:
        raise ValueError("a matrix product of a scalar")
    if axes == (1, 1):
        if left.shape[-1] != right.shape[-1]:
            raise ValueError("a scalar product of vectors of different lengths")
        return np.asarray((left * right).sum(axis=-1))
    if axes[1] == 1:
        return np.asarray((left @ right[..., None])[..., 0])
    if axes[0] == 1:
        return np.asarray((left[..., None, :] @ right)[..., 0, :])
    return np.asarray(left @ right)


def _compare(op: str, left: Array, right: Array) -> Array:
    match op:
        case ">":
            held = left > right
        case ">=":
            held = left >= right
        case "<":
            held = left < right
        case "<=":
            held = left <= right
        case "==":
            held = left == right
        case _:
            held = left != right
    return held.astype(np.float64)


def _transpose(operand: Array) -> Array:
    return operand.transpose((*range(LEAD), *range(operand.ndim - 1, LEAD - 1, -1)))


def _reduce(node: Reduce, operand: Array) -> Array:
    own = operand.ndim - LEAD
    if node.axis is None:
        axes = tuple(range(LEAD, operand.ndim))
    else:
        given = node.axis if isinstance(node.axis, tuple) else (node.axis,)
        if any(not -own <= axis < own for axis in given):
            raise ValueError(f"no axis {node.axis} in {own} axes")
        axes = tuple(axis + LEAD if axis >= 0 else axis + operand.ndim for axis in given)
    if not axes:
        return operand if node.function not in ("var", "std") else np.zeros_like(operand)
    return np.asarray(REDUCTIONS[node.function](operand, axis=axes, keepdims=node.keepdims))


def _call(node: Call, operands: Sequence[Array | None], functions: Functions) -> Array:
    arguments = [_raw(node.arguments[place], functions) if v is None else v for place, v in enumerate(operands)]
    return functions.call(node.function, arguments, {name: functions.constant(text) for name, text in node.keywords})


def _raw(child: Formula, functions: Functions) -> object:
    if isinstance(child, Constant):
        return child.value
    if isinstance(child, Literally):
        return functions.constant(child.text)
    raise ValueError(f"{child.kind} has no value of its own")


def _item(operand: Array, subscript: str) -> Array:
    picked: Array = operand.__getitem__((slice(None),) * LEAD + _subscript(subscript))
    return np.asarray(picked)


def _subscript(text: str) -> tuple[Any, ...]:
    """The index that constants, slices and commas between brackets stand for."""
    node = ast.parse(f"_[{text}]", mode="eval").body
    if not isinstance(node, ast.Subscript):
        raise ValueError(f"no index: {text}")
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    return tuple(_part(part) for part in parts)


def _part(node: ast.expr) -> Any:
    if isinstance(node, ast.Slice):
        return slice(*(None if end is None else ast.literal_eval(end) for end in (node.lower, node.upper, node.step)))
    return ast.literal_eval(node)

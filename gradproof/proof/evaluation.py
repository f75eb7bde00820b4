"""float64 values of expressions with rigorous error bounds, for many inputs at once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from gradproof.arrays.bounds.array import BoundArray
from gradproof.proof.expressions.expression import Expression
from gradproof.proof.expressions.simplify import is_truth_value
from gradproof.proof.expressions.walking import topological
from gradproof.proof.field.points import A_NODE, Deadline

Array = np.ndarray[Any, Any]
_A_BOUND = 5 * A_NODE
_FUNCTIONS = {"exp": np.exp, "log": np.log, "sqrt": np.sqrt, "sin": np.sin, "cos": np.cos}
error_function = np.vectorize(math.erf, otypes=[np.float64])


@dataclass(frozen=True, eq=False)
class Evaluated:
    """Values with error bounds, and where an expression is undefined (log or root of a negative, 1/0).

    `undefined` is where it certainly is; `doubtful` where it may be, because a condition compares an undefined value.
    """

    value: Any  # a BoundArray; typed so because NumPy's functions on it are not
    undefined: Array
    doubtful: Array


def evaluate(roots: Sequence[Expression], inputs: Mapping[str, Array], deadline: Deadline) -> list[Evaluated]:
    """Every root for inputs name -> (trials, *shape).

    A choice of `np.where` that is not taken does not count, so an expression is undefined only where the code that
    it came from is. Raises OutOfTime.
    """
    found: dict[int, Evaluated] = {}
    with np.errstate(all="ignore"):
        for count, node in enumerate(topological(roots)):
            if count % 64 == 0:
                deadline.check(64 * _A_BOUND)
            found[node.id] = _node(node, [found[a.id] for a in node.args], inputs)
    return [found[root.id] for root in roots]


def _node(node: Expression, args: list[Evaluated], inputs: Mapping[str, Array]) -> Evaluated:
    undefined: Array = np.zeros(1, dtype=bool)
    doubtful = undefined
    for part in args:
        undefined, doubtful = undefined | part.undefined, doubtful | part.doubtful
    if node.op == "mul":
        return _product(node, args)
    if node.op == "pos":
        # A comparison with NaN is false in NumPy: the code that has it need not be undefined.
        value = np.where(args[0].value > 0, 1.0, 0.0)
        return Evaluated(value, np.zeros(1, dtype=bool), undefined | doubtful)
    if node.op in ("log", "sqrt", "inv"):
        value, error = args[0].value.value, args[0].value.error
        outside = (value == 0) & (error == 0) if node.op == "inv" else value + error < 0
        undefined, doubtful = undefined | outside, doubtful | outside
    return Evaluated(_value(node, [part.value for part in args], inputs), undefined, doubtful)


def _value(node: Expression, args: list[Any], inputs: Mapping[str, Array]) -> Any:
    match node.op:
        case "const":
            return _constant(node.data)
        case "pi":
            return BoundArray([math.pi], [2.0**-52])
        case "var":
            name, index = node.data
            return BoundArray.exact(inputs[name][(slice(None), *index)])
        case "add":
            return _sum(args[0], args[1])
        case "inv":
            return 1.0 / args[0]
        case "erf":
            return _bounded_error_function(args[0])
    return _FUNCTIONS[node.op](args[0])


def _sum(a: BoundArray, b: BoundArray) -> Any:
    """A sum; adding an exact zero, as of a choice that is not taken, is exact."""
    total: Any = a + b
    for term, other in ((a, b), (b, a)):
        exact_zero = (term.value == 0) & (term.error == 0)
        if exact_zero.any():
            total = BoundArray(total.value, np.where(exact_zero, other.error, total.error))
    return total


def _product(node: Expression, args: list[Evaluated]) -> Evaluated:
    """A product; a truth value chooses, so that 0 times an undefined value is 0."""
    a, b = args
    if node.args[0].value == -1:
        return Evaluated(-b.value, b.undefined, b.doubtful)
    for truth, factor, chosen in ((node.args[0], a, b), (node.args[1], b, a)):
        if truth.op != "const" and is_truth_value(truth):
            exact = factor.value.error == 0
            taken, skipped = exact & (factor.value.value != 0), exact & (factor.value.value == 0)
            return Evaluated(
                np.where(factor.value > 0.5, chosen.value, 0.0),
                factor.undefined | (chosen.undefined & taken),
                factor.doubtful | (chosen.doubtful & ~skipped),
            )
    return Evaluated(_times(a.value, b.value), a.undefined | b.undefined, a.doubtful | b.doubtful)


def _times(a: BoundArray, b: BoundArray) -> Any:
    """A product; by an exact 1 or -1 it is exact, as where a sign is taken."""
    found: Any = a * b
    for factor, other in ((a, b), (b, a)):
        exact_sign = (np.abs(factor.value) == 1) & (factor.error == 0)
        if exact_sign.any():
            found = BoundArray(found.value, np.where(exact_sign, other.error, found.error))
    return found


def _constant(exact: Fraction | float) -> BoundArray:
    if isinstance(exact, float) or abs(exact) > Fraction(np.finfo(float).max):
        return BoundArray([math.copysign(math.inf, exact)], [math.inf])
    nearest = float(exact)
    return BoundArray([nearest], [float(abs(Fraction(nearest) - exact)) * (1 + 2.0**-50)])


def _bounded_error_function(argument: BoundArray) -> BoundArray:
    """erf within 4 units in the last place; its slope is at most 2 / sqrt(pi) < 1.13."""
    value = error_function(argument.value)
    return BoundArray(value, 1.13 * argument.error + 8 * 2.0**-53 * np.abs(value) + 2.0**-1070)

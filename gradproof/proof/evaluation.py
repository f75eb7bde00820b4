"""float64 values of expressions with rigorous error bounds, for many inputs at once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from gradproof.arrays.bound import BoundArray
from gradproof.proof.expression import Expression
from gradproof.proof.functions import is_truth_value
from gradproof.proof.points import Deadline
from gradproof.proof.walking import topological

Array = np.ndarray[Any, Any]
_FUNCTIONS = {"exp": np.exp, "log": np.log, "sqrt": np.sqrt, "sin": np.sin, "cos": np.cos}
_erf = np.vectorize(math.erf, otypes=[np.float64])


@dataclass(frozen=True, eq=False)
class Evaluated:
    """Values with error bounds, and where an expression is certainly undefined (log or root of a negative, 1/0)."""

    value: Any  # a BoundArray; typed so because NumPy's functions on it are not
    undefined: Array


def evaluate(roots: Sequence[Expression], inputs: Mapping[str, Array], deadline: Deadline) -> list[Evaluated]:
    """Every root for inputs name -> (trials, *shape).

    A choice of `np.where` that is not taken does not count, so an expression is undefined only where the code that
    it came from is. Raises OutOfTime.
    """
    found: dict[int, Evaluated] = {}
    with np.errstate(all="ignore"):
        for count, node in enumerate(topological(roots)):
            if count % 64 == 0:
                deadline.check()
            found[node.id] = _node(node, [found[a.id] for a in node.args], inputs)
    return [found[root.id] for root in roots]


def _node(node: Expression, args: list[Evaluated], inputs: Mapping[str, Array]) -> Evaluated:
    undefined: Array = np.zeros(1, dtype=bool)
    for part in args:
        undefined = undefined | part.undefined
    match node.op:
        case "const":
            return Evaluated(_constant(node.data), undefined)
        case "pi":
            return Evaluated(BoundArray([math.pi], [2.0**-52]), undefined)
        case "var":
            name, index = node.data
            return Evaluated(BoundArray.exact(inputs[name][(slice(None), *index)]), undefined)
        case "tag":
            return args[0]
        case "add":
            return Evaluated(_sum(args[0].value, args[1].value), undefined)
        case "mul":
            return _product(node, args)
        case "inv":
            divisor = args[0].value
            return Evaluated(1.0 / divisor, undefined | ((divisor.value == 0) & (divisor.error == 0)))
        case "pos":
            # A comparison with NaN is false in NumPy: the value is unknown here, but the code's is not undefined.
            return Evaluated(np.where(args[0].value > 0, 1.0, 0.0), np.zeros(1, dtype=bool))
        case "erf":
            return Evaluated(_error_function(args[0].value), undefined)
    argument = args[0].value
    if node.op in ("log", "sqrt"):
        undefined = undefined | (argument.value + argument.error < 0)
    return Evaluated(_FUNCTIONS[node.op](argument), undefined)


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
    if node.args[0].value == -1:
        return Evaluated(-args[1].value, args[1].undefined)
    for truth, factor, chosen in zip(node.args, args, args[::-1], strict=True):
        if truth.op != "const" and is_truth_value(truth):
            value = np.where(factor.value > 0.5, chosen.value, 0.0)
            certainly_taken = (factor.value.value != 0) & (factor.value.error == 0)
            return Evaluated(value, factor.undefined | (chosen.undefined & certainly_taken))
    return Evaluated(args[0].value * args[1].value, args[0].undefined | args[1].undefined)


def _constant(exact: Fraction | float) -> BoundArray:
    if isinstance(exact, float) or abs(exact) > Fraction(np.finfo(float).max):
        return BoundArray([math.copysign(math.inf, exact)], [math.inf])
    nearest = float(exact)
    return BoundArray([nearest], [float(abs(Fraction(nearest) - exact)) * (1 + 2.0**-50)])


def _error_function(argument: BoundArray) -> BoundArray:
    """erf within 4 units in the last place; its slope is at most 2 / sqrt(pi) < 1.13."""
    value = _erf(argument.value)
    return BoundArray(value, 1.13 * argument.error + 8 * 2.0**-53 * np.abs(value) + 2.0**-1070)

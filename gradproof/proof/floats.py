"""Plain float64 values of expressions, without bounds: a cheap look at what was traced."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gradproof.proof.evaluation import error_function
from gradproof.proof.expressions.expression import Expression
from gradproof.proof.expressions.simplify import is_truth_value
from gradproof.proof.expressions.walking import topological
from gradproof.proof.field.points import A_NODE, Deadline

Array = np.ndarray[Any, Any]
_UNARY: dict[str, Callable[[Any], Any]] = {
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "sin": np.sin,
    "cos": np.cos,
    "erf": error_function,
}


def floats(roots: Sequence[Expression], inputs: Mapping[str, Array], deadline: Deadline) -> list[Array]:
    """Every root, `(trials,)` or a number, for inputs name -> (trials, *shape). Raises OutOfTime."""
    found: dict[int, Any] = {}
    with np.errstate(all="ignore"):
        for count, node in enumerate(topological(roots)):
            if count % 256 == 0:
                deadline.check(256 * A_NODE)
            found[node.id] = _value(node, [found[a.id] for a in node.args], inputs)
    return [found[root.id] for root in roots]


def _value(node: Expression, args: list[Any], inputs: Mapping[str, Array]) -> Any:
    match node.op:
        case "const":
            return _constant(node)
        case "pi":
            return math.pi
        case "var":
            name, index = node.data
            return inputs[name][(slice(None), *index)]
        case "add":
            return args[0] + args[1]
        case "inv":
            return np.divide(1.0, args[0])
        case "pos":
            return np.greater(args[0], 0).astype(np.float64)
        case "mul":
            return _product(node, args)
    return _UNARY[node.op](args[0])


def _product(node: Expression, args: list[Any]) -> Any:
    """A product; a truth value chooses, so that 0 times what is not finite is 0."""
    product = args[0] * args[1]
    if np.isfinite(product).all():
        return product
    for truth, factor in zip(node.args, args, strict=True):
        if truth.op != "const" and is_truth_value(truth):
            product = np.where(factor == 0, 0.0, product)
    return product


def _constant(node: Expression) -> float:
    try:
        return float(node.data)
    except OverflowError:
        return math.inf if node.data > 0 else -math.inf

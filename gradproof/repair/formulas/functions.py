"""The functions that formulas know by name, and the ones that only the user's module knows.

Known functions are elementwise or reductions, so they run on all candidates and trials at once. Any other function
is called as it is: at once where a trial run shows that it treats every slice alike, else slice by slice.
"""

from __future__ import annotations

import ast
import builtins
import math
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gradproof.tolerances import STACKED

Array: TypeAlias = NDArray[Any]
LEAD = 2
"""Axes that stand before a value's own ones: candidates, then trials."""

LARGEST_LOOP = 100_000
"""Slices for which a function that does not take stacked values is called, at most."""

ELEMENTWISE: dict[str, Callable[..., Any]] = {
    name: getattr(np, name)
    for name in (
        *("exp", "log", "sqrt", "tanh", "abs", "square", "sign", "reciprocal", "sin", "cos", "sinh", "cosh"),
        *("log1p", "expm1", "log2", "log10", "exp2", "maximum", "minimum", "heaviside", "arctan", "tan"),
    )
}
REDUCTIONS: dict[str, Callable[..., Any]] = {
    name: getattr(np, name) for name in ("sum", "mean", "max", "min", "prod", "var", "std")
}
OPERATORS = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**", "matmul": "@", "dot": "@",
}  # fmt: skip
COMPARISONS = {
    "greater": ">", "greater_equal": ">=", "less": "<", "less_equal": "<=", "equal": "==", "not_equal": "!=",
}  # fmt: skip


def _known() -> dict[int, tuple[str, str]]:
    """Identity of a function -> its family and name, whatever it is called where it is used."""
    table = {id(getattr(np, n)): ("operator", op) for n, op in OPERATORS.items()}
    table |= {id(getattr(np, n)): ("comparison", op) for n, op in COMPARISONS.items()}
    table |= {id(function): ("reduction", name) for name, function in REDUCTIONS.items()}
    table |= {id(function): ("elementwise", name) for name, function in ELEMENTWISE.items()}
    table |= {id(getattr(math, n)): ("elementwise", n) for n in ELEMENTWISE if hasattr(math, n)}
    table |= {
        id(abs): ("elementwise", "abs"),
        id(max): ("elementwise", "maximum"),
        id(min): ("elementwise", "minimum"),
        id(math.pow): ("operator", "**"),
        id(pow): ("operator", "**"),
        id(np.where): ("special", "where"),
        id(np.transpose): ("special", "transpose"),
        id(np.negative): ("special", "negate"),
        id(len): ("special", "length"),
        id(float): ("special", "identity"),
        id(np.float64): ("special", "identity"),
        id(np.asarray): ("special", "identity"),
    }
    return table


_KNOWN = _known()


class Functions:
    """What names mean in the module where an equation was written.

    Args:
        namespace: The module's globals.
    """

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self.namespace = namespace
        self._stacked: dict[tuple[object, ...], bool] = {}

    @property
    def numpy(self) -> str:
        """The name that the module gives to NumPy; `np` where it gives none."""
        return next((name for name, value in self.namespace.items() if value is np), "np")

    def find(self, text: str) -> Any:
        """The object that a dotted name stands for, or None."""
        first, *rest = text.split(".")
        found = self.namespace.get(first, getattr(builtins, first, None))
        for part in rest:
            if not isinstance(found, (ModuleType, type)):
                return None
            found = getattr(found, part, None)
        return found

    def known(self, text: str) -> tuple[str, str] | None:
        """Family and name of a function that formulas know; None for any other."""
        return _KNOWN.get(id(self.find(text)))

    def constant(self, text: str) -> Any:
        """The value of a literal, or of a constant of the module.

        Raises:
            ValueError: It is neither.
        """
        try:
            return ast.literal_eval(text)
        except (ValueError, SyntaxError):
            value = self.find(text)
        if value is None or callable(value):
            raise ValueError(f"{text} is no constant")
        return value

    def call(self, text: str, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Array:
        """A function on stacked values: `(candidates, trials, *shape)` each, other arguments as they are.

        Raises:
            ValueError: There is no such function, it refuses the values, or its result has no fixed shape.
        """
        function = self._function(text)
        stacked = [argument for argument in arguments if isinstance(argument, np.ndarray)]
        key = (text, *(argument.shape[LEAD:] for argument in stacked))
        try:
            if key not in self._stacked:
                self._stacked[key] = _takes_stacks(function, arguments, keywords)
            if self._stacked[key]:
                return np.asarray(function(*arguments, **keywords), dtype=np.float64)
            return _slice_by_slice(function, arguments, keywords)
        except (TypeError, ArithmeticError, AttributeError, IndexError) as error:
            raise ValueError(f"{text} refuses these values: {error}") from error

    def _function(self, text: str) -> Callable[..., Any]:
        if text.startswith("."):
            return lambda first, *rest, **keywords: getattr(first, text[1:])(*rest, **keywords)
        function = self.find(text)
        if not callable(function):
            raise ValueError(f"{text} is no function")
        found: Callable[..., Any] = function
        return found


def _takes_stacks(function: Callable[..., Any], arguments: Sequence[Any], keywords: Mapping[str, Any]) -> bool:
    """Whether stacked values give what the slices give, tried on a stack whose size no axis of theirs has."""
    rng = np.random.default_rng(0)
    probe = [
        rng.uniform(-1.0, 1.0, (11, 13, *argument.shape[LEAD:])) if isinstance(argument, np.ndarray) else argument
        for argument in arguments
    ]
    try:
        with np.errstate(all="ignore"):
            at_once = np.asarray(function(*probe, **keywords), dtype=np.float64)
            expected = _slice_by_slice(function, probe, keywords)
    except (TypeError, ValueError, ArithmeticError, AttributeError, IndexError):
        return False
    return STACKED.holds(at_once, expected)


def _slice_by_slice(function: Callable[..., Any], arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Array:
    stacked = [argument for argument in arguments if isinstance(argument, np.ndarray)]
    lead = np.broadcast_shapes((1, 1), *(argument.shape[:LEAD] for argument in stacked))
    if lead[0] * lead[1] > LARGEST_LOOP:
        raise ValueError(f"{lead[0] * lead[1]} calls are too many")
    spread = [
        np.broadcast_to(argument, lead + argument.shape[LEAD:]) if isinstance(argument, np.ndarray) else argument
        for argument in arguments
    ]
    results = [
        [function(*(a[k, t] if isinstance(a, np.ndarray) else a for a in spread), **keywords) for t in range(lead[1])]
        for k in range(lead[0])
    ]
    return np.array(results, dtype=np.float64)

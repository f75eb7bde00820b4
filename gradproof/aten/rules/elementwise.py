"""ATen's elementwise arithmetic, comparisons and masks as NumPy functions.

Formulas and the order of their operations are those of ATen's CPU kernels (aten/src/ATen/native/cpu). Products with
the neutral factor 1 are left out, since they are exact.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradproof.aten import special

Array = Any


def _is(number: Any, value: float) -> bool:
    """Whether an argument is this Python number (and not an array)."""
    return isinstance(number, int | float) and number == value


def scaled(x: Array, factor: Any) -> Array:
    """factor * x, without the product where the factor is 1."""
    return x if _is(factor, 1) else factor * x


def add(x: Array, y: Array, alpha: Any = 1) -> Array:
    return x + scaled(y, alpha)


def sub(x: Array, y: Array, alpha: Any = 1) -> Array:
    return x - scaled(y, alpha)


def rsub(x: Array, y: Array, alpha: Any = 1) -> Array:
    return y - scaled(x, alpha)


def div(x: Array, y: Array, rounding_mode: str | None = None) -> Array:
    """x / y, rounded down or towards zero where asked."""
    quotient = np.true_divide(x, y)
    if rounding_mode is None:
        return quotient
    return np.floor(quotient) if rounding_mode == "floor" else np.trunc(quotient)


def power(x: Array, exponent: Any) -> Array:
    """x ** exponent, the small exponents as ATen's pow kernel takes them."""
    special_cases: dict[float, Callable[[], Array]] = {
        0: lambda: np.ones(x.shape),
        1: lambda: x,
        2: lambda: x * x,
        3: lambda: x * x * x,
        0.5: lambda: np.sqrt(x),
        -0.5: lambda: 1 / np.sqrt(x),
        -1: lambda: 1 / x,
        -2: lambda: 1 / (x * x),
    }
    if isinstance(exponent, int | float) and exponent in special_cases and hasattr(x, "shape"):
        return special_cases[exponent]()
    return np.power(x, exponent)


def rsqrt(x: Array) -> Array:
    return 1 / np.sqrt(x)


def reciprocal(x: Array) -> Array:
    return 1 / x


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def clamp(x: Array, min: Any = None, max: Any = None) -> Array:
    low = x if min is None else np.maximum(x, min)
    return low if max is None else np.minimum(low, max)


def clamp_max(x: Array, max: Any) -> Array:
    return np.minimum(x, max)


def addcmul(x: Array, a: Array, b: Array, value: Any = 1) -> Array:
    return x + scaled(a, value) * b


def addcdiv(x: Array, a: Array, b: Array, value: Any = 1) -> Array:
    return x + scaled(a, value) / b


def lerp(start: Array, end: Array, weight: Any) -> Array:
    """The nearer end is the base, so that weight 1 gives exactly `end`."""
    rise = end - start
    if isinstance(weight, int | float):
        return start + weight * rise if abs(weight) < 0.5 else end - rise * (1 - weight)
    return np.where(np.abs(weight) < 0.5, start + weight * rise, end - rise * (1 - weight))


def where(condition: Array, x: Array, y: Array) -> Array:
    return np.where(condition, x, y)


def masked_fill(x: Array, mask: Array, value: Any) -> Array:
    return np.where(mask, value, x)


def logical_not(x: Array) -> Array:
    return np.logical_not(x)


def log_one_plus_exp_of_difference(x: Array, y: Array) -> Array:
    """logaddexp(x, y) = max + log1p(exp(-|x - y|))."""
    return np.maximum(x, y) + np.log1p(np.exp(-np.abs(x - y)))


def xlogy(x: Array, y: Array) -> Array:
    return np.where(np.equal(x, 0), 0.0, x * np.log(y))


def full_like(x: Array, value: Any) -> Array:
    return np.zeros(x.shape) + value


def full(shape: Sequence[int], value: Any) -> Array:
    """Only recorded where the value is a tensor's."""
    return np.broadcast_to(value, tuple(shape))


def nan_to_num(x: Array, nan: float | None = None, posinf: float | None = None, neginf: float | None = None) -> Array:
    """x with NaN and the infinities replaced."""
    largest = np.finfo(np.float64).max
    x = np.where(np.isnan(x), 0.0 if nan is None else nan, x)
    x = np.where(np.equal(x, np.inf), largest if posinf is None else posinf, x)
    return np.where(np.equal(x, -np.inf), -largest if neginf is None else neginf, x)


TABLE: dict[str, Callable[..., Any]] = {
    "add": add,
    "sub": sub,
    "rsub": rsub,
    "mul": np.multiply,
    "div": div,
    "neg": np.negative,
    "reciprocal": reciprocal,
    "pow": power,
    "sqrt": np.sqrt,
    "rsqrt": rsqrt,
    "exp": np.exp,
    "exp2": np.exp2,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "log2": np.log2,
    "log10": np.log10,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "atan2": np.arctan2,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
    "sigmoid": sigmoid,
    "erf": special.erf,
    "erfc": lambda x: 1 - special.erf(x),
    "abs": np.abs,
    "sign": np.sign,
    "sgn": np.sign,
    "floor": np.floor,
    "ceil": np.ceil,
    "trunc": np.trunc,
    "round": np.rint,
    "clamp": clamp,
    "clamp_min": np.maximum,
    "clamp_max": clamp_max,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "where": where,
    "masked_fill": masked_fill,
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "logical_and": np.logical_and,
    "logical_or": np.logical_or,
    "logical_xor": np.logical_xor,
    "logical_not": logical_not,
    "isnan": np.isnan,
    "isinf": np.isinf,
    "nan_to_num": nan_to_num,
    "addcmul": addcmul,
    "addcdiv": addcdiv,
    "lerp": lerp,
    "logaddexp": log_one_plus_exp_of_difference,
    "xlogy": xlogy,
    "full": full,
    "full_like": full_like,
    "hypot": np.hypot,
    "floor_divide": np.floor_divide,
    "remainder": np.remainder,
    "fmod": np.fmod,
}

MASKS: dict[str, Callable[..., Any]] = {
    "bitwise_and": np.logical_and,
    "bitwise_or": np.logical_or,
    "bitwise_xor": np.logical_xor,
    "bitwise_not": np.logical_not,
}

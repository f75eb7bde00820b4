"""NumPy's elementwise functions on exact expressions, each written in the operations of `expression`.

Truth values are the numbers 0 and 1. Where a definition holds only off a kink (a tie of `maximum`, the zero of
`abs`), the value on the kink follows NumPy.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from fractions import Fraction

from gradproof.proof.expressions.errors import TraceError
from gradproof.proof.expressions.expression import Expression
from gradproof.proof.expressions.ranges import partial_nodes
from gradproof.proof.expressions.simplify import is_truth_value


def where(condition: Expression, a: Expression, b: Expression) -> Expression:
    """`a` where the truth value is 1, else `b`."""
    if condition.op == "const":
        return a if condition.data else b
    if a is b:
        return a
    if a.infinite or b.infinite:
        raise TraceError(
            "np.where with an infinite value on a condition that depends on the inputs; use a large finite "
            "number such as 1e30"
        )
    # Each choice stands in a product with a truth value, so that the one that is not taken may be undefined.
    return condition * a + (1 - condition) * b


def maximum(a: Expression, b: Expression) -> Expression:
    """The larger of two."""
    if a.infinite or b.infinite:
        return a if greater(a, b).data else b
    if a.op == "const" or (b.op != "const" and a.id < b.id):
        a, b = b, a
    return where(greater(a, b), a, b)


def minimum(a: Expression, b: Expression) -> Expression:
    """The smaller of two."""
    return -maximum(-a, -b)


def greater(a: Expression, b: Expression) -> Expression:
    """[a > b]"""
    if a.infinite and b.infinite:
        return a.graph.constant(int(a.data > b.data))
    difference = a - b
    if difference.op == "const" and a.op != "const":
        _require_defined(a, "a comparison of a value with itself, which is false where it is NaN")
    return difference.pos()


def less(a: Expression, b: Expression) -> Expression:
    """[a < b]"""
    return greater(b, a)


def greater_equal(a: Expression, b: Expression) -> Expression:
    """[a >= b]"""
    return 1 - greater(b, a)


def less_equal(a: Expression, b: Expression) -> Expression:
    """[a <= b]"""
    return 1 - greater(a, b)


def not_equal(a: Expression, b: Expression) -> Expression:
    """[a != b]"""
    result = greater(a, b) + greater(b, a)  # not both, so that the sum is 0 or 1
    result.graph.truth_values.add(result.id)
    return result


def equal(a: Expression, b: Expression) -> Expression:
    """[a == b]"""
    return 1 - not_equal(a, b)


def truth(a: Expression) -> Expression:
    """[a != 0]: the truth value of a number."""
    return a if is_truth_value(a) else not_equal(a, a.graph.constant(0))


def logical_and(a: Expression, b: Expression) -> Expression:
    """Both are true."""
    return truth(a) * truth(b)


def logical_not(a: Expression) -> Expression:
    """It is not true."""
    return 1 - truth(a)


def logical_or(a: Expression, b: Expression) -> Expression:
    """At least one is true."""
    return 1 - logical_not(a) * logical_not(b)


def logical_xor(a: Expression, b: Expression) -> Expression:
    """Just one is true."""
    x, y = truth(a), truth(b)
    return x * (1 - y) + y * (1 - x)


def sign(a: Expression) -> Expression:
    """-1, 0 or 1."""
    return a.pos() - (-a).pos()


def heaviside(a: Expression, at_zero: Expression) -> Expression:
    """0, `at_zero` or 1 for a negative, zero or positive argument."""
    return a.pos() + at_zero * equal(a, a.graph.constant(0))


def tanh(a: Expression) -> Expression:
    """Hyperbolic tangent, by exp(2a)."""
    e = (a * 2).exp()
    return (e - 1) / (e + 1)


def sinh(a: Expression) -> Expression:
    """Hyperbolic sine."""
    return (a.exp() - (-a).exp()) * Fraction(1, 2)


def cosh(a: Expression) -> Expression:
    """Hyperbolic cosine."""
    return (a.exp() + (-a).exp()) * Fraction(1, 2)


def tan(a: Expression) -> Expression:
    """Tangent."""
    return a.sin() / a.cos()


def expm1(a: Expression) -> Expression:
    """exp(a) - 1"""
    return a.exp() - 1


def exp2(a: Expression) -> Expression:
    """2 to the power a."""
    return a.graph.constant(2) ** a


def log1p(a: Expression) -> Expression:
    """log(1 + a)"""
    return (a + 1).log()


def log2(a: Expression) -> Expression:
    """Logarithm to the base 2."""
    return a.log() / a.graph.constant(2).log()


def log10(a: Expression) -> Expression:
    """Logarithm to the base 10."""
    return a.log() / a.graph.constant(10).log()


def logaddexp(a: Expression, b: Expression) -> Expression:
    """log(exp(a) + exp(b))"""
    return (a.exp() + b.exp()).log()


def hypot(a: Expression, b: Expression) -> Expression:
    """sqrt(a^2 + b^2)"""
    return (a * a + b * b).sqrt()


def square(a: Expression) -> Expression:
    """a * a"""
    return a * a


def cbrt(a: Expression) -> Expression:
    """The real cube root, of either sign."""
    return sign(a) * (abs(a).log() * Fraction(1, 3)).exp()


def _itself(a: Expression) -> Expression:
    return a


def _require_defined(a: Expression, what: str) -> None:
    """Raise TraceError where an expression may be a logarithm or a root of a negative number, or a division by zero."""
    if partial_nodes([a])[a.id]:
        raise TraceError(f"{what}, of a value that need not be defined; only numbers tell")


def _is_finite(a: Expression) -> Expression:
    _require_defined(a, "np.isfinite")
    return a.graph.constant(int(not a.infinite))


def _is_infinite(a: Expression) -> Expression:
    _require_defined(a, "np.isinf")
    return a.graph.constant(int(a.infinite))


def _is_nan(a: Expression) -> Expression:
    _require_defined(a, "np.isnan")
    return a.graph.constant(0)


_METHODS = (Expression.exp, Expression.log, Expression.sqrt, Expression.sin, Expression.cos, Expression.erf)
_COMPARISONS = (greater, greater_equal, less, less_equal, equal, not_equal, logical_and, logical_or, logical_xor)

TRUTHS: dict[str, Callable[..., Expression]] = {f.__name__: f for f in (*_COMPARISONS, logical_not, truth)} | {
    "isfinite": _is_finite,
    "isinf": _is_infinite,
    "isnan": _is_nan,
}
"""By the names of NumPy's ufuncs: functions whose value is true or false."""

KEEPING: dict[str, Callable[..., Expression]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "negative": operator.neg,
    "power": operator.pow,
    "maximum": maximum,
    "minimum": minimum,
    "fmax": maximum,
    "fmin": minimum,
    "square": square,
    "sign": sign,
    "absolute": abs,
    "positive": _itself,
    "conjugate": _itself,
}
"""Functions that give integers for integers."""

REALS: dict[str, Callable[..., Expression]] = {
    **{f.__name__: f for f in _METHODS},
    **{
        f.__name__: f
        for f in (tanh, sinh, cosh, tan, expm1, exp2, log1p, log2, log10, logaddexp, hypot, cbrt, heaviside)
    },
    "fabs": abs,
    "reciprocal": Expression.inverse,
    "divide": operator.truediv,
    "true_divide": operator.truediv,
    "float_power": operator.pow,
}
"""Functions that give floats."""

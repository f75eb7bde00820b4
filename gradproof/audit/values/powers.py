"""Powers: exact for small literal exponents, refused where a number would grow beyond reason."""

from __future__ import annotations

from fractions import Fraction
from functools import reduce

import numpy as np

from gradproof.audit.reading.tree import Fraction as Quotient
from gradproof.audit.reading.tree import Node, Number, Power, Product, Sum, Symbol, walk
from gradproof.audit.values.evaluation import Evaluation, Unjudged
from gradproof.audit.values.provider import Array
from gradproof.audit.values.shapes import matched

_MOST_FACTORS = 4


def power(e: Evaluation, node: Power) -> Array:
    """A power: a literal exponent within the cap, `e` to anything, or a quantity to a quantity.

    Raises `Unjudged` for an exponent that is a calculation with numbers, such as a tower of powers.
    """
    base, exponent = node.base, node.exponent
    if isinstance(base, Symbol) and base == Symbol("e"):
        euler = e.provider.names.euler and not isinstance(exponent, Number)
        place = e.find(base)
        if euler or place is None or place.note:  # a quantity E, or the entry of another, is no e
            return np.exp(e.value(exponent))
    value = e.value(base)
    number = _literal(exponent)
    if len(value.shape) == 2 and value.shape[0] == value.shape[1] > 1:
        e.remarks.choices.add("powers")
        whole = number is not None and number.denominator == 1 and 1 <= number <= _MOST_FACTORS
        if e.reading.powers == "products" and whole and number is not None:
            e.remarks.note(node.span[0], "a power of a matrix is read as a product of matrices")
            return reduce(np.matmul, [value] * int(number))
        e.remarks.note(node.span[0], "a power of a matrix is read entry by entry")
    if number is not None:
        return _rational_power(e, node, value, number)
    if not any(isinstance(below, Symbol) for below in walk(exponent)):
        raise Unjudged("a power whose exponent is a calculation", exponent.span[0])
    raised = e.value(exponent)
    matched(value, raised, "a power")
    return np.power(value, raised)


def _literal(node: Node) -> Fraction | None:
    """The number of a printed exponent: `2`, `-1`, `\\frac{1}{2}`."""
    match node:
        case Number(text=text):
            return Fraction(text)
        case Sum(signs=(sign,), terms=(only,)):
            inner = _literal(only)
            return -inner if inner is not None and sign == "-" else inner
        case Quotient(top=Number(text=top), bottom=Number(text=bottom)) if float(bottom) != 0:
            return Fraction(top) / Fraction(bottom)
        case Product(factors=(Number(text=top), Number(text=bottom)), operators=("slash",)) if float(bottom) != 0:
            return Fraction(top) / Fraction(bottom)
        case Sum(signs=signs, terms=terms) if all(isinstance(term, Number) for term in terms):
            numbers = [Fraction(term.text) for term in terms if isinstance(term, Number)]
            return sum((n if s == "+" else -n for s, n in zip(signs, numbers, strict=True)), Fraction(0))
        case _:
            return None


def _rational_power(e: Evaluation, node: Power, value: Array, exponent: Fraction) -> Array:
    if abs(exponent) > e.limits.power:
        raise Unjudged(f"a power above {e.limits.power}", node.exponent.span[0])
    positive: Array
    if abs(exponent) == Fraction(1, 2):
        positive = np.sqrt(value)
    elif exponent.denominator != 1:
        return np.power(value, float(exponent))
    elif abs(exponent) <= 3:
        positive = value * 0.0 + 1.0 if exponent == 0 else value
        for _ in range(abs(int(exponent)) - 1):
            positive = positive * value
    else:
        positive = np.power(value, abs(int(exponent)))
    return 1.0 / positive if exponent < 0 else positive

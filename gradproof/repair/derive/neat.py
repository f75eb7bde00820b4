"""A formula as a person would write it: one sign and one number in front, what is divided by behind."""

from __future__ import annotations

from gradproof.repair.formulas.formula import (
    Binary,
    Constant,
    Formula,
    Negate,
    Reduce,
    Size,
    Transpose,
    children,
    rebuild,
)

_LINEAR = frozenset({"sum", "mean"})


def neat(formula: Formula) -> Formula:
    """The same formula with its products in order: `2 * r / r.size` for `1 / r.size * (r * 2)`."""
    parts = children(formula)
    made = rebuild(formula, tuple(neat(part) for part in parts)) if parts else formula
    match made:
        case Reduce(function=function, operand=Negate(operand=inner)) if function in _LINEAR:
            return Negate(made._replace(operand=inner))
        case Transpose(operand=Negate(operand=inner)):
            return Negate(Transpose(inner))
        case Negate(operand=Negate(operand=inner)):
            return inner
        case Binary(op="@", left=left, right=right):
            return _matrix_product(left, right)
        case Binary(op="+", left=left, right=Negate(operand=inner)):
            return Binary("-", left, inner)
        case Binary(op="-", left=left, right=Negate(operand=inner)):
            return Binary("+", left, inner)
        case Binary(op="**", left=left, right=Constant(value=1)):
            return left
        case Binary(op="*" | "/"):
            return _product(made)
    return made


def _matrix_product(left: Formula, right: Formula) -> Formula:
    is_negative = isinstance(left, Negate) != isinstance(right, Negate)
    left, right = (part.operand if isinstance(part, Negate) else part for part in (left, right))
    product = Binary("@", left, right)
    return Negate(product) if is_negative else product


def _product(formula: Formula) -> Formula:
    number, above, below = _factors(formula, 1)
    sign, number = (-1, -number) if number < 0 else (1, number)
    if number != 1 and float(1 / number).is_integer() and abs(number) < 1:
        number, below = 1, [Constant(int(1 / number)), *below]
    factors = (
        above if number == 1 and above else [Constant(int(number) if float(number).is_integer() else number), *above]
    )
    made = factors[0]
    for factor in factors[1:]:
        made = Binary("*", made, factor)
    for factor in sorted(below, key=lambda part: isinstance(part, (Constant, Size))):
        made = Binary("/", made, factor)
    return Negate(made) if sign < 0 else made


def _factors(formula: Formula, power: int) -> tuple[float, list[Formula], list[Formula]]:
    """The number, the numerator and the denominator of a product."""
    match formula:
        case Negate(operand=inner):
            number, above, below = _factors(inner, power)
            return -number, above, below
        case Binary(op="*" | "/" as op, left=left, right=right):
            one, above, below = _factors(left, power)
            other, more, less = _factors(right, power if op == "*" else -power)
            return one * other, above + more, below + less
        case Constant(value=value) if value != 0:
            return (float(value) if power > 0 else 1.0 / value), [], []
    return (1.0, [formula], []) if power > 0 else (1.0, [], [formula])

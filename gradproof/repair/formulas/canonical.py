"""When two formulas are the same up to the order of terms and factors, signs and constants; and simple tidying.

The canonical form is a sum of products: coefficients are gathered, factors carry powers, a sum that is a factor
gives up its sign, `<` becomes `>`, local names are replaced by what they stand for. Nothing is multiplied out, so
two formulas with different canonical forms may still have the same value.
"""

from __future__ import annotations

from collections.abc import Collection

from gradproof.repair.formulas.formula import (
    Binary,
    Call,
    Compare,
    Constant,
    Formula,
    Local,
    Name,
    Negate,
    Reduce,
    Transpose,
    children,
    head,
    rebuild,
)

_SYMMETRIC = frozenset({"maximum", "minimum"})
_MIRRORED = {"<": ">", "<=": ">="}


def canonical(formula: Formula) -> str:
    """A text that two formulas share exactly if they are the same up to order, signs and constants."""
    terms: dict[str, float] = {}
    _add_terms(formula, 1.0, terms)
    return _sum(terms)


def _sum(terms: dict[str, float]) -> str:
    """`-0.0` and terms that cancel are left out; coefficients are rounded to absorb the order of summation."""
    return "+".join(f"{round(c, 12)!r}*{key}" for key, c in sorted(terms.items()) if c != 0) or "0"


def _add_terms(formula: Formula, sign: float, terms: dict[str, float]) -> None:
    match formula:
        case Local():
            _add_terms(formula.definition, sign, terms)
        case Negate():
            _add_terms(formula.operand, -sign, terms)
        case Binary(op="+" | "-"):
            _add_terms(formula.left, sign, terms)
            _add_terms(formula.right, sign if formula.op == "+" else -sign, terms)
        case _:
            coefficient, key = _product(formula)
            terms[key] = terms.get(key, 0.0) + sign * coefficient


def _product(formula: Formula) -> tuple[float, str]:
    """Coefficient, and the other factors with their powers."""
    powers: dict[str, float] = {}
    coefficient = _gather(formula, 1, powers)
    return coefficient, "*".join(f"{key}^{power}" for key, power in sorted(powers.items()) if power)


def _gather(formula: Formula, power: int, powers: dict[str, float]) -> float:
    """Add the formula's factors to `powers`; the coefficient is returned."""
    match formula:
        case Local():
            return _gather(formula.definition, power, powers)
        case Negate():
            return (-1.0) ** power * _gather(formula.operand, power, powers)
        case Constant():
            return float(formula.value) ** power if formula.value or power > 0 else float("inf")
        case Binary(op="*" | "/"):
            inverted = power if formula.op == "*" else -power
            return _gather(formula.left, power, powers) * _gather(formula.right, inverted, powers)
        case Binary(op="**", right=Constant(value=exponent)) if float(exponent).is_integer() and abs(exponent) < 9:
            return _gather(formula.left, power * int(exponent), powers)
        case Call(function="square"):
            return _gather(formula.arguments[0], 2 * power, powers)
        case Call(function="reciprocal"):
            return _gather(formula.arguments[0], -power, powers)
        case Binary(op="+" | "-"):
            sign, key = _signed_sum(formula)
            coefficient = sign**power
        case _:
            pulled, key = _factor(formula)
            coefficient = pulled**power if pulled else 0.0
    powers[key] = powers.get(key, 0) + power
    return coefficient


def _signed_sum(formula: Formula) -> tuple[float, str]:
    """A sum in parentheses with the sign that makes its text the smaller one of the two."""
    terms: dict[str, float] = {}
    _add_terms(formula, 1.0, terms)
    plain, negated = _sum(terms), _sum({key: -c for key, c in terms.items()})
    return (1.0, f"({plain})") if plain <= negated else (-1.0, f"({negated})")


def _factor(formula: Formula) -> tuple[float, str]:
    """A factor that is neither product nor sum: the constant that can be pulled out, and the rest."""
    match formula:
        case Name():
            return 1.0, formula.id
        case Binary(op="@"):
            left, right = _product(formula.left), _product(formula.right)
            return left[0] * right[0], f"({left[1]}@{right[1]})"
        case Reduce(function="sum" | "mean"):
            coefficient, key = _product(formula.operand)
            return coefficient, f"{head(formula)}({key})"
        case Transpose():
            coefficient, key = _product(formula.operand)
            return coefficient, f"({key}).T"
        case Compare():
            sides = canonical(formula.left), canonical(formula.right)
            if formula.op in _MIRRORED:
                return 1.0, f"({sides[1]}{_MIRRORED[formula.op]}{sides[0]})"
            return 1.0, f"({sides[0]}{formula.op}{sides[1]})"
    operands = [canonical(child) for child in children(formula)]
    if isinstance(formula, Call) and formula.function in _SYMMETRIC:
        operands.sort()
    return 1.0, f"{head(formula)}({','.join(operands)})"


def tidy(formula: Formula, keep: Collection[Formula] = frozenset()) -> Formula:
    """The formula without double signs, factors 1 and terms 0 that an edit has left behind.

    Args:
        formula: What to tidy.
        keep: Parts that stay as they are: what the author wrote.
    """
    if formula in keep:
        return formula
    old = children(formula)
    operands = tuple(tidy(child, keep) for child in old)
    node = formula if operands == old else rebuild(formula, operands)
    match node:
        case Transpose():
            return _tidy_transpose(node, keep)
        case Negate():
            return _tidy_negation(node, keep)
        case Binary(op="+" | "-"):
            return _tidy_sum(node, keep)
        case Binary(op="*" | "/"):
            return _tidy_product(node, keep)
    return node


def _tidy_transpose(node: Transpose, keep: Collection[Formula]) -> Formula:
    match node.operand:
        case Transpose(operand=inner):
            return inner
        case Binary(op="@", left=left, right=right):
            return Binary("@", tidy(Transpose(right), keep), tidy(Transpose(left), keep))
    return node


def _tidy_negation(node: Negate, keep: Collection[Formula]) -> Formula:
    match node.operand:
        case Negate(operand=inner):
            return inner
        case Constant(value=value):
            return Constant(-value)
        case Binary(op="-", left=left, right=right):
            return tidy(Binary("-", right, left), keep)
        case Binary(op="*" | "/" as op, left=left, right=right):
            return tidy(Binary(op, tidy(Negate(left), keep), right), keep)
    return node


def _tidy_sum(node: Binary, keep: Collection[Formula]) -> Formula:
    op, left, right = node.op, node.left, node.right
    other = "-" if op == "+" else "+"
    match left, right:
        case _, Constant(value=0):
            return left
        case Constant(value=0), _:
            return right if op == "+" else tidy(Negate(right), keep)
        case _, Negate(operand=inner):
            return tidy(Binary(other, left, inner), keep)
        case _, Constant(value=value) if value < 0:
            return tidy(Binary(other, left, Constant(-value)), keep)
        case Negate(operand=inner), _ if op == "+":
            return tidy(Binary("-", right, inner), keep)
    return node


def _tidy_product(node: Binary, keep: Collection[Formula]) -> Formula:
    op, left, right = node.op, node.left, node.right
    match left, right:
        case _, Constant(value=1):
            return left
        case Constant(value=1), _ if op == "*":
            return right
        case _, Constant(value=-1):
            return tidy(Negate(left), keep)
        case Constant(value=-1), _ if op == "*":
            return tidy(Negate(right), keep)
    return node

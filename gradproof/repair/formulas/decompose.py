"""Formulas as sums of terms and products of factors, and what two such lists do not have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from gradproof.repair.formulas.canonical import canonical
from gradproof.repair.formulas.formula import Binary, Constant, Formula, Negate, names_in
from gradproof.repair.formulas.parsed import ATOM
from gradproof.repair.formulas.printing import show

Part = tuple[int, Formula]
"""A term with its sign, or a factor with its power, 1 or -1."""


def terms(formula: Formula) -> list[Part]:
    """The terms of a sum with their signs."""
    match formula:
        case Binary(op="+" | "-" as op, left=left, right=right):
            return terms(left) + [(sign if op == "+" else -sign, term) for sign, term in terms(right)]
        case Negate(operand=operand):
            return [(-sign, term) for sign, term in terms(operand)]
        case Constant(value=value) if value < 0:
            return [(-1, Constant(-value))]
    return _signed(formula)


def _signed(formula: Formula) -> list[Part]:
    """One term; a minus sign among its factors is the sign of the term."""
    parts = factors(formula)
    if len(parts) < 2 or sum(factor == Constant(-1) for _, factor in parts) % 2 == 0:
        return [(1, formula)]
    return [(-1, product([part for part in parts if part[1] != Constant(-1)]))]


def factors(formula: Formula, power: int = 1) -> list[Part]:
    """The factors of a product with their powers; a minus sign is the factor -1."""
    match formula:
        case Binary(op="*", left=left, right=right):
            return factors(left, power) + factors(right, power)
        case Binary(op="/", left=left, right=right):
            return factors(left, power) + factors(right, -power)
        case Negate(operand=operand):
            return [(1, Constant(-1)), *factors(operand, power)]
        case Constant(value=value) if value < 0 and value != -1:
            return [(1, Constant(-1)), (power, Constant(-value))]
    return [(power, formula)]


def product(parts: Sequence[Part]) -> Formula:
    """The product of factors."""
    result: Formula | None = None
    for power, factor in sorted(parts, key=lambda part: -part[0]):
        if result is None:
            result = factor if power > 0 else Binary("/", Constant(1), factor)
        else:
            result = Binary("*" if power > 0 else "/", result, factor)
    return Constant(1) if result is None else result


def unshared(old: Sequence[Part], new: Sequence[Part]) -> tuple[list[Part], list[Part]]:
    """What is only in the one list and only in the other, up to the order and signs inside a part."""
    old_keys, new_keys = ([(sign, canonical(part)) for sign, part in some] for some in (old, new))
    only_old, only_new = Counter(old_keys) - Counter(new_keys), Counter(new_keys) - Counter(old_keys)
    return list(_taken(old, old_keys, only_old)), list(_taken(new, new_keys, only_new))


def _taken(parts: Sequence[Part], keys: Sequence[tuple[int, str]], left: Counter[tuple[int, str]]) -> Iterator[Part]:
    for part, key in zip(parts, keys, strict=True):
        if left[key] > 0:
            left[key] -= 1
            yield part


def matched(old: Sequence[Part], new: Sequence[Part]) -> list[tuple[Part, Part]]:
    """Parts of two equally long lists, paired by the names that they share."""
    rest, couples = list(new), []
    for part in old:
        names = names_in(part[1])
        partner = max(rest, key=lambda other: (other[0] == part[0]) + 2 * len(names & names_in(other[1])))
        rest.remove(partner)
        couples.append((part, partner))
    return couples


def term_text(part: Part) -> str:
    """A term with its sign: `- eta * Y3`."""
    sign, term = part
    return f"{'-' if sign < 0 else '+'} {show(term, least=11)}"


def factor_text(part: Part) -> str:
    """A factor with its power: `1/N`."""
    power, factor = part
    return f"1/{show(factor, least=ATOM)}" if power < 0 else show(factor)

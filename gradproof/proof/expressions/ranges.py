"""Ranges of expressions over all real inputs, to know that a divisor is zero nowhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from gradproof.proof.expressions.expression import Expression
from gradproof.proof.expressions.walking import topological

_LONGEST_SUM = 4096
_LARGEST = 1e300


@dataclass(frozen=True)
class Range:
    """low <= value <= high, without the ends that are `open`."""

    low: float = -math.inf
    high: float = math.inf
    open_low: bool = True
    open_high: bool = True

    @property
    def excludes_zero(self) -> bool:
        """Whether no value in the range is zero."""
        above = self.low > 0 or (self.low == 0 and self.open_low)
        below = self.high < 0 or (self.high == 0 and self.open_high)
        return above or below


_ALL = Range()
_POSITIVE = Range(0.0, math.inf)
_UNIT = Range(0.0, 1.0)
_BETWEEN = Range(-1.0, 1.0, False, False)


def certain_divisors(nodes: Sequence[Expression]) -> set[int]:
    """The ids of those nodes (given with all that they depend on) that are zero nowhere."""
    ranges: dict[int, Range] = {}
    for node in nodes:
        ranges[node.id] = _range(node, [ranges[a.id] for a in node.args])
    return {node.id for node in nodes if node.positive or ranges[node.id].excludes_zero}


def partial_nodes(roots: Sequence[Expression]) -> dict[int, int]:
    """For every node below the roots which of its operations may be undefined, as the bits of a number.

    These are logarithms and roots of what may be negative, and reciprocals of what may be zero in a whole region.
    """
    nodes = topological(roots)
    certain = certain_divisors(nodes)
    conditional: set[int] = set()
    found: dict[int, int] = {}
    count = 0
    for node in nodes:
        if node.op == "pos" or any(a.id in conditional for a in node.args):
            conditional.add(node.id)
        negative = node.op in ("log", "sqrt") and not node.args[0].nonnegative
        zero = node.op == "inv" and node.args[0].id in conditional and node.args[0].id not in certain
        own = 1 << count if negative or zero else 0
        count += bool(own)
        for a in node.args:
            own |= found[a.id]
        found[node.id] = own
    return found


def _range(node: Expression, args: list[Range]) -> Range:
    match node.op:
        case "const":
            return _constant(node.data)
        case "exp" | "pi":
            return _POSITIVE
        case "sqrt":
            return Range(0.0, math.inf, args[0].excludes_zero)
        case "pos":
            return Range(0.0, 1.0, False, False)
        case "sin" | "cos" | "erf":
            return _BETWEEN
        case "inv":
            return _inverse(args[0])
        case "add":
            return _sum(*args)
        case "mul":
            return _share(node) or _square(node, args[0]) or _product(*args)
    return _ALL


def _constant(exact: Fraction | float) -> Range:
    if exact > _LARGEST:
        return Range(_LARGEST, math.inf)
    if exact < -_LARGEST:
        return Range(-math.inf, -_LARGEST)
    value = float(exact)
    if value == exact:
        return Range(value, value, False, False)
    return Range(math.nextafter(value, -math.inf), math.nextafter(value, math.inf))


def _sum(a: Range, b: Range) -> Range:
    """Ends are rounded outward by one float, but for zeros, which are exact where both are."""
    low, high = a.low + b.low, a.high + b.high
    exact = {a.low, a.high, b.low, b.high} <= {0.0, 1.0, -1.0, math.inf, -math.inf}
    if not exact:
        low, high = math.nextafter(low, -math.inf), math.nextafter(high, math.inf)
    return Range(low, high, a.open_low or b.open_low, a.open_high or b.open_high)


def _product(a: Range, b: Range) -> Range:
    if min(a.low, b.low) >= 0:
        high = a.high * b.high if a.high and b.high else 0.0
        positive = a.excludes_zero and b.excludes_zero
        if high in (0.0, 1.0, math.inf):
            return Range(0.0, high, positive, a.open_high or b.open_high)
        return Range(0.0, math.nextafter(high, math.inf), positive)
    if a.high <= 0:
        return _negated(_product(_negated(a), b))
    if b.high <= 0:
        return _negated(_product(a, _negated(b)))
    return _ALL


def _negated(a: Range) -> Range:
    return Range(-a.high, -a.low, a.open_high, a.open_low)


def _inverse(a: Range) -> Range:
    if a.high <= 0 and a.excludes_zero:
        return _negated(_inverse(_negated(a)))
    if a.low >= 1 and a.high == math.inf:
        return Range(0.0, 1.0, True, a.open_low or a.low > 1)
    return _POSITIVE if a.low >= 0 else _ALL


def _square(node: Expression, a: Range) -> Range | None:
    return Range(0.0, math.inf, a.excludes_zero) if node.args[0] is node.args[1] else None


def _share(node: Expression) -> Range | None:
    """(0, 1) of a softmax: a / (a + b + ...) with positive terms."""
    for part, inverse in (node.args, node.args[::-1]):
        if inverse.op == "inv" and part.positive:
            terms = _terms(inverse.args[0])
            if len(terms) > 1 and part in terms and all(term.positive for term in terms):
                return _UNIT
    return None


def _terms(total: Expression) -> list[Expression]:
    """The distinct terms of a nested sum; none where there are too many to look at."""
    terms = [node for node in topological([total], through=lambda e: e.op == "add") if node.op != "add"]
    return terms if len(terms) <= _LONGEST_SUM else []

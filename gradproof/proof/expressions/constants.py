"""Float constants that stand for simple exact numbers: 0.1 for 1/10, 0.7071067811865475 for 1/sqrt(2).

This only explains why two expressions are not equal: nothing is proved equal by reading constants so.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from gradproof.proof.expressions.calculus import exchanged
from gradproof.proof.expressions.expression import Expression
from gradproof.proof.expressions.walking import topological

_ULPS = 4 * 2.0**-52
_LARGEST_DENOMINATOR = 1000
_LARGEST_UNDER_ROOT = 64


@dataclass(frozen=True)
class Reading:
    """A float and the exact number that it may stand for."""

    value: float
    text: str
    exact: Expression


def read_exactly(roots: Sequence[Expression]) -> tuple[list[Expression], dict[int, Reading]]:
    """The roots with every rounded constant replaced by the simple number that it is close to; these, by node."""
    readings = {node.id: reading for node in topological(roots) if (reading := _reading(node)) is not None}
    return exchanged(roots, {i: reading.exact for i, reading in readings.items()}), readings


def named_in(root: Expression, readings: Mapping[int, Reading]) -> list[str]:
    """The readings that were made below a root, in words, up to their signs."""
    used = [readings[node.id] for node in topological([root]) if node.id in readings]
    return list(dict.fromkeys(f"{abs(r.value)!r} for {r.text.removeprefix('-')}" for r in used))


def _reading(node: Expression) -> Reading | None:
    exact = node.value
    if not isinstance(exact, Fraction) or exact.denominator < 2**20 or not 1e-12 < abs(exact) < 1e12:
        return None
    value = float(exact)
    for text, candidate, number in _candidates(node, value):
        if abs(number - value) <= _ULPS * abs(value):
            return Reading(value, text, candidate)
    return None


def _candidates(node: Expression, value: float) -> Iterator[tuple[str, Expression, float]]:
    graph, sign = node.graph, "-" if value < 0 else ""
    simple = Fraction(value).limit_denominator(_LARGEST_DENOMINATOR)
    yield str(simple), graph.constant(simple), float(simple)
    decimal = Fraction(repr(value))
    if decimal.denominator <= 10**12:
        yield repr(value), graph.constant(decimal), value
    pi = graph.pi()
    for name, unit, factor in (("", graph.constant(1), 1.0), ("pi", pi, math.pi), ("1/pi", pi.inverse(), 1 / math.pi)):
        square = Fraction(value * value / factor).limit_denominator(_LARGEST_UNDER_ROOT)
        if square:
            root = (graph.constant(square) * unit).sqrt()
            text = f"{sign}sqrt({square}{'*' + name if name else ''})"
            yield text, -root if value < 0 else root, math.copysign(math.sqrt(float(square) * factor), value)
        ratio = Fraction(value / factor).limit_denominator(_LARGEST_UNDER_ROOT)
        if name and ratio:
            yield f"{ratio}*{name}", unit * graph.constant(ratio), float(ratio) * factor

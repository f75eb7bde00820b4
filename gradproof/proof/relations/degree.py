"""How likely the test is to call something zero that is not: degrees and coefficients of all that was tested.

Every tested quantity is a ratio of polynomials in the generators and roots. A polynomial of degree n that is not
zero vanishes at a random point with probability at most n / p (Schwartz 1980, Zippel 1979); with roots the same is
said of its norm. It is zero modulo p though not over the rationals only if p divides all its coefficients, which
few of the primes that could have been drawn do. The same count, over all small fractions, bounds the chance that a
coefficient of a relation was taken for another one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from gradproof.proof.expressions.expression import Expression
from gradproof.proof.field.field import BITS, LOG2_PRIMES, PRIME_ERROR, RATIONAL_BITS
from gradproof.proof.field.points import Program, Undecidable
from gradproof.proof.field.rows import ONE
from gradproof.proof.field.rules import Decided, Indicator, Rule
from gradproof.proof.field.rules_exponential import ANGLE_UNIT, Exponential, Logarithm, Rotation
from gradproof.proof.field.rules_root import RootOfRational, RootOfSquare, SquareRoot

_CAP = 1 << 460
_LOG2_WORST = -64  # a bound above 2^-64 is not worth the name
_LOG2_RELATION = 10  # a relation multiplies at most 2^10 of the quantities whose degrees are summed


@dataclass(frozen=True)
class Size:
    """Degrees of numerator and denominator, and bits of the sums of their absolute coefficients."""

    top: int
    bottom: int
    top_bits: int
    bottom_bits: int

    @property
    def degree(self) -> int:
        """Degree of either."""
        return max(self.top, self.bottom)

    @property
    def bits(self) -> int:
        """Bits of either."""
        return max(self.top_bits, self.bottom_bits)

    def power(self, exponent: Fraction) -> Size:
        """Of a rational power, a root counted as an algebraic function of its radicand's degree."""
        if exponent.denominator > 1:
            both, bits = self.top + self.bottom, self.top_bits + self.bottom_bits
            n = abs(exponent.numerator)
            return _size(n * both, n * both, n * bits, n * bits)
        n = abs(exponent.numerator)
        up = _size(n * self.top, n * self.bottom, n * self.top_bits, n * self.bottom_bits)
        return up if exponent > 0 else up.inverse()

    def inverse(self) -> Size:
        """Of the reciprocal."""
        return Size(self.bottom, self.top, self.bottom_bits, self.top_bits)

    def times(self, other: Size) -> Size:
        """Of a product."""
        return _size(
            self.top + other.top,
            self.bottom + other.bottom,
            self.top_bits + other.top_bits,
            self.bottom_bits + other.bottom_bits,
        )

    def plus(self, other: Size) -> Size:
        """Of a sum."""
        return _size(
            max(self.top + other.bottom, other.top + self.bottom),
            self.bottom + other.bottom,
            max(self.top_bits + other.bottom_bits, other.top_bits + self.bottom_bits) + 1,
            self.bottom_bits + other.bottom_bits,
        )


def error_bound(program: Program, roots: Sequence[Expression]) -> float:
    """A bound of the probability that any root is taken for zero that is not. Raises Undecidable if it is large."""
    sizes, rules = _sizes(program), list(program.rules.values())
    relations = sum(size.degree for size in sizes.values()) * len(rules) << _LOG2_RELATION
    heights = sum(size.bits for size in sizes.values()) * len(rules) << _LOG2_RELATION
    degree = relations + sum(sizes[root.id].degree for root in roots)
    height = heights + sum(sizes[root.id].bits for root in roots)
    extension = _log2_of_extension(rules)
    accepted = sum(len(rule.squares) for rule in rules)  # each halves the points that can be used, or nearly so
    by_chance = _log2(degree) + extension + 2 * accepted - (BITS - 2)
    by_prime = _log2(height) + extension - math.log2(BITS - 1) - (LOG2_PRIMES - len(program.field.squares))
    if any(map(_has_coefficients, rules)):
        by_prime += 2 * RATIONAL_BITS + 1
    if max(by_chance, by_prime) > _LOG2_WORST:
        raise Undecidable("the degrees are too high for a test modulo a 521-bit prime")
    return float(PRIME_ERROR + 2.0**by_chance + 2.0**by_prime)


def _has_coefficients(rule: Rule) -> bool:
    """Whether rational coefficients were read off residues to find the rule."""
    match rule:
        case Exponential(argument=argument) | Rotation(argument=argument):
            return rule.terms != ((argument, Fraction(1)),)
        case Logarithm():
            return rule.terms != ((rule.argument, 1),)
        case Indicator():
            return rule.key[1] != rule.argument
        case Decided():
            return bool(rule.reason)
    return isinstance(rule, RootOfSquare)


def _sizes(program: Program) -> dict[int, Size]:
    scale = _exponent_denominators(program)
    sizes = {ONE: Size(0, 0, 1, 1)}
    for node in program.nodes:
        args = [sizes[a.id] for a in node.args]
        rule = program.rules.get(node.id)
        if rule is not None:
            sizes[node.id] = _ruled(rule, sizes, scale)
        elif node.op == "const":
            sizes[node.id] = Size(0, 0, node.data.numerator.bit_length(), node.data.denominator.bit_length())
        elif node.op == "add":
            sizes[node.id] = args[0].plus(args[1])
        elif node.op == "mul":
            sizes[node.id] = args[0].times(args[1])
        elif node.op == "inv":
            sizes[node.id] = args[0].inverse().times(Size(1, 0, 1, 1))  # once more, for a pole is a generator
        else:
            sizes[node.id] = args[0]
    return sizes


def _ruled(rule: Rule, sizes: dict[int, Size], scale: dict[int, int]) -> Size:
    one = Size(0, 0, 1, 1)
    match rule:
        case Exponential():
            total = one
            for b, c in rule.terms:
                n = math.ceil(abs(c) * 2 * scale[b])
                total = total.times(_size(n, 0, 1, 1) if c > 0 else _size(0, n, 1, 1))
            for v, power in rule.powers:
                total = total.times(sizes[v].power(power))
            return total
        case Rotation():
            n = sum(math.ceil(abs(c) * ANGLE_UNIT) * 2 for _, c in rule.terms)
            return _size(n, n, 2 * n, 2 * n)
        case Logarithm():
            bits = sum(abs(n).bit_length() for _, n in (*rule.terms, *rule.constants)) + rule.order.bit_length()
            total = _size(1, 0, bits + 1, bits + 1)
            for b, c in rule.exponents:
                coefficient = max(c.numerator.bit_length(), c.denominator.bit_length())
                total = total.plus(sizes[b].times(Size(0, 0, coefficient, coefficient)))
            return total
        case SquareRoot():
            return sizes[rule.argument].power(Fraction(1, 2))
        case RootOfSquare():
            total = sizes[rule.argument].power(Fraction(1, 2))
            return total.times(Size(1, 0, 2, 1))
        case RootOfRational():
            return _size(0, 0, rule.value.numerator.bit_length(), rule.value.denominator.bit_length())
    return Size(1, 0, 2, 1)


def _exponent_denominators(program: Program) -> dict[int, int]:
    """For every exponential generator the least common denominator of the powers in which it occurs."""
    scale: dict[int, int] = {}
    for rule in program.rules.values():
        if isinstance(rule, Exponential):
            for b, c in rule.terms:
                scale[b] = min(math.lcm(scale.get(b, 1), c.denominator), _CAP)
    return scale


def _log2_of_extension(rules: Sequence[Rule]) -> float:
    """The degree of the algebraic extension by all roots."""
    total = 0.0
    for rule in rules:
        if isinstance(rule, SquareRoot | RootOfRational):
            total += 1
        elif isinstance(rule, Exponential):
            total += sum(math.log2(n.denominator) for _, n in rule.powers)
    return total


def _size(*sizes: int) -> Size:
    return Size(*(min(size, _CAP) for size in sizes))


def _log2(n: int) -> float:
    return math.log2(n) if n else 0.0

"""Logarithms as free generators, related where their arguments are products of each other."""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction

from gradproof.proof.expressions.expression import Expression
from gradproof.proof.field.basis import Basis
from gradproof.proof.field.coprime import factors
from gradproof.proof.field.field import CHARACTER_ORDER
from gradproof.proof.field.points import Points, Program
from gradproof.proof.field.rows import ONE, Row
from gradproof.proof.field.rules_exponential import Logarithm

_LARGEST_EXPONENT = math.isqrt(CHARACTER_ORDER // 2)
_PARTS = 24  # exponents are looked for in twenty-fourths
_STRETCH = 2**_PARTS
_LARGEST_POWER = 8 * _PARTS
_CHARACTER = 100.0  # microseconds that a character of the field takes
_MOST_WORK = 300_000  # values to compute for one comparison


class LogarithmBasis:
    """The arguments of the logarithms met so far.

    With `compare_products`, relations are looked for between a new argument u and the earlier ones v: first
    u = v prod exp(b_i)^(c_i), as between the sums of a softmax with and without its maximum taken out; then
    u = k prod v_j^(n_j). Only a relation that holds at all points is used.
    """

    def __init__(self, program: Program, *, compare_products: bool) -> None:
        self._field, self._compare, self._deadline = program.field, compare_products, program.deadline
        self._known: list[int] = []
        self._products = Basis[int](CHARACTER_ORDER, _LARGEST_EXPONENT, ONE, self._images)

    def rule(self, argument: Expression, at: Points) -> Logarithm:
        """The rule of log u for the node u."""
        if argument.op == "const":
            return Logarithm(argument.id, 1, (), _factored(argument.data))
        row = at.node(argument.id)
        for number in self._known:
            if row == at.node(number):
                return Logarithm(argument.id, 1, ((number, 1),))
        if self._compare and all(row):
            found = self._shifted(argument.id, at) or self._product(argument.id, at)
            if found is not None:
                return found
        self._known.append(argument.id)
        return Logarithm(argument.id, 1, ((argument.id, 1),))

    def _shifted(self, argument: int, at: Points) -> Logarithm | None:
        """u = k v prod exp(b_i)^(c_i), or the same without v."""
        exponentials = at.exponentials()
        if not exponentials or len(exponentials) * at.place > _MOST_WORK:
            return None
        stretched = at.stretched(exponentials, _STRETCH)
        for number in (*self._known, ONE):
            if not all(stretched.node(number)) or not all(stretched.node(argument)):
                continue
            quotient = self._quotient(stretched.node(argument), stretched.node(number))
            powers = [self._power_of_stretch(value, quotient[-1]) for value in quotient[:-1]]
            if None not in powers:
                exponents = tuple((b, c) for b, c in zip(exponentials, powers, strict=True) if c)
                terms = () if number == ONE else ((number, 1),)
                found = self._verified(argument, 1, terms, exponents, at)
                if found is not None:
                    return found
        return None

    def _quotient(self, a: Row, b: Row) -> Row:
        return [x * y % self._field.p for x, y in zip(a, self._field.inverses(b), strict=True)]

    def _power_of_stretch(self, value: int, base: int) -> Fraction | None:
        """The c of value = base * stretch^c."""
        p = self._field.p
        ratio = value * pow(base, -1, p) % p
        for n in range(_LARGEST_POWER + 1):
            if ratio == pow(2, n, p):
                return Fraction(n, _PARTS)
            if ratio * pow(2, n, p) % p == 1:
                return Fraction(-n, _PARTS)
        return None

    def _product(self, argument: int, at: Points) -> Logarithm | None:
        """u^n = k prod v_j^(n_j): a character of the field turns it into a sum modulo a small prime."""
        found = self._products.express(self._images(argument, at), at)
        if found is None:
            self._products.add(argument, at)
            return None
        order = math.lcm(*(c.denominator for c in found.values()))
        terms = tuple((v, int(c * order)) for v, c in found.items() if v != ONE)
        return self._verified(argument, order, terms, (), at)

    def _images(self, number: int, at: Points) -> Row:
        """The characters of a node's values, relative to the first, so that constant factors do not show."""
        values = at.node(number)
        self._deadline.check(sum(not self._field.knows(value) for value in values) * _CHARACTER)
        images = [self._field.character(value) or 0 for value in values]
        return [(image - images[0]) % CHARACTER_ORDER for image in images]

    def _verified(
        self,
        argument: int,
        order: int,
        terms: tuple[tuple[int, int], ...],
        exponents: tuple[tuple[int, Fraction], ...],
        at: Points,
    ) -> Logarithm | None:
        """The relation with the constant k that makes it hold at every point."""
        rule = Logarithm(argument, order, terms, (), exponents)
        quotient = self._quotient(*rule.sides(at))
        scale = self._field.small_rational(quotient[0])
        if scale is None or scale <= 0 or any(value != quotient[0] for value in quotient):
            return None
        return dataclasses.replace(rule, constants=_factored(scale))


def _factored(value: Fraction) -> tuple[tuple[int, int], ...]:
    return (*factors(value.numerator), *((prime, -exponent) for prime, exponent in factors(value.denominator)))

"""Rules of exp, log, sin and cos: relations among arguments become products, sums and turns of generators."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from gradproof.proof.field.rows import Key, Row, Values, combination, compose, powers, product, turned_by

ANGLE_UNIT = 2**64 * 3**3 * 5 * 7 * 11  # a circle generator stands for the angle (representative / ANGLE_UNIT)


@dataclass(frozen=True)
class Exponential:
    """exp(sum c_j b_j + sum n_i log v_i) = prod exp(b_j)^c_j prod v_i^n_i.

    `terms` holds (representative node b_j, c_j), each with its generator ("exp", b_j); `powers` holds (node v_i,
    n_i), with the generator ("log", v_i) in the argument. A generator is drawn among the squares, and a fractional
    power is the one that is a square: as for positive real numbers.
    """

    argument: int
    terms: tuple[tuple[int, Fraction], ...]
    powers: tuple[tuple[int, Fraction], ...] = ()

    @property
    def keys(self) -> tuple[Key, ...]:
        return tuple(("exp", b) for b, _ in self.terms)

    @property
    def squares(self) -> tuple[int, ...]:
        return tuple(v for v, n in self.powers if n.denominator > 1)

    def evaluate(self, at: Values) -> Row:
        rows = [powers(at, at.draw(("exp", b)), c) for b, c in self.terms]
        rows += [powers(at, at.node(v), n) for v, n in self.powers]
        return product(at, rows)

    def holds(self, at: Values) -> bool:
        parts = [(at.node(b), c) for b, c in self.terms] + [(at.draw(("log", v)), n) for v, n in self.powers]
        return at.node(self.argument) == combination(at, parts)


@dataclass(frozen=True)
class Rotation:
    """sin or cos of sum c_j b_j, by the addition theorems from free points of the circle s^2 + c^2 = 1."""

    function: str
    argument: int
    terms: tuple[tuple[int, Fraction], ...]
    squares: tuple[int, ...] = ()

    @property
    def keys(self) -> tuple[Key, ...]:
        return tuple(("angle", b) for b, _ in self.terms)

    def evaluate(self, at: Values) -> Row:
        p, total = at.field.p, [(1, 0)] * at.width
        for b, c in self.terms:
            unit = ANGLE_UNIT if c.denominator == 1 else 1
            steps = int(c * ANGLE_UNIT / unit)
            turned = [turned_by(turn, steps, p) for turn in at.turns(("angle", b), unit)]
            total = [compose(x, y, p) for x, y in zip(total, turned, strict=True)]
        return [turn[self.function == "sin"] for turn in total]

    def holds(self, at: Values) -> bool:
        return at.node(self.argument) == combination(at, [(at.node(b), c) for b, c in self.terms])


@dataclass(frozen=True)
class Logarithm:
    """log u = (log k + sum n_j log v_j) / n + sum c_i b_i, because u^n = k prod v_j^(n_j) prod exp(b_i)^(n c_i).

    Every argument of a logarithm is positive. `terms` holds (node v_j, n_j), `constants` (integer, exponent) with
    product k, `exponents` (representative node b_i, c_i).
    """

    argument: int
    order: int
    terms: tuple[tuple[int, int], ...]
    constants: tuple[tuple[int, int], ...] = ()
    exponents: tuple[tuple[int, Fraction], ...] = ()
    squares: tuple[int, ...] = ()

    @property
    def keys(self) -> tuple[Key, ...]:
        return tuple(("log", v) for v, _ in self.terms) + tuple(("log of", q) for q, _ in self.constants)

    def evaluate(self, at: Values) -> Row:
        parts = [(at.draw(("log", v)), Fraction(n, self.order)) for v, n in self.terms]
        parts += [(at.draw(("log of", q)), Fraction(n, self.order)) for q, n in self.constants]
        parts += [(at.node(b), c) for b, c in self.exponents]
        return combination(at, parts)

    def holds(self, at: Values) -> bool:
        left, right = self.sides(at)
        return left == right

    def sides(self, at: Values) -> tuple[Row, Row]:
        """Both sides of the relation that the rule rests on, u^n and k prod v_j^(n_j) prod exp(b_i)^(n c_i)."""
        scale = Fraction(1)
        for q, n in self.constants:
            scale *= Fraction(q) ** n
        factors = [powers(at, at.node(v), Fraction(n)) for v, n in self.terms]
        factors += [powers(at, at.draw(("exp", b)), c * self.order) for b, c in self.exponents]
        right = product(at, [[at.field.rational(scale)] * at.width, *factors])
        return powers(at, at.node(self.argument), Fraction(self.order)), right

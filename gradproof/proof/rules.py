"""What each transcendental node becomes in a prime field.

A rule writes a node in *generators*: variables that are free in the field (`Key`s). It also says which identities
between nodes it rests on (`holds`), so that they are tested again at the very points of the final test. Whatever
is then zero for all values of the generators is zero for the real functions too, because these satisfy the same
rules; the converse is never used.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from gradproof.proof.field import Field

Key = tuple[str, int]
Row = list[int]
Turn = tuple[int, int]  # (cos, sin) of a point of the circle modulo p

ONE = -1  # stands for the constant 1 where a basis is named by the ids of nodes
ANGLE_UNIT = 2**64 * 3**3 * 5 * 7 * 11  # a circle generator stands for the angle (representative / ANGLE_UNIT)


class Values(Protocol):
    """The values of nodes and generators at some random points, all rows of one width."""

    field: Field
    width: int
    values: dict[int, Row]

    def draw(self, key: Key) -> Row:
        """The values of a free generator."""

    def turns(self, key: Key, unit: int) -> list[Turn]:
        """The points of the circle at `unit` times the angle of an angle generator."""

    def node(self, number: int) -> Row:
        """The values of a node; of the constant 1 for ONE."""

    def roots(self, number: int) -> Row:
        """The square roots of a node that some rule asked to be a square."""


class Rule(Protocol):
    """How one node is evaluated, and what that rests on."""

    @property
    def keys(self) -> tuple[Key, ...]:
        """The generators that the value is made of."""

    @property
    def squares(self) -> tuple[int, ...]:
        """Nodes that must be non-zero squares at every point that is used."""

    def evaluate(self, at: Values) -> Row:
        """The node's values."""

    def holds(self, at: Values) -> bool:
        """Whether the identities that the rule rests on hold at these points."""


@dataclass(frozen=True)
class Free:
    """A generator itself: a variable, or pi."""

    key: Key

    @property
    def keys(self) -> tuple[Key, ...]:
        return (self.key,)

    @property
    def squares(self) -> tuple[int, ...]:
        return ()

    def evaluate(self, at: Values) -> Row:
        return at.draw(self.key)

    def holds(self, at: Values) -> bool:
        return True


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
        rows = [_powers(at, at.draw(("exp", b)), c) for b, c in self.terms]
        rows += [_powers(at, at.node(v), n) for v, n in self.powers]
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
            total = [_compose(x, y, p) for x, y in zip(total, turned, strict=True)]
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
        factors = [_powers(at, at.node(v), Fraction(n)) for v, n in self.terms]
        factors += [_powers(at, at.draw(("exp", b)), c * self.order) for b, c in self.exponents]
        right = product(at, [[at.field.rational(scale)] * at.width, *factors])
        return _powers(at, at.node(self.argument), Fraction(self.order)), right


@dataclass(frozen=True)
class Atom:
    """An odd function of which nothing else is known: sign * f(b) of a representative node b."""

    argument: int
    key: Key
    sign: int
    squares: tuple[int, ...] = ()

    @property
    def keys(self) -> tuple[Key, ...]:
        return (self.key,)

    def evaluate(self, at: Values) -> Row:
        return [self.sign * value % at.field.p for value in at.draw(self.key)]

    def holds(self, at: Values) -> bool:
        return at.node(self.argument) == combination(at, [(at.node(self.key[1]), Fraction(self.sign))])


@dataclass(frozen=True)
class Indicator:
    """[u > 0] of u = ratio * w: the generator of [w > 0], or 1 minus it for a negative ratio."""

    argument: int
    key: Key
    ratio: Fraction
    squares: tuple[int, ...] = ()

    @property
    def keys(self) -> tuple[Key, ...]:
        return (self.key,)

    def evaluate(self, at: Values) -> Row:
        row = at.draw(self.key)
        return row if self.ratio > 0 else [(1 - value) % at.field.p for value in row]

    def holds(self, at: Values) -> bool:
        return at.node(self.argument) == combination(at, [(at.node(self.key[1]), self.ratio)])


@dataclass(frozen=True)
class Decided:
    """[u > 0] known in the region at hand.

    Either chosen, or certain because u >= 0 is not zero identically (`reason` None), or implied: u = sum a_i w_i
    (`reason`), where each a_i w_i is known to be positive, or each negative; an empty sum says that u is zero
    identically.
    """

    argument: int
    value: int
    reason: tuple[tuple[int, Fraction], ...] | None
    keys: tuple[Key, ...] = ()
    squares: tuple[int, ...] = ()

    def evaluate(self, at: Values) -> Row:
        return [self.value] * at.width

    def holds(self, at: Values) -> bool:
        if self.reason is None:
            return True
        return at.node(self.argument) == combination(at, [(at.node(w), a) for w, a in self.reason])


@dataclass(frozen=True)
class SquareRoot:
    """A root of a value that is no square of an expression: the root that is a square in the field."""

    argument: int
    keys: tuple[Key, ...] = ()

    @property
    def squares(self) -> tuple[int, ...]:
        return (self.argument,)

    def evaluate(self, at: Values) -> Row:
        return at.roots(self.argument)

    def holds(self, at: Values) -> bool:
        return True


@dataclass(frozen=True)
class RootOfSquare:
    """sqrt(u) = sqrt(k) |t|^n prod r_i, because u = k t^(2n) prod r_i^2 with r_i >= 0 and a rational k > 0.

    `factor` is t, `power` is n, 1 or -1; `sign` is the rule of [t > 0], None where t is certainly positive.
    """

    argument: int
    scale: Fraction
    factor: int
    power: int
    roots: tuple[int, ...]
    sign: Indicator | Decided | None

    @property
    def keys(self) -> tuple[Key, ...]:
        return self.sign.keys if self.sign else ()

    @property
    def squares(self) -> tuple[int, ...]:
        return ()

    def evaluate(self, at: Values) -> Row:
        rows = [[root_of_rational(at.field, self.scale)] * at.width, self._factor(at)]
        rows += [at.node(r) for r in self.roots]
        if self.sign:
            rows.append([2 * value - 1 for value in self.sign.evaluate(at)])
        return product(at, rows)

    def holds(self, at: Values) -> bool:
        base = product(at, [self._factor(at), *(at.node(r) for r in self.roots)])
        squared = product(at, [[at.field.rational(self.scale)] * at.width, base, base])
        return at.node(self.argument) == squared and (self.sign is None or self.sign.holds(at))

    def _factor(self, at: Values) -> Row:
        row = at.node(self.factor)
        return row if self.power > 0 else at.field.inverses(row)


@dataclass(frozen=True)
class RootOfRational:
    """sqrt(k) of a rational constant, all of whose coprime factors are squares in the field."""

    value: Fraction
    keys: tuple[Key, ...] = ()
    squares: tuple[int, ...] = ()

    def evaluate(self, at: Values) -> Row:
        return [root_of_rational(at.field, self.value)] * at.width

    def holds(self, at: Values) -> bool:
        return True


def root_of_rational(field: Field, value: Fraction) -> int:
    """The positive root: rational where it is, else the one that is a square in the field."""
    exact = rational_root(value)
    if exact is not None:
        return field.rational(exact)
    root = field.square_root(field.rational(value))
    if root is None:
        raise ArithmeticError(f"{value} is no square in the field that was drawn")
    return root


def rational_root(value: Fraction) -> Fraction | None:
    """The square root of a positive rational where that is rational, else None."""
    top, bottom = math.isqrt(value.numerator), math.isqrt(value.denominator)
    exact = top * top == value.numerator and bottom * bottom == value.denominator
    return Fraction(top, bottom) if exact else None


# --- rows


def combination(at: Values, parts: Iterable[tuple[Row, Fraction]]) -> Row:
    """The linear combination of rows."""
    p, total = at.field.p, [0] * at.width
    for row, coefficient in parts:
        c = at.field.rational(coefficient)
        total = [(t + c * value) % p for t, value in zip(total, row, strict=True)]
    return total


def product(at: Values, rows: Sequence[Row]) -> Row:
    """The product of rows."""
    p, total = at.field.p, [1] * at.width
    for row in rows:
        total = [t * value % p for t, value in zip(total, row, strict=True)]
    return total


def _powers(at: Values, row: Row, exponent: Fraction) -> Row:
    if exponent == 1:
        return row
    powers = [at.field.power(value, exponent) for value in row]
    if None in powers:
        raise ZeroDivisionError("a power that the field does not have")
    return [value for value in powers if value is not None]


def _compose(a: Turn, b: Turn, p: int) -> Turn:
    return (a[0] * b[0] - a[1] * b[1]) % p, (a[0] * b[1] + a[1] * b[0]) % p


def turned_by(unit: Turn, steps: int, p: int) -> Turn:
    """The point `steps` times as far round the circle."""
    total, (c, s) = (1, 0), unit if steps >= 0 else (unit[0], -unit[1])
    steps = abs(steps)
    while steps:
        if steps & 1:
            total = _compose(total, (c, s), p)
        c, s = (c * c - s * s) % p, 2 * c * s % p
        steps >>= 1
    return total

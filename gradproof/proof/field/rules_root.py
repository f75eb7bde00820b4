"""Rules of square roots."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from gradproof.proof.field.rows import Key, Row, Values, product, root_of_rational
from gradproof.proof.field.rules import Decided, Indicator


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

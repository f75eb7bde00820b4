"""What each transcendental node becomes in a prime field.

A rule writes a node in *generators*: variables that are free in the field (`Key`s). It also says which identities
between nodes it rests on (`holds`), so that they are tested again at the very points of the final test. Whatever
is then zero for all values of the generators is zero for the real functions too, because these satisfy the same
rules; the converse is never used.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from gradproof.proof.field.rows import Key, Row, Values, combination


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

"""A span of rows named by keys, which follows its points when some of these are drawn again."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Generic, TypeVar

from gradproof.proof.field.points import Points
from gradproof.proof.field.rows import Row
from gradproof.proof.field.span import Span

K = TypeVar("K")


class Basis(Generic[K]):
    """Functions, named by keys, in whose rational span others are looked for.

    `row_of(key, points)` gives a key's values. `first` is the key that is always in the basis.
    """

    def __init__(self, prime: int, bound: int, first: K, row_of: Callable[[K, Points], Row]) -> None:
        self._prime, self._bound, self._row_of = prime, bound, row_of
        self._keys = [first]
        self._span: Span | None = None
        self._generation = -1

    def add(self, key: K, at: Points) -> None:
        """Take one more function, which is not in the span."""
        self._current(at).add(self._row_of(key, at))
        self._keys.append(key)

    def express(self, row: Row, at: Points) -> dict[K, Fraction] | None:
        """The rational coefficients of a row, by key; None where there are none."""
        found = self._current(at).express(row)
        return None if found is None else {self._keys[number]: c for number, c in found.items()}

    def _current(self, at: Points) -> Span:
        if self._span is None or self._generation != at.generation:
            self._span, self._generation = Span(self._prime, self._bound, at.width), at.generation
            for key in self._keys:
                self._span.add(self._row_of(key, at))
        return self._span

"""Linear dependence over the rationals of functions known by their values at random points of a field.

Each function is a row of values at the same points. As many points as there are functions, and a few more, make a
dependence that is seen there a true one but for a negligible probability (Schwartz 1980, Zippel 1979).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import mul

from gradproof.proof.field.field import reconstruct

Combination = dict[int, Fraction]
_SPARE_POINTS = 3  # points beyond the number of coefficients, at which a dependence is tested


class Span:
    """A growing basis of rows modulo a prime; elements are numbered in the order in which they were added.

    The rows are kept in echelon form: each is 1 at its pivot and 0 at the pivots before. What is left of a row at a
    place once the kept rows are taken away is one sum of products, and only the places that are asked for are computed:
    the pivots, and those at which a dependence is tested.
    Coefficients are looked for with numerators and denominators below `bound`.
    """

    def __init__(self, prime: int, bound: int, width: int) -> None:
        self._prime, self._bound, self._width = prime, bound, width
        self._kept: list[_Kept] = []
        self._columns: list[list[int]] = [[] for _ in range(width)]  # values of the kept rows, as far as asked for
        self._ratios: dict[int, _Kept] = {}  # by the ratio of their values at the first two places
        self._latest: tuple[Sequence[int], list[int]] = ((), [])
        self.size = 0

    def add(self, row: Sequence[int]) -> int:
        """Take `row` as a new basis element and return its number. It must not be in the span."""
        number = self.size
        self.size += 1
        factors = self._factors(row)
        pivot, value = next(((i, left) for i in range(self._width) if (left := self._left(row, factors, i))), (-1, 0))
        if value:  # a row that depends on the others, but with no rational coefficients, spans nothing new
            kept = _Kept(number, row, factors, pivot, pow(value, -1, self._prime))
            self._kept.append(kept)
            self._ratios.setdefault(self._ratio(row), kept)
        return number

    def express(self, row: Sequence[int]) -> Combination | None:
        """The rational coefficients of `row` in the basis; None where there are none, or too few points."""
        if len(self._kept) + _SPARE_POINTS > self._width:
            return None
        if (single := self._multiple_of_one(row)) is not None:
            return single
        factors, pivots = self._factors(row), {kept.pivot for kept in self._kept}
        spare = [place for place in range(self._width) if place not in pivots][:_SPARE_POINTS]
        if any(self._left(row, factors, place) for place in spare):
            return None
        combination = {}
        for number, residue in self._coefficients(factors).items():
            if residue:
                coefficient = reconstruct(residue, self._prime, self._bound)
                if coefficient is None:
                    return None
                combination[number] = coefficient
        return combination

    def _multiple_of_one(self, row: Sequence[int]) -> Combination | None:
        """The combination, where it is a multiple of a single element: most are, and that is quickly seen."""
        kept = self._ratios.get(self._ratio(row))
        if kept is None or not kept.row[0]:
            return None
        residue = row[0] * pow(kept.row[0], -1, self._prime) % self._prime
        if any((value - residue * own) % self._prime for value, own in zip(row, kept.row, strict=True)):
            return None
        coefficient = reconstruct(residue, self._prime, self._bound)
        return {kept.number: coefficient} if coefficient else None

    def _ratio(self, row: Sequence[int]) -> int:
        """The value at the second place by that at the first; 0 where there is no such number."""
        if self._width < 2 or not row[0] % self._prime:
            return 0
        return row[1] * pow(row[0], -1, self._prime) % self._prime

    def _factors(self, row: Sequence[int]) -> list[int]:
        """How often each kept row is taken away from `row`."""
        if self._latest[0] is row and len(self._latest[1]) == len(self._kept):
            return self._latest[1]
        factors: list[int] = []
        for kept in self._kept:
            factors.append(self._left(row, factors, kept.pivot))
        self._latest = row, factors
        return factors

    def _left(self, row: Sequence[int], factors: Sequence[int], place: int) -> int:
        """What is left of `row` at a place once the kept rows that there are factors for are taken away."""
        column = self._columns[place]
        for kept in self._kept[len(column) : len(factors)]:
            own = kept.row[place] - sum(map(mul, kept.factors, column))
            column.append(own * kept.inverse % self._prime)
        left: int = (row[place] - sum(map(mul, factors, column))) % self._prime
        return left

    def _coefficients(self, factors: Sequence[int]) -> dict[int, int]:
        """The multiples of the basis elements that the multiples of the kept rows come to, by the elements' numbers."""
        p, left, found = self._prime, list(factors), dict[int, int]()
        for place in reversed(range(len(left))):
            kept = self._kept[place]
            found[kept.number] = share = left[place] * kept.inverse % p
            for earlier, factor in enumerate(kept.factors):
                left[earlier] -= share * factor
        return dict(sorted(found.items()))


@dataclass(frozen=True)
class _Kept:
    """A row of the echelon form: `inverse` times what is left of an added row, without so many of the kept ones."""

    number: int
    row: Sequence[int]
    factors: Sequence[int]
    pivot: int
    inverse: int

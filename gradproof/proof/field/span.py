"""Linear dependence over the rationals of functions known by their values at random points of a field.

Each function is a row of values at the same points. As many points as there are functions, and a few more, make a
dependence that is seen there a true one but for a negligible probability (Schwartz 1980, Zippel 1979).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from gradproof.proof.field.field import reconstruct

Combination = dict[int, Fraction]
_SPARE_POINTS = 3  # points beyond the number of coefficients, at which a dependence is tested


class Span:
    """A growing basis of rows modulo a prime; elements are numbered in the order in which they were added.

    Coefficients are looked for with numerators and denominators below `bound`.
    """

    def __init__(self, prime: int, bound: int, width: int) -> None:
        self._prime, self._bound, self._width = prime, bound, width
        self._pivots: list[tuple[int, list[int], dict[int, int]]] = []
        self.size = 0

    def add(self, row: Sequence[int]) -> int:
        """Take `row` as a new basis element and return its number. It must not be in the span."""
        number, p = self.size, self._prime
        self.size += 1
        rest, used = self._reduce(row)
        pivot = next((i for i, value in enumerate(rest) if value), None)
        if pivot is None:  # dependent, but with no rational coefficients: it spans nothing new
            return number
        inverse = pow(rest[pivot], -1, p)
        recipe = {j: -c * inverse % p for j, c in used.items()}
        recipe[number] = inverse
        self._pivots.append((pivot, [value * inverse % p for value in rest], recipe))
        return number

    def express(self, row: Sequence[int]) -> Combination | None:
        """The rational coefficients of `row` in the basis; None where there are none, or too few points."""
        rest, used = self._reduce(row)
        if any(rest) or len(self._pivots) + _SPARE_POINTS > self._width:
            return None
        combination = {}
        for number, residue in used.items():
            if residue:
                coefficient = reconstruct(residue, self._prime, self._bound)
                if coefficient is None:
                    return None
                combination[number] = coefficient
        return combination

    def _reduce(self, row: Sequence[int]) -> tuple[list[int], dict[int, int]]:
        p = self._prime
        rest, used = [value % p for value in row], dict[int, int]()
        for pivot, basis_row, recipe in self._pivots:
            factor = rest[pivot]
            if factor:
                rest = [(a - factor * b) % p for a, b in zip(rest, basis_row, strict=True)]
                for number, c in recipe.items():
                    used[number] = (used.get(number, 0) + factor * c) % p
        return rest, used

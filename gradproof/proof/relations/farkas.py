"""Whether one rational vector is a combination of others with coefficients that are not negative (Farkas' lemma)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import lcm

Vector = Sequence[Fraction]


def nonnegative_combination(
    target: Vector, generators: Sequence[Vector], spend: Callable[[int], None] | None = None
) -> list[Fraction] | None:
    """Coefficients c >= 0 with sum c_j generators[j] = target, or None where there are none.

    Phase one of the simplex method with Bland's rule, which does not cycle. The table holds whole numbers over one
    common denominator, the pivot before: each step divides without a rest (Edmonds, 1967), as Bareiss' elimination
    does. The last row is the sum of the rows that nothing explains yet.

    Args:
        target: What is to be combined.
        generators: What of.
        spend: Is told of every step how many numbers it changes; it may raise to stop.
    """
    count = len(generators)
    scales = [lcm(*(c.denominator for c in vector)) for vector in (*generators, target)]
    columns = [
        [c.numerator * (scale // c.denominator) for c in vector]
        for vector, scale in zip((*generators, target), scales, strict=True)
    ]
    rows = [list(row) if row[-1] >= 0 else [-c for c in row] for row in zip(*columns, strict=True)]
    rows.append([sum(column) for column in zip(*rows, strict=True)] if rows else [0] * (count + 1))
    basis, denominator = list(range(count, count + len(target))), 1
    while True:
        entering = next((j for j in range(count) if rows[-1][j] > 0), None)
        if entering is None:
            break
        ratios = [
            (Fraction(rows[i][-1], rows[i][entering]), basis[i], i) for i in range(len(basis)) if rows[i][entering] > 0
        ]
        leaving = min(ratios)[2]
        if spend is not None:
            spend(len(rows) * (count + 1))
        denominator = _pivot(rows, leaving, entering, denominator)
        basis[leaving] = entering
    if rows[-1][-1]:
        return None
    solution = [Fraction(0)] * count
    for i, j in enumerate(basis):
        if j < count:
            solution[j] = Fraction(rows[i][-1] * scales[j], denominator * scales[-1])
    return solution


def _pivot(rows: list[list[int]], row: int, column: int, denominator: int) -> int:
    """Clear the column in all rows but one; returns the new common denominator."""
    mine = rows[row]
    pivot = mine[column]
    for i, other in enumerate(rows):
        if i != row:
            factor = other[column]
            rows[i] = [(a * pivot - factor * b) // denominator for a, b in zip(other, mine, strict=True)]
    return pivot

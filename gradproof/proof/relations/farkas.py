"""Whether one rational vector is a combination of others with coefficients that are not negative (Farkas' lemma)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

Vector = Sequence[Fraction]


def nonnegative_combination(target: Vector, generators: Sequence[Vector]) -> list[Fraction] | None:
    """Coefficients c >= 0 with sum c_j generators[j] = target, or None where there are none.

    Phase one of the simplex method on exact fractions with Bland's rule, which does not cycle.
    """
    count, height = len(generators), len(target)
    rows = []
    for i in range(height):
        sign = 1 if target[i] >= 0 else -1
        slack = [Fraction(int(i == j)) for j in range(height)]
        rows.append([sign * g[i] for g in generators] + slack + [sign * target[i]])
    basis = list(range(count, count + height))
    while True:
        cost = [sum((rows[i][j] for i in range(height) if basis[i] >= count), Fraction(0)) for j in range(count)]
        entering = next((j for j in range(count) if cost[j] > 0), None)
        if entering is None:
            break
        ratios = [(rows[i][-1] / rows[i][entering], basis[i], i) for i in range(height) if rows[i][entering] > 0]
        _pivot(rows, min(ratios)[2], entering)
        basis[min(ratios)[2]] = entering
    if any(rows[i][-1] for i in range(height) if basis[i] >= count):
        return None
    solution = [Fraction(0)] * count
    for i, j in enumerate(basis):
        if j < count:
            solution[j] = rows[i][-1]
    return solution


def _pivot(rows: list[list[Fraction]], row: int, column: int) -> None:
    scale = rows[row][column]
    rows[row] = [value / scale for value in rows[row]]
    for i, other in enumerate(rows):
        if i != row and other[column]:
            factor = other[column]
            rows[i] = [a - factor * b for a, b in zip(other, rows[row], strict=True)]

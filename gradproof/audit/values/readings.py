"""Ways to take what print leaves open; each is tried, and a note says which one an equality holds in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice, product
from typing import Literal

_MOST = 12


@dataclass(frozen=True, slots=True)
class Reading:
    """One choice for each ambiguity of printed matrix notation.

    `grouping`: products mixed with ⊙ from left to right, matrix products first, or ⊙ first. `columns`: a dot
    between two columns. `slash`: how far a denominator behind `/` reaches. `softmax`: its axis in a matrix.
    `layout`: whether the derivative of a column by a column has the numerator's or the denominator's rows,
    or is its diagonal. `vectors`: whether a quantity with one index is a column or a row.
    `powers`: of a square matrix, entry by entry or as products. `state`: whether an update of a parameter is made of
    what an optimizer kept before the step, or of what it keeps then.
    """

    grouping: Literal["left", "products", "hadamard"] = "left"
    columns: Literal["elementwise", "inner"] = "elementwise"
    slash: Literal["left", "wide"] = "left"
    softmax: Literal["rows", "columns"] = "rows"
    layout: Literal["numerator", "denominator", "diagonal"] = "numerator"
    vectors: Literal["columns", "rows"] = "columns"
    powers: Literal["entries", "products"] = "entries"
    state: Literal["old", "new"] = "old"


_OPTIONS: dict[str, tuple[str, ...]] = {
    "grouping": ("left", "products", "hadamard"),
    "columns": ("elementwise", "inner"),
    "slash": ("left", "wide"),
    "softmax": ("rows", "columns"),
    "layout": ("numerator", "denominator", "diagonal"),
    "vectors": ("columns", "rows"),
    "powers": ("entries", "products"),
    "state": ("old", "new"),
}


def readings(choices: Iterable[str]) -> Iterator[Reading]:
    """The readings that differ in the given choices, the usual one first, at most 12."""
    names = [name for name in _OPTIONS if name in set(choices)]
    for combination in islice(product(*(_OPTIONS[name] for name in names)), _MOST):
        yield replace(Reading(), **dict(zip(names, combination, strict=True)))  # type: ignore[arg-type]

"""Sums and products by the rules of matrix notation: what fits, what is broadcast, how an ambiguous sign is taken.

A quantity of shape (n,) has no orientation: it is a column beside a matrix on its left, a row beside one on its
right, and it is added to every row or column of a matrix that it fits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import add, mul, sub, truediv

import numpy as np

from gradproof.audit.values.provider import Array
from gradproof.errors import GradproofError

TURNED = "turned"
"""The choice that a quantity with one index beside a matrix on its right is a row; there is no other reading of it."""


class Misfit(GradproofError):
    """Two shapes that the operator cannot bring together: the equation is wrong as printed, at `position`."""

    def __init__(self, reason: str, position: int = -1) -> None:
        super().__init__(reason)
        self.reason = reason
        self.position = position


@dataclass(frozen=True, slots=True)
class Combined:
    """A value, a note on how the operator was taken, and the choice that another reading would make."""

    value: Array
    note: str = ""
    choice: str = ""


_ENTRYWISE: dict[str, Callable[[Array, Array], Array]] = {"+": add, "-": sub, "odot": mul, "slash": truediv}
_SIGNS = {"odot": "⊙", "slash": "/", "juxt": "times", "dot": "·", "times": "×"}  # noqa: RUF001


def entrywise(operator: str, a: Array, b: Array) -> Combined:
    """`+`, `-`, `odot` or `slash` of two values; raises `Misfit` for shapes that do not fit."""
    do = _ENTRYWISE[operator]
    if a.shape == b.shape or () in (a.shape, b.shape):
        return Combined(do(a, b))
    if len(a.shape) == len(b.shape) == 2 and _broadcasts(a.shape, b.shape):
        return Combined(do(a, b), f"{_shape(a)} {_sign(operator)} {_shape(b)} is read row by row or column by column")
    if {len(a.shape), len(b.shape)} == {1, 2}:
        swapped = len(a.shape) == 2
        vector, matrix = (b, a) if swapped else (a, b)
        (size,), (rows, columns) = vector.shape, matrix.shape
        if columns in (size, 1) and rows == 1:
            vector, note = vector, ""
        elif rows == size and columns == 1:
            vector, note = vector[:, None], ""
        elif columns == size:
            note = "a quantity with one index is taken for a row, the same for every row"
        elif rows == size:
            vector, note = vector[:, None], "a quantity with one index is taken for a column, the same for every column"
        else:
            raise _misfit(operator, a, b)
        return Combined(do(matrix, vector) if swapped else do(vector, matrix), note)
    raise _misfit(operator, a, b)


def product(operator: str, a: Array, b: Array, *, inner: bool = False) -> Combined:
    """A product printed with `juxt`, `dot` or `times`; `inner` takes a dot between equal columns as inner product.

    Raises `Misfit` for shapes that do not fit.
    """
    if () in (a.shape, b.shape):
        return Combined(a * b)
    if len(a.shape) == len(b.shape) == 1:
        if operator == "juxt" or a.shape != b.shape:
            raise _misfit(operator, a, b, ": one of them must be transposed")
        note = f"'{_sign(operator)}' between two columns is read as {'an inner' if inner else 'an elementwise'} product"
        return Combined(np.sum(a * b) if inner else a * b, note, "columns")
    if len(a.shape) == 2 and a.shape[1] == 1 and len(b.shape) == 1 and b.shape[0] != 1:
        return Combined(np.matmul(a, b[None, :]))  # a row transposed, and a row
    left = a[:, None] if len(a.shape) == 1 and len(b.shape) == 2 and b.shape[0] == 1 else a
    if left.shape[-1] == b.shape[0]:
        turned = len(left.shape) == 1 and len(b.shape) == 2
        return Combined(_as_scalar(np.matmul(left, b)), choice=TURNED if turned else "")
    if a.shape == b.shape and operator != "juxt":
        return Combined(a * b, f"'{_sign(operator)}' between two matrices is read as an elementwise product")
    raise _misfit(operator, a, b)


def matched(a: Array, b: Array, what: str) -> None:
    """Raise `Misfit` unless two values have one shape or one of them is a number."""
    if a.shape != b.shape and a.shape and b.shape:
        raise Misfit(f"the shapes of {what} differ: {_shape(a)} and {_shape(b)}")


def outer(a: Array, b: Array) -> Combined:
    """The outer product of two columns; raises `Misfit` for matrices."""
    a, b = (x[:, 0] if len(x.shape) == 2 and x.shape[1] == 1 else x for x in (a, b))
    if len(a.shape) > 1 or len(b.shape) > 1:
        raise _misfit("outer", a, b, ": '\\otimes' is read between columns")
    return Combined(a[:, None] * b[None, :] if a.shape and b.shape else a * b)


def transposed(a: Array) -> Array:
    """The transpose; a quantity with one index becomes a row."""
    return a[None, :] if len(a.shape) == 1 else a.T


def alike(a: Array, b: Array) -> tuple[Array, Array]:
    """Two sides of an equality in one shape; raises `Misfit` where they have none in common.

    A quantity with one index equals a column as well as a row.
    """
    a, b = _as_scalar(a), _as_scalar(b)
    if a.shape == b.shape:
        return a, b
    if len(b.shape) == 1 and len(a.shape) == 2:
        second, first = alike(b, a)
        return first, second
    if len(a.shape) == 1 and len(b.shape) == 2:
        if b.shape == (a.shape[0], 1):
            return a, b[:, 0]
        if b.shape == (1, a.shape[0]):
            return a, b[0]
    hint = ": one is shaped like the other's transpose" if a.shape == b.shape[::-1] and len(a.shape) == 2 else ""
    raise Misfit(f"the sides have the shapes {_shape(a)} and {_shape(b)}{hint}")


def _as_scalar(a: Array) -> Array:
    return a[(0,) * len(a.shape)] if a.shape in ((1,), (1, 1)) else a


def _broadcasts(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    """Whether one of two matrices is a single row or column (or number) that fits the other."""
    grown = tuple(max(m, n) if 1 in (m, n) or m == n else -1 for m, n in zip(a, b, strict=True))
    return grown in (a, b)


def _shape(a: Array) -> str:
    return "(" + ", ".join(map(str, a.shape)) + ")" if a.shape else "a number"


def _sign(operator: str) -> str:
    return _SIGNS.get(operator, operator)


def _misfit(operator: str, a: Array, b: Array, more: str = "") -> Misfit:
    return Misfit(f"the shapes do not fit: {_shape(a)} {_sign(operator)} {_shape(b)}{more}")

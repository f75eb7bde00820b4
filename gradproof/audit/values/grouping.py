"""Products with more than one kind of sign: which factors belong together, by the reading."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

from gradproof.audit.reading.tree import Fraction as Quotient
from gradproof.audit.reading.tree import Node, Operator, Product
from gradproof.audit.values.evaluation import Evaluation, Unjudged
from gradproof.audit.values.provider import Array
from gradproof.audit.values.shapes import Combined, Misfit, entrywise, outer, product

_MATRIX_PRODUCTS = ("juxt", "dot", "times")
_TAKEN = {"left": "from left to right", "products": "matrix products first", "hadamard": "⊙ first"}


class _Part(NamedTuple):
    """A factor or a run of factors already combined, and the operator before it with its offset."""

    operator: Operator
    place: int
    value: Array


def fold(e: Evaluation, node: Product, values: Sequence[Array]) -> Array:
    """The value of a product from the values of its factors.

    Raises `Misfit` at the sign whose two sides do not fit.
    """
    places = node.places or (-1,) * len(node.operators)
    operators = by_quotients(node, node.operators, [len(v.shape) for v in values], lambda n: len(e.value(n).shape))
    parts = [_Part("juxt", -1, values[0])]
    parts += [_Part(*part) for part in zip(operators, places, values[1:], strict=True)]
    if _reaches_far(node.operators):
        e.remarks.choices.add("slash")
        wide = e.reading.slash == "wide"
        e.remarks.note(node.span[0], f"what stands behind '/' {'is all' if wide else 'is only the next factor'} below")
        if wide:
            parts = _combined_runs(e, parts, ("juxt",), behind="slash")
    if _is_mixed(parts):
        e.remarks.choices.add("grouping")
        e.remarks.note(node.span[0], f"products and ⊙ are mixed: taken {_TAKEN[e.reading.grouping]}")
        if e.reading.grouping == "products":
            parts = _combined_runs(e, parts, _MATRIX_PRODUCTS)
        elif e.reading.grouping == "hadamard":
            parts = _combined_runs(e, parts, ("odot",))
    return _from_left(e, parts)


def by_quotients(
    node: Product, operators: Sequence[Operator], axes: Sequence[int], below: Callable[[Node], int]
) -> tuple[Operator, ...]:
    r"""Operators with ⊙ beside a quotient by a column, where another column follows without a sign.

    `\frac{\eta}{\sqrt{s} + \epsilon} g`: what is divided entry by entry is multiplied so. `axes`: of the factors.
    `below`: the axes of a denominator.
    """
    found, last = list(operators), -1
    for at, (factor, count) in enumerate(zip(node.factors, axes, strict=True)):
        if last >= 0 and count == axes[last] == 1 and found[at - 1] == "juxt":
            divided = (f for f in (node.factors[last], factor) if isinstance(f, Quotient))
            if any(below(quotient.bottom) == 1 for quotient in divided):
                found[at - 1] = "odot"
        last = at if count else last
    return tuple(found)


def _reaches_far(operators: Sequence[Operator]) -> bool:
    """Whether a factor follows a denominator without a sign: `a / b c`."""
    return any(first == "slash" and second == "juxt" for first, second in pairwise(operators))


def _is_mixed(parts: Sequence[_Part]) -> bool:
    """Whether both ⊙ and a matrix product stand between factors that are not single numbers."""
    kinds = {
        "odot" if part.operator == "odot" else "product"
        for before, part in pairwise(parts)
        if before.value.shape and part.value.shape and part.operator in ("odot", *_MATRIX_PRODUCTS)
    }
    return len(kinds) == 2


def _combined_runs(e: Evaluation, parts: list[_Part], joining: Sequence[str], behind: str = "") -> list[_Part]:
    """Combine the runs of parts joined by some operators; with `behind`, only runs that start with it."""
    runs: list[list[_Part]] = []
    for part in parts:
        if runs and part.operator in joining and (not behind or runs[-1][0].operator == behind):
            runs[-1].append(part)
        else:
            runs.append([part])
    return [_Part(run[0].operator, run[0].place, _from_left(e, run)) for run in runs]


def _from_left(e: Evaluation, parts: Sequence[_Part]) -> Array:
    value = parts[0].value
    for part in parts[1:]:
        combined = _combine(e, part, value)
        if combined.choice:
            e.remarks.choices.add(combined.choice)
        e.remarks.note(part.place, combined.note)
        value = combined.value
    return value


def _combine(e: Evaluation, part: _Part, left: Array) -> Combined:
    right = part.value
    try:
        if part.operator == "outer":
            _check_size(e, part, _cells(left.shape) * _cells(right.shape), left, right)
            return outer(left, right)
        if part.operator in ("odot", "slash"):
            return entrywise(part.operator, left, right)
        if left.shape and right.shape:
            cells = _cells(left.shape[:-1]) * _cells(right.shape[1:])
            _check_size(e, part, cells, left, right)
        return product(part.operator, left, right, inner=e.reading.columns == "inner")
    except Misfit as error:
        raise Misfit(error.reason, part.place) from None


def _cells(shape: Sequence[int]) -> int:
    cells = 1
    for length in shape:
        cells *= length
    return cells


def _check_size(e: Evaluation, part: _Part, cells: int, left: Array, right: Array) -> None:
    if cells > max(e.limits.cells, _cells(left.shape), _cells(right.shape)):
        raise Unjudged(f"a product with {cells:,} entries, the limit is {e.limits.cells:,}", part.place)

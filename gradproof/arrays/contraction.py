"""`np.einsum` of two large arrays by matrix products: values and bounds are the same up to the order of the sums."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from gradproof.arrays.structure import Array

LARGE = 4_096
"""So many products in each of the stacked matrix products pay for the copies that those need."""


class _Roles(NamedTuple):
    """The letters of a contraction of two arrays by what they are in a stack of matrix products."""

    stacked: str
    rows: str
    summed: str
    columns: str


def contraction(subscripts: str, *operands: Array) -> Array:
    """`np.einsum(subscripts, *operands)` up to the order of the sums."""
    roles = _roles(subscripts, operands)
    if roles is None:
        return np.asarray(np.einsum(subscripts, *operands))
    terms, _, output = subscripts.partition("->")
    first, second = terms.split(",")
    left = _laid_out(operands[0], first, roles.stacked, roles.rows, roles.summed)
    right = _laid_out(operands[1], second, roles.stacked, roles.summed, roles.columns)
    product = np.matmul(left, right)
    sizes = dict(zip(first + second, operands[0].shape + operands[1].shape, strict=True))
    split = [*product.shape[:-2], *(sizes[letter] for letter in roles.rows + roles.columns)]
    order = roles.stacked + roles.rows + roles.columns
    return np.transpose(product.reshape(split), [order.index(letter) for letter in output])


def _roles(subscripts: str, operands: tuple[Array, ...]) -> _Roles | None:
    """None where this is no stack of matrix products, or where they are small."""
    if len(operands) != 2 or "." in subscripts or not all(operand.dtype.kind == "f" for operand in operands):
        return None
    terms, _, output = subscripts.partition("->")
    first, second = terms.split(",")
    if any(len(set(term)) < len(term) for term in (first, second)):
        return None  # a diagonal
    shared = [letter for letter in first if letter in second]
    roles = _Roles(
        stacked="".join(letter for letter in shared if letter in output),
        rows="".join(letter for letter in first if letter not in second),
        summed="".join(letter for letter in shared if letter not in output),
        columns="".join(letter for letter in second if letter not in first),
    )
    left, right = (
        dict(zip(term, array.shape, strict=True)) for term, array in zip((first, second), operands, strict=True)
    )
    if not set(roles.rows + roles.columns).issubset(output) or any(left[name] != right[name] for name in roles.summed):
        return None  # a letter that is summed in one array alone, or one of size 1 that is stretched
    products = math.prod(
        [*(left[name] for name in roles.rows + roles.summed), *(right[name] for name in roles.columns)]
    )
    return roles if roles.summed and products >= LARGE else None


def _laid_out(array: Array, letters: str, stacked: str, rows: str, columns: str) -> Array:
    """The array as a stack of matrices."""
    moved = array.transpose([letters.index(letter) for letter in stacked + rows + columns])
    split = len(stacked) + len(rows)
    sizes = moved.shape[len(stacked) : split], moved.shape[split:]
    return moved.reshape(*moved.shape[: len(stacked)], *map(math.prod, sizes))

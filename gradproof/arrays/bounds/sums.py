"""Error bounds of sums, products and contractions, in any order of evaluation, fused or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradproof.arrays.bounds.masks import extreme_reach
from gradproof.arrays.bounds.model import (
    F64,
    INFLATE,
    NORMAL,
    SUBNORMAL,
    Term,
    entered,
    gamma,
    magnitude,
    no_error,
    plus,
    settled,
)
from gradproof.arrays.contraction import contraction
from gradproof.arrays.structure import Array

Result = tuple[Array, Array]


def reduce_sum(term: Term, axes: tuple[int, ...], keepdims: bool) -> Result:
    """Sum along layer axes: n - 1 roundings of the sum of magnitudes."""
    operand, error_in = term
    value = np.sum(operand, axis=axes, keepdims=keepdims)
    count = _count(operand, axes)
    error = np.zeros(value.shape)
    if error_in is not None:
        error += np.sum(error_in, axis=axes, keepdims=keepdims)
    size = np.sum(magnitude(operand), axis=axes, keepdims=keepdims)
    return value, _closed(value, error, size, max(count - 1, 0), count)


def running_sum(term: Term, axis: int) -> Result:
    """Cumulative sum along a layer axis."""
    operand, error_in = term
    value = np.add.accumulate(operand, axis=axis)
    count = operand.shape[axis]
    error = np.zeros(value.shape) if error_in is None else np.add.accumulate(error_in, axis=axis)
    return value, _closed(value, error, np.add.accumulate(magnitude(operand), axis=axis), max(count - 1, 0), count)


def _closed(value: Array, error: Array, size: Array, roundings: int, count: int) -> Array:
    """`error` plus the roundings of a sum of magnitudes `size`, inflated for the `count` terms of the bound itself."""
    if value.dtype.kind == "f":
        error += gamma(roundings, value.dtype) * size
        error *= INFLATE * (1 + 4 * gamma(count + 4, F64))
        error[~np.isfinite(value)] = np.inf
    elif value.dtype.kind in "iu":
        error[size > np.iinfo(value.dtype).max * (1 - 2.0**-40)] = np.inf
    return np.asarray(settled(error))


def reduce_product(term: Term, axes: tuple[int, ...], keepdims: bool) -> Result:
    """Product along layer axes."""
    operand, error_in = term
    value = np.prod(operand, axis=axes, keepdims=keepdims)
    error = _running_product_error(*_on_front((operand, error_in), axes), value.dtype)[-1]
    return value, _checked(value, error.reshape(value.shape))


def running_product(term: Term, axis: int) -> Result:
    """Cumulative product along a layer axis."""
    operand, error_in = term
    value = np.multiply.accumulate(operand, axis=axis)
    error = _running_product_error(*_on_front((operand, error_in), (axis,)), value.dtype)[1:]
    return value, _checked(value, np.moveaxis(error, 0, axis))


def _on_front(term: Term, axes: tuple[int, ...]) -> tuple[Array, Array]:
    """Magnitude and error with the axes flattened to one in front."""
    size = magnitude(term[0])
    error = np.zeros(size.shape) if term[1] is None else term[1]
    front = tuple(range(len(axes)))
    sizes, errors = (np.moveaxis(part, axes, front) for part in (size, error))
    shape = (_count(size, axes), *sizes.shape[len(axes) :])
    return sizes.reshape(shape), errors.reshape(shape)


def _running_product_error(sizes: Array, errors: Array, dtype: np.dtype[Any]) -> Array:
    """The bound after 0, 1, 2 ... factors; an underflow on the way is magnified by at most all the larger factors."""
    count = len(sizes)
    result = np.zeros((count + 1, *sizes.shape[1:]))
    product, spread = np.ones(sizes.shape[1:]), np.zeros(sizes.shape[1:])
    largest = np.maximum(sizes + errors, 1.0).prod(axis=0)
    is_float = dtype.kind == "f"
    floor = count * (SUBNORMAL[dtype] if is_float else NORMAL[F64]) * largest
    for k, (size, error) in enumerate(zip(sizes, errors, strict=True)):
        spread = product * error + spread * (size + error)
        product = product * size
        lost = gamma(k, dtype) * (product + spread) if is_float else 0.0
        moved = spread + lost
        result[k + 1] = moved * INFLATE * (1 + 8 * gamma(k + 4, F64)) + (floor if is_float and k else 0.0)
    return result


def _checked(value: Array, error: Array) -> Array:
    error = np.array(error)
    if value.dtype.kind == "f":
        error[~np.isfinite(value)] = np.inf
    else:
        error[np.abs(value, dtype=F64) > 2.0**62] = np.inf
    return np.asarray(settled(error))


def reduce_extreme(ufunc: np.ufunc, term: Term, axes: tuple[int, ...], keepdims: bool) -> Result:
    """max and min along layer axes."""
    operand, error_in = term
    value = ufunc.reduce(operand, axis=axes, keepdims=keepdims)
    if error_in is None:
        return value, no_error(value)
    kept = value if keepdims else np.expand_dims(value, axes)
    reach = extreme_reach(ufunc, operand, error_in, kept)
    return value, settled(np.max(reach, axis=axes, keepdims=keepdims))


def reduce_connective(ufunc: np.ufunc, term: Term, axes: tuple[int, ...], keepdims: bool) -> Result:
    """all and any of a condition: decided by certain elements where they suffice."""
    mask, doubt = term
    value = ufunc.reduce(mask, axis=axes, keepdims=keepdims)
    if doubt is None:
        return value, no_error(value)
    certain = np.equal(doubt, 0)
    deciding = mask if ufunc is np.logical_or else ~mask
    decided = np.any(certain & deciding, axis=axes, keepdims=keepdims)
    decided = decided | np.all(certain, axis=axes, keepdims=keepdims)
    return value, np.where(decided, 0.0, 1.0)


def matmul(a: Term, b: Term) -> Result:
    """a @ b of arrays (..., n, k) and (..., k, m): k roundings."""
    value = np.matmul(a[0], b[0])
    (left, left_error), (right, right_error) = entered(a, value.dtype), entered(b, value.dtype)
    count = np.shape(left)[-1]
    rows, columns = magnitude(left), magnitude(right)
    lost = gamma(count, value.dtype) if value.dtype.kind == "f" else 0.0
    # |a| (eb + gamma |b|) + ea (|b| + eb)
    error = np.matmul(rows, plus(right_error, lost * columns))
    if left_error is not None:
        error += np.matmul(left_error, plus(right_error, columns))
    return value, _contraction_closed(value, error, count, lambda: np.matmul(rows, columns))


IN_PART = 64
"""Of sums of products more than twice as long so many terms, spread evenly, make up a part of a bound: of a short one
with many zeros, as behind a ReLU, half of the terms may be none."""


def matmul_in_part(a: Term, b: Term) -> Result:
    """a @ b with a part of its error by a single short product: the roundings, and the less exact operand's error."""
    value = np.matmul(a[0], b[0])
    if value.dtype.kind != "f":
        return matmul(a, b)
    (left, left_error), (right, right_error) = entered(a, value.dtype), entered(b, value.dtype)
    count = np.shape(left)[-1]
    some = slice(None, None, count // IN_PART if count > 2 * IN_PART else 1)
    lost = gamma(count, value.dtype)
    rows, columns = magnitude(left[..., some]), magnitude(right[..., some, :])
    row_errors = None if left_error is None else left_error[..., some]
    column_errors = None if right_error is None else right_error[..., some, :]
    if _looseness(row_errors, rows) > _looseness(column_errors, columns):
        rows *= lost
        rows += row_errors
    else:
        columns *= lost
        columns += 0.0 if column_errors is None else column_errors
    return value, np.matmul(rows, columns)


def einsum_in_part(subscripts: str, terms: Sequence[Term]) -> Result:
    """A sum of products with a part of its error by a single one: the roundings, and the least exact array's error."""
    value = contraction(subscripts, *(operand for operand, _ in terms))
    if value.dtype.kind != "f":
        return einsum(subscripts, terms)
    entries = [entered(term, value.dtype) for term in terms]
    parts = [magnitude(operand) for operand, _ in entries]
    loosest = max(range(len(terms)), key=lambda k: _looseness(entries[k][1], parts[k]))
    parts[loosest] *= gamma(max(_summed(subscripts, parts) + len(terms) - 2, 0), value.dtype)
    if (error := entries[loosest][1]) is not None:
        parts[loosest] += error
    return value, contraction(subscripts, *parts)


def _looseness(error: Any, size: Array) -> float:
    """How large an operand's errors are beside its values."""
    if error is None:
        return 0.0
    return float(np.sum(error)) / max(float(np.sum(size)), float(np.finfo(F64).tiny))


def einsum(subscripts: str, terms: Sequence[Term]) -> Result:
    """A sum of products of any number of arrays: one rounding a product and one a sum."""
    value = contraction(subscripts, *(operand for operand, _ in terms))
    entries = [entered(term, value.dtype) for term in terms]
    sizes = [magnitude(operand) for operand, _ in entries]
    reach = [size if error is None else size + error for size, (_, error) in zip(sizes, entries, strict=True)]
    count = max(_summed(subscripts, sizes) + len(terms) - 2, 0)
    lost = gamma(count, value.dtype) if value.dtype.kind == "f" else 0.0
    total = contraction(subscripts, *sizes)
    error = np.asarray(lost * total)
    for k, (_, moved) in enumerate(entries):
        if moved is not None:
            error = error + contraction(subscripts, *reach[:k], moved, *sizes[k + 1 :])
    # a product of two that underflows is magnified by the other factors
    largest = float(np.prod([np.max(part, initial=1.0) for part in reach])) if len(terms) > 2 else 1.0
    return value, _contraction_closed(value, error, count, lambda: total, len(terms) * largest)


def _contraction_closed(value: Array, error: Array, count: int, size: Any, magnified: float = 1.0) -> Array:
    """Inflated for its own roundings and for underflow; inf where the value overflowed."""
    error = error * (INFLATE * (1 + 4 * gamma(2 * count + 8, F64)))
    if value.dtype.kind == "f":
        error += 4 * (count + 1) * SUBNORMAL[value.dtype] * magnified
        error[~np.isfinite(value)] = np.inf
    elif value.dtype.kind in "iu":
        error[size() > np.iinfo(value.dtype).max * (1 - 2.0**-40)] = np.inf
    return np.asarray(settled(error))


def _summed(subscripts: str, sizes: Sequence[Array]) -> int:
    """How many products one element of the result adds up."""
    inputs, _, output = subscripts.partition("->")
    extent: dict[str, int] = {}
    for term, size in zip(inputs.split(","), sizes, strict=True):
        front, dots, back = term.partition("...")
        named = [*zip(front, size.shape, strict=False)]
        named += [*zip(reversed(back), reversed(size.shape), strict=False)] if dots else []
        for letter, n in named:
            extent[letter] = max(extent.get(letter, 1), n)
    return int(np.prod([n for letter, n in extent.items() if letter not in output], dtype=float))


def scattered(target: Sequence[Any], key: Any, values: Term) -> Array:
    """The error of `np.add.at(target, key, values)`: as many roundings as hits on an element."""
    operand = target[0]
    size, error = magnitude(operand), np.array(target[1], dtype=F64)
    hits = np.zeros(operand.shape, dtype=int)
    np.add.at(size, key, magnitude(values[0]))
    np.add.at(error, key, 0.0 if values[1] is None else values[1])
    np.add.at(hits, key, 1)
    count = int(hits.max(initial=0))
    lost = gamma(count, operand.dtype) if operand.dtype.kind == "f" else 0.0
    error += np.where(hits > 0, lost * size, 0.0)
    error *= INFLATE * (1 + 4 * gamma(count + 4, F64))
    return error


def _count(operand: Array, axes: tuple[int, ...]) -> int:
    return int(np.prod([operand.shape[a] for a in axes], dtype=int))

"""A part of a rounding bound: never more than the whole, and most of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradproof.arrays.bounds.array import BoundArray
from gradproof.arrays.bounds.partial import PartialArray
from gradproof.arrays.bounds.taken import TakenArray


def backward(arrays: type[BoundArray], loose: float) -> BoundArray:
    """A softmax layer and its backward pass; `loose` is the error of the inputs."""
    generator = np.random.default_rng(3)
    x, w = (generator.standard_normal((5, *shape)) for shape in ((4, 6), (3, 6)))
    X, W = arrays(x, np.full(x.shape, loose)), arrays(w, np.full(w.shape, loose * 1e-3))
    Z = X @ np.swapaxes(W, -1, -2)
    E = np.exp(Z - Z.max(axis=-1, keepdims=True))
    P = E / E.sum(axis=-1, keepdims=True)
    return np.maximum(np.einsum("no,oi->ni", P - 0.3, W), 0.0) @ np.swapaxes(X, -1, -2) / 7.0


@pytest.mark.parametrize("loose", [0.0, 1e-12, 1e-3])
def test_part_is_never_more_than_the_whole(loose: float) -> None:
    part, whole = backward(PartialArray, loose), backward(TakenArray, loose)
    assert np.array_equal(part.value, whole.value)
    assert (part.error <= whole.error * (1 + 1e-9)).all()
    assert (part.error > 0).any()


def test_part_of_a_product_has_its_roundings_and_the_looser_operand() -> None:
    generator = np.random.default_rng(4)
    a, b = generator.standard_normal((2, 7, 9)), generator.standard_normal((2, 9, 8))
    errors = 1e-10 * np.abs(a)
    part = (PartialArray(a, errors) @ PartialArray.exact(b)).error
    whole = (TakenArray(a, errors) @ TakenArray.exact(b)).error
    assert (part >= 0.9 * whole).all()


def test_part_of_a_short_product_sees_terms_that_are_few() -> None:
    """Behind a ReLU all terms but one of a sum over a batch may be 0."""
    a, b = np.zeros((1, 1, 128)), np.random.default_rng(5).standard_normal((1, 128, 8))
    a[0, 0, 77] = 1.3
    part, whole = (arrays.exact(a) @ arrays.exact(b) for arrays in (PartialArray, TakenArray))
    assert (part.error >= 0.9 * whole.error).all()


OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "sum": lambda a, b: a + b,
    "sum along an axis": lambda a, b: a + b[:1],
    "difference from a number": lambda a, b: 1 - a,
    "scores behind a mask": lambda a, b: np.exp(np.where(b > 0, a, -np.inf) + a),
    "product": lambda a, b: a * b,
    "product with a number": lambda a, b: 3.0 * a,
    "quotient": lambda a, b: a / b,
    "reciprocal": lambda a, b: 1 / a,
    "exponential": lambda a, b: np.exp(8 * a),
    "tanh": lambda a, b: np.tanh(6 * a),
    "sigmoid": lambda a, b: 1 / (1 + np.exp(-9 * a)),
    "larger": lambda a, b: np.maximum(a, b),
    "smaller than a number": lambda a, b: np.minimum(a, 0.2),
    "long product": lambda a, b: np.tile(a, (1, 50)) @ np.tile(b, (1, 50)).T,
    "contraction": lambda a, b: np.einsum("ij,kj->ik", a, b),
    "square": lambda a, b: (a - b) ** 2,
}


@pytest.mark.parametrize("exact", ["neither", "first", "second"])
@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("loose", [1e-17, 1e-12, 1e-2, np.inf])
def test_part_of_an_operation_is_never_more_than_the_whole(name: str, loose: float, exact: str) -> None:
    generator = np.random.default_rng(5)
    a, b = generator.standard_normal((2, 3, 4, 6))
    first, second = (np.abs(x) * (0.0 if exact == which else loose) for x, which in ((a, "first"), (b, "second")))
    part, whole = (OPERATIONS[name](kind(a, first), kind(b, second)) for kind in (PartialArray, TakenArray))
    assert np.array_equal(part.value, whole.value, equal_nan=True)
    told = np.isfinite(part.error)
    assert (part.error <= whole.error * (1 + 1e-9))[told].all()
    assert loose > 1 or told.any()

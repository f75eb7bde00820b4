"""A part of a rounding bound: never more than the whole, and most of it."""

from __future__ import annotations

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

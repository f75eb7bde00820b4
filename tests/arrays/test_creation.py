"""Code that fills arrays made out of nothing runs on all trials at once, and gives what single trials give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy import empty

from gradproof.arrays.bounds.array import BoundArray
from gradproof.arrays.creation import call_on_arrays
from gradproof.arrays.structure import UnsupportedOperation
from gradproof.arrays.trials import TrialArray

COUNT, SIZE = 3, 4


def filled_zeros(x: Any) -> Any:
    total = np.zeros((SIZE, SIZE))
    for k in range(SIZE):
        total[k] += x * k
        total[k, 0] = x[k]
    return total


def filled_empty(x: Any) -> Any:
    out = empty(SIZE, dtype=x.dtype)
    out[:] = x
    out[1:] *= x[:-1]
    return out


def filled_ones_and_full(x: Any) -> Any:
    product, start = np.ones(SIZE), np.full((2, SIZE), x[0])
    product[1] *= x[1]
    start[1] = product
    return start


def listed(x: Any) -> Any:
    rows = []
    for k in range(2):
        rows += [[np.tanh(x), x + k]]
    return np.array(rows)


def _shifted(x: Any) -> Any:
    out = np.zeros_like(x, dtype=np.float64)
    padded = np.zeros(SIZE + 1)
    padded[1:] = x
    out[...] = padded[:-1]
    return out


def through_a_helper(x: Any) -> Any:
    return x - _shifted(x)


def counted(x: Any) -> Any:
    """The index array is a constant, which stays a plain array."""
    places = np.zeros(2, dtype=int)
    places[1] = 3
    out = np.zeros(2)
    out[:] = x[places]
    return out


FUNCTIONS = [filled_zeros, filled_empty, filled_ones_and_full, listed, through_a_helper, counted]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_call_on_arrays_equals_single_trials(function: Callable[[Any], Any], dtype: str) -> None:
    values = np.random.default_rng(0).normal(size=(COUNT, SIZE)).astype(dtype)
    single = np.stack([function(value) for value in values])
    for array in (TrialArray(values), BoundArray(values, 1e-3)):
        result = call_on_arrays(function, [array])
        assert result.layers[0].dtype == single.dtype
        np.testing.assert_allclose(result.layers[0], single, rtol=1e-6)


def test_call_on_arrays_carries_the_error_into_a_filled_array() -> None:
    result = call_on_arrays(filled_zeros, [BoundArray(np.ones((COUNT, SIZE)), 0.5)])
    assert np.all(result.error[:, 2, 1:] >= 1.0)
    assert np.all(result.error[:, 0, 1:] < 1e-300)


def test_call_on_arrays_leaves_the_function_and_numpy_as_they_were() -> None:
    call_on_arrays(filled_zeros, [TrialArray(np.ones((COUNT, SIZE)))])
    assert isinstance(filled_zeros(np.ones(SIZE)), np.ndarray)
    assert type(np.zeros(2)) is np.ndarray


def test_call_on_arrays_what_no_array_can_do_is_raised() -> None:
    def branching(x: Any) -> Any:
        out = np.zeros(1)
        out[0] = x[0] if x[0] > 0 else 0.0
        return out

    with pytest.raises(UnsupportedOperation):
        call_on_arrays(branching, [TrialArray(np.array([[1.0], [-1.0]]))])

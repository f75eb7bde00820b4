"""A BoundArray's error is no wider than the result can move: a bound that is too wide lets mistakes pass."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import mpmath
import numpy as np
import pytest
from test_bound_array import ELEMENTARY, MANY, RATIONAL

from gradproof.arrays.bounds.array import BoundArray

SHARE = 1e-6
"""The relative error of every operand: far above rounding, far below where functions bend."""

RISING, FALLING = np.linspace(0.3, 3, 25), np.linspace(2.9, 0.4, 25)
WIDER = {
    # By the largest slope that the function has anywhere, or by those of two steps.
    "sinh": 1.42, "cosh": 3.5, "sin": 31.0, "cos": 7.1, "arctan": 10.0, "arcsinh": 3.2, "softplus": 1.75,
    "both vary": 16.5, "where": 2.001,
}  # fmt: skip
"""How often the movement the bound may be, where it is more than once."""


def bound(values: np.ndarray[Any, Any]) -> BoundArray:
    return BoundArray(values, SHARE * np.abs(values))


def assert_tight(name: str, result: BoundArray, movement: np.ndarray[Any, Any]) -> None:
    """No entry is bound by more than it moves, but for a thousandth and rounding."""
    rounding = 8 * np.finfo(np.float64).eps * np.abs(result.value)
    assert np.all(result.error <= (WIDER.get(name, 1.0) + 1e-3) * movement + rounding)


@pytest.mark.parametrize("name", ELEMENTARY)
def test_bound_of_an_elementary_function_is_what_it_moves_by(name: str) -> None:
    rounded, exact = ELEMENTARY[name]
    points = [mpmath.mpf(float(v)) for v in RISING]
    moved = [max(abs(exact(p * (1 + s * mpmath.mpf(SHARE))) - exact(p)) for s in (-1, 1)) for p in points]
    assert_tight(name, rounded(bound(RISING)), np.array(moved, dtype=float))


@pytest.mark.parametrize("name", [name for name in RATIONAL if name != "masks joined"])  # as wide as a mask: 1
def test_bound_of_arithmetic_is_what_it_moves_by(name: str) -> None:
    rounded, exact = RATIONAL[name]
    share = Fraction(SHARE)
    moved = []
    for left, right in zip(RISING, FALLING, strict=True):
        a, b = Fraction(float(left)), Fraction(float(right))
        corners = [exact(a * (1 + s * share), b * (1 + t * share)) for s, t in product((-1, 1), repeat=2)]
        moved.append(float(max(abs(corner - exact(a, b)) for corner in corners)))
    assert_tight(name, rounded(bound(RISING), bound(FALLING)), np.array(moved))


@pytest.mark.parametrize("name", [name for name in MANY if name not in ("softmax shift", "ptp", "variance")])
def test_bound_of_a_sum_or_product_is_what_it_moves_by(name: str) -> None:
    rng = np.random.default_rng(0)
    a, b = rng.uniform(0.3, 3, (1, 3, 5)), rng.uniform(0.3, 3, (1, 3, 5))  # positive: all moved one way is the most
    function = MANY[name]
    middle = function(a[0], b[0])
    moved = [np.abs(function(a[0] * (1 + s * SHARE), b[0] * (1 + s * SHARE)) - middle) for s in (-1, 1)]
    result = function(bound(a), bound(b))
    assert_tight(name, result, np.maximum(*moved)[None])


def test_bound_of_values_without_an_error_is_zero() -> None:
    assert not BoundArray([1.0, 2.0]).error.any()


@pytest.mark.parametrize(
    "nothing", [0.0, BoundArray([0.0, 0.0]), BoundArray([1.0, 1.0]) < 0], ids=["a number", "an array", "a mask"]
)
def test_bound_of_nothing_times_what_has_no_bound_is_none(nothing: Any) -> None:
    with np.errstate(all="ignore"):
        error = (BoundArray([1.0, 1.0], [np.inf, 0.0]) * nothing).error
    assert error[0] == np.inf
    assert error[1] < np.finfo(np.float64).tiny


@pytest.mark.parametrize("exponent", [2, 1, 0.5, -1])
def test_bound_of_a_power_that_numpy_rounds_once_is_a_unit(exponent: float) -> None:
    result = BoundArray.exact(RISING) ** exponent
    assert np.all(result.error <= 1.0005 * np.finfo(np.float64).eps * np.abs(result.value))

"""A BoundArray's value is what NumPy computes, and its error covers the distance from the exact result."""

from __future__ import annotations

import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradproof.arrays.bounds.array import BoundArray
from gradproof.arrays.bounds.model import ULPS
from gradproof.arrays.structure import UnsupportedOperation
from gradproof.arrays.trials import TrialArray
from gradproof.errors import GradproofError

mpmath.mp.dps = 60
DTYPES = ["float64", "float32"]
seeds = st.integers(0, 2**32 - 1)
property_test = settings(max_examples=10, deadline=None, derandomize=True)


def numbers(rng: np.random.Generator, shape: tuple[int, ...], dtype: str) -> np.ndarray[Any, Any]:
    """Values of all sizes: ordinary ones, near neighbours, zeros, subnormal and huge ones."""
    ordinary = rng.normal(size=shape)
    info = np.finfo(dtype)
    scale = 10.0 ** rng.choice([0, 0, 0, -3, 3, np.log10(info.tiny) - 5, np.log10(info.max) / 2.1], size=shape)
    near = 1 + info.eps * rng.integers(-3, 4, size=shape)
    kind = rng.integers(0, 8, size=shape)
    return np.where(kind == 0, near, np.where(kind == 1, 0.0, ordinary * scale)).astype(dtype)


def errors(rng: np.random.Generator, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """No error, rounding-sized errors, errors as large as the value or larger."""
    size = np.abs(values.astype(np.float64))
    relative = rng.choice([0, 0, 1e-15, 1e-7, 1e-2, 0.6, 3.0], size=values.shape)
    return size * relative * rng.uniform(size=values.shape) + rng.choice([0, 0, 1e-20], size=values.shape)


def exact_points(rng: np.random.Generator, x: BoundArray) -> list[np.ndarray[Any, Any]]:
    """Exact operands that the bound allows: both ends, the middle, somewhere between; as Fractions."""
    weights = [-1, 0, 1, Fraction(int(rng.integers(-10, 11)), 10)]
    points = []
    for w in weights:
        point = [
            Fraction(float(v)) + w * Fraction(float(e)) for v, e in zip(x.value.ravel(), x.error.ravel(), strict=True)
        ]
        points.append(np.array(point, dtype=object).reshape(x.value.shape))
    return points


def assert_covered(result: BoundArray, exact: np.ndarray[Any, Any]) -> None:
    """|value - exact| <= error everywhere, in exact arithmetic; exact may hold None where it is not defined."""
    assert not np.isnan(result.error).any()
    value, error = result.value, result.error
    for v, e, x in zip(value.ravel(), error.ravel(), np.broadcast_to(exact, value.shape).ravel(), strict=True):
        if x is None or e == np.inf:
            continue
        assert np.isfinite(v), f"a value of {v} with the finite error {e}"
        distance = abs(mpmath.mpf(float(v)) - _mp(x))
        assert distance <= mpmath.mpf(float(e)), f"value {v!r}, error {e!r}, exact {mpmath.nstr(_mp(x), 25)}"


def _mp(x: Any) -> Any:
    return mpmath.mpf(x.numerator) / x.denominator if isinstance(x, Fraction) else mpmath.mpf(x)


def drawn(seed: int, dtype: str, count: int = 40, *, exact: bool = False) -> tuple[np.random.Generator, BoundArray]:
    rng = np.random.default_rng(seed)
    values = numbers(rng, (count,), dtype)
    return rng, BoundArray(values, 0.0 if exact else errors(rng, values))


# ---- arithmetic, against fractions

RATIONAL: dict[str, tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any]]] = {
    "add": (operator.add, operator.add),
    "subtract": (operator.sub, operator.sub),
    "multiply": (operator.mul, operator.mul),
    "divide": (operator.truediv, lambda a, b: a / b if b else None),
    "maximum": (np.maximum, max),
    "minimum": (np.minimum, min),
    "square": (lambda a, b: np.square(a), lambda a, b: a * a),
    "reciprocal": (lambda a, b: np.reciprocal(a), lambda a, b: 1 / a if a else None),
    "absolute": (lambda a, b: np.abs(a), lambda a, b: abs(a)),
    "negative": (lambda a, b: -a, lambda a, b: -a),
    "square by power": (lambda a, b: a**2, lambda a, b: a**2),
    "cube": (lambda a, b: a**3, lambda a, b: a**3),
    "inverse square": (lambda a, b: a**-2, lambda a, b: a**-2 if a else None),
    "literal": (lambda a, b: 0.1 * a + 0.3, lambda a, b: Fraction(0.1) * a + Fraction(0.3)),
    "power of two": (lambda a, b: a * 4 + a / 8 - 0.5 * b, lambda a, b: a * 4 + a / 8 - b / 2),
    "literal zero": (lambda a, b: (a + 0) - (0 - b), lambda a, b: a + b),
    "integer literal": (lambda a, b: (a - 1) * 3 / 7, lambda a, b: (a - 1) * 3 / 7),
    "where": (lambda a, b: np.where(a > b, a, b), max),
    "relu": (lambda a, b: np.maximum(a, 0) + np.minimum(b, 0), lambda a, b: max(a, 0) + min(b, 0)),
    "mask": (lambda a, b: (a > 0) * b, lambda a, b: b if a > 0 else Fraction(0)),
    "mask as number": (
        lambda a, b: b * (a > 0).astype(b.dtype) - (b <= a),
        lambda a, b: (b if a > 0 else 0) - (b <= a),
    ),
    "masks joined": (
        lambda a, b: ((a > 0) & (b > 0)) * 1.0 + ((a > b) | ~(b > 0)) * 2.0,
        lambda a, b: (a > 0 and b > 0) + 2 * (a > b or not b > 0),
    ),
    "sign": (lambda a, b: np.sign(a), lambda a, b: (a > 0) - (a < 0)),
    "heaviside": (lambda a, b: np.heaviside(a, 0.5), lambda a, b: Fraction(1, 2) if a == 0 else int(a > 0)),
    "clip": (lambda a, b: np.clip(a, -0.25, 0.5), lambda a, b: min(max(a, Fraction(-1, 4)), Fraction(1, 2))),
    "floor": (lambda a, b: np.floor(a), lambda a, b: a.__floor__()),
    "select": (lambda a, b: np.select([a > 1, b > 0], [a, b], 0.0), lambda a, b: a if a > 1 else b if b > 0 else 0),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", RATIONAL)
@property_test
@given(seed=seeds)
def test_boundarray_arithmetic_covers_the_exact_result(name: str, dtype: str, seed: int) -> None:
    rounded, exact = RATIONAL[name]
    rng, a = drawn(seed, dtype)
    values = numbers(rng, a.value.shape, dtype)
    values = np.where(rng.uniform(size=values.shape) < 0.2, a.value, values)
    b = BoundArray(values, errors(rng, values))
    result = rounded(a, b)
    with np.errstate(all="ignore"):
        plain = rounded(TrialArray(a.value), TrialArray(b.value))
    assert result.dtype == plain.dtype
    np.testing.assert_array_equal(result.value, plain.values)
    for left in exact_points(rng, a):
        for right in exact_points(rng, b):
            wanted = [exact(x, y) for x, y in zip(left, right, strict=True)]
            assert_covered(result, np.array(wanted, dtype=object))


# ---- elementary functions, against 60 digits

ELEMENTARY: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "exp": (np.exp, mpmath.exp),
    "exp2": (np.exp2, lambda x: mpmath.power(2, x)),
    "expm1": (np.expm1, mpmath.expm1),
    "log": (np.log, lambda x: mpmath.log(x) if x > 0 else None),
    "log2": (np.log2, lambda x: mpmath.log(x, 2) if x > 0 else None),
    "log10": (np.log10, lambda x: mpmath.log(x, 10) if x > 0 else None),
    "log1p": (np.log1p, lambda x: mpmath.log1p(x) if x > -1 else None),
    "sqrt": (np.sqrt, lambda x: mpmath.sqrt(x) if x >= 0 else None),
    "tanh": (np.tanh, mpmath.tanh),
    "sinh": (np.sinh, mpmath.sinh),
    "cosh": (np.cosh, mpmath.cosh),
    "sin": (np.sin, mpmath.sin),
    "cos": (np.cos, mpmath.cos),
    "arctan": (np.arctan, mpmath.atan),
    "arcsinh": (np.arcsinh, mpmath.asinh),
    "erf": (lambda x: x.__erf__(), mpmath.erf),
    "softplus": (lambda x: np.logaddexp(0, x), lambda x: mpmath.log1p(mpmath.exp(x))),
    "root by power": (lambda x: x**0.5, lambda x: mpmath.sqrt(x) if x >= 0 else None),
    "inverse root": (lambda x: x**-0.5, lambda x: 1 / mpmath.sqrt(x) if x > 0 else None),
    "broken power": (lambda x: np.power(x, 1.25), lambda x: mpmath.power(x, 1.25) if x >= 0 else None),
    "small power": (lambda x: x**0.25, lambda x: mpmath.power(x, 0.25) if x >= 0 else None),
    "varying exponent": (lambda x: 2.5**x, lambda x: mpmath.power(2.5, x)),
    "both vary": (lambda x: x**x, lambda x: mpmath.power(x, x) if x > 0 else None),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ELEMENTARY)
@property_test
@given(seed=seeds)
def test_boundarray_elementary_function_covers_the_exact_result(name: str, dtype: str, seed: int) -> None:
    rounded, exact = ELEMENTARY[name]
    rng = np.random.default_rng(seed)
    values = (rng.normal(size=24) * 10.0 ** rng.choice([-8, -2, 0, 0, 1], size=24)).astype(dtype)
    if name.startswith("log") or "power" in name or "root" in name:
        values = np.abs(values)
    x = BoundArray(values, np.minimum(errors(rng, values), 50.0))
    result = rounded(x)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(result.value, rounded(TrialArray(values)).values)
    for points in exact_points(rng, x):
        assert_covered(result, np.array([exact(_mp(p)) for p in points], dtype=object))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["exp", "log", "tanh", "expm1", "log1p", "sin", "cos", "sqrt"])
def test_boundarray_function_of_an_exact_value_is_bound_by_its_ulps(name: str, dtype: str) -> None:
    values = np.linspace(0.3, 3, 50).astype(dtype)
    result = ELEMENTARY[name][0](BoundArray.exact(values))
    ulps = ULPS[dtype].get(name, 0.5)
    assert np.all(result.error <= 1.001 * ulps * np.finfo(dtype).eps * np.abs(result.value))


# ---- sums and products of many, against fractions

MANY: dict[str, Callable[[Any, Any], Any]] = {
    "sum": lambda A, B: A.sum(),
    "sum axis": lambda A, B: A.sum(axis=0),
    "mean": lambda A, B: A.mean(axis=1),
    "variance": lambda A, B: A.var(axis=1),
    "cumsum": lambda A, B: np.cumsum(A, axis=1),
    "prod": lambda A, B: A.prod(axis=1),
    "prod all": lambda A, B: np.prod(A),
    "cumprod": lambda A, B: np.cumprod(A, axis=1),
    "matmul": lambda A, B: A @ B.T,
    "matrix vector": lambda A, B: A @ B[0],
    "vector vector": lambda A, B: A[0] @ B[1],
    "outer": lambda A, B: np.outer(A[0], B[1]),
    "einsum": lambda A, B: np.einsum("ij,kj->ik", A, B),
    "einsum three": lambda A, B: np.einsum("ij,ij,kj->k", A, B, A),
    "einsum one": lambda A, B: np.einsum("ij->j", A),
    "max": lambda A, B: A.max(axis=1),
    "min": lambda A, B: A.min(),
    "softmax shift": lambda A, B: A - A.max(axis=1, keepdims=True),
    "ptp": lambda A, B: A.max(axis=0) - A.min(axis=0),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", MANY)
@property_test
@given(seed=seeds)
def test_boundarray_sums_and_products_cover_the_exact_result(name: str, dtype: str, seed: int) -> None:
    function = MANY[name]
    rng = np.random.default_rng(seed)
    a, b = (BoundArray(v, errors(rng, v)) for v in (numbers(rng, (1, 3, 5), dtype) for _ in range(2)))
    result = function(a, b)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(result.value, function(TrialArray(a.value), TrialArray(b.value)).values)
    for left, right in zip(exact_points(rng, a), exact_points(rng, b), strict=True):
        wanted = function(left[0], right[0]) if name != "variance" else _variance(left[0])
        assert_covered(result, np.asarray(wanted, dtype=object)[None])


def _variance(rows: Any) -> Any:
    means = [sum(row) / len(row) for row in rows]
    return np.array(
        [sum((x - m) ** 2 for x in row) / len(row) for row, m in zip(rows, means, strict=True)], dtype=object
    )


@property_test
@given(seed=seeds, dtype=st.sampled_from(DTYPES))
def test_boundarray_scatter_covers_the_exact_result(seed: int, dtype: str) -> None:
    rng = np.random.default_rng(seed)
    values = numbers(rng, (1, 6), dtype)
    x = BoundArray(values, errors(rng, values))
    index = rng.integers(0, 3, size=6)
    total = np.zeros_like(x)[:3]
    np.add.at(total, index, x)
    for points in exact_points(rng, x):
        wanted = [sum((p for p, i in zip(points[0], index, strict=True) if i == k), Fraction(0)) for k in range(3)]
        assert_covered(total, np.array([wanted], dtype=object))


# ---- whole derivations, against 60 digits

MP = {name: np.frompyfunc(getattr(mpmath, name), 1, 1) for name in ("exp", "log", "tanh", "sqrt")}
NUMPY = {name: getattr(np, name) for name in MP}


def softmax_cross_entropy(f: Any, X: Any, W: Any, b: Any, T: Any) -> Any:
    z = X @ W + b
    e = f["exp"](z - z.max(axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    return X.T @ ((p - T) / X.shape[0]) + (T * f["log"](p)).sum()


def layer_norm(f: Any, X: Any, W: Any, b: Any, T: Any) -> Any:
    mu = X.mean(axis=1, keepdims=True)
    s = f["sqrt"](((X - mu) * (X - mu)).mean(axis=1, keepdims=True) + 1e-5)
    h = (X - mu) / s
    g = (X @ W) @ W.T
    return (g - g.mean(axis=1, keepdims=True) - h * (g * h).mean(axis=1, keepdims=True)) / s


def recurrent(f: Any, X: Any, W: Any, b: Any, T: Any) -> Any:
    h = f["tanh"](X @ W + b)
    gate = 1 / (1 + f["exp"](-h))
    return ((1 - h * h) * gate * (1 - gate)) @ W.T


DERIVATIONS = {"softmax": softmax_cross_entropy, "layernorm": layer_norm, "recurrent": recurrent}


def derivation_inputs(rng: np.random.Generator, dtype: str, trials: int) -> list[np.ndarray[Any, Any]]:
    shapes = [(3, 4), (4, 2), (2,), (3, 2)]
    return [rng.normal(size=(trials, *shape)).astype(dtype) for shape in shapes]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", DERIVATIONS)
def test_boundarray_derivation_covers_the_exact_result_and_catches_a_planted_slip(name: str, dtype: str) -> None:
    function = DERIVATIONS[name]
    inputs = derivation_inputs(np.random.default_rng(7), dtype, 20)
    result = function(NUMPY, *(BoundArray.exact(x) for x in inputs))
    np.testing.assert_array_equal(result.value, function(NUMPY, *(TrialArray(x) for x in inputs)).values)
    to_mp = np.frompyfunc(lambda v: mpmath.mpf(float(v)), 1, 1)
    with np.errstate(all="ignore"):
        exact = np.stack([function(MP, *(to_mp(x[t]) for x in inputs)) for t in range(20)])
    assert_covered(result, exact)
    planted = result.value * (1 + (1e-12 if dtype == "float64" else 5e-4))
    caught = np.abs(planted - exact.astype(np.float64)) > result.error
    assert caught.mean() > 0.9


@pytest.mark.parametrize(("dtype", "slip"), [("float64", 1e-12), ("float32", 1e-4)])
def test_boundarray_well_conditioned_result_exposes_a_small_relative_slip_in_every_trial(
    dtype: str, slip: float
) -> None:
    rng = np.random.default_rng(3)
    w, x, g = (BoundArray.exact(rng.uniform(0.5, 2, size=(200, 6)).astype(dtype)) for _ in range(3))
    result = (w * x + np.exp(x)).sum() * np.tanh(g).sum() / (1 + (w * w).sum())
    assert np.all(np.abs(result.value * slip) > 2 * result.error)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "other",
    [
        2,
        0.3,
        True,
        np.float64(0.3),
        np.float32(0.3),
        np.int64(3),
        np.bool_(True),
        np.array(0.3),
        np.arange(1, 4),
        np.ones(3) / 3,
    ],
    ids=lambda other: f"{type(other).__name__} {np.asarray(other).dtype}",
)
def test_boundarray_meets_any_plain_number_as_numpy_does(other: Any, dtype: str) -> None:
    values = np.array([[0.1, -2.0, 3.0], [1.5, 0.7, 1e-3]], dtype)
    x = BoundArray(values, 1e-9)
    exact = np.vectorize(lambda v: Fraction(float(v)), otypes=[object])
    for act in (operator.add, operator.sub, operator.mul, operator.truediv):
        for left, right in ((x, other), (other, x)):
            result = act(left, right)
            plain = act(*(values if side is x else side for side in (left, right)))
            assert isinstance(result, BoundArray)
            assert result.dtype == plain.dtype
            np.testing.assert_array_equal(result.value, plain)
            assert_covered(result, act(*(exact(values) if side is x else exact(side)[()] for side in (left, right))))


# ---- exactness


def test_boundarray_exact_operations_add_no_error() -> None:
    rng = np.random.default_rng(0)
    x = BoundArray(rng.normal(size=(50, 4)), 1e-9)
    for same in (
        x + 0,
        0 - x,
        -x,
        x * 2,
        x / 4,
        x * 0.5,
        np.abs(x),
        x.T,
        x.reshape(2, 2),
        x.copy(),
        +x,
        x * (x.value[0] < 9),
    ):
        np.testing.assert_allclose(same.error.max() / same.error.min(), 1)
    assert np.all((x * 2).error <= 2e-9 * (1 + 1e-14))
    sure = BoundArray.exact(rng.normal(size=(50, 4)))
    for exact in (
        np.maximum(sure, 0),
        sure * 8,
        -sure,
        np.where(sure > 0, sure, 0.0),
        sure.max(axis=0),
        (sure > 0) * sure,
    ):
        assert np.all(exact.error == 0)


def test_boundarray_dead_relu_has_no_error_and_a_certain_mask() -> None:
    z = BoundArray(np.array([-1.0, 1.0]), 1e-3)
    a = np.maximum(z, 0)
    np.testing.assert_array_equal(a.error, [0.0, 1e-3])
    np.testing.assert_array_equal((a > 0).certain, [True, True])
    np.testing.assert_array_equal((a > 0).value, [False, True])


def test_boundarray_float32_literal_counts_its_conversion() -> None:
    x = BoundArray.exact(np.ones(1, np.float32))
    assert_covered(x * 0.1, np.array([Fraction(0.1)], dtype=object))
    assert (np.full_like(x, 0.1)).error[0] >= abs(float(np.float32(0.1)) - 0.1) > 0
    assert (x * 0.5).error[0] < 1e-40


# ---- undecided comparisons


def test_boundarray_undecided_comparison_widens_to_both_branches() -> None:
    z = BoundArray(np.array([1e-9, 1.0]), 1e-8)
    mask = z > 0
    np.testing.assert_array_equal(mask.certain, [False, True])
    chosen = np.where(mask, 5.0, 2.0)
    np.testing.assert_array_equal(chosen.value, [5.0, 5.0])
    assert chosen.error[0] >= 3
    assert chosen.error[1] == 0
    assert (mask * BoundArray.exact(np.array([4.0, 4.0]))).error[0] >= 4
    assert (~mask).certain.tolist() == [False, True]
    assert (mask & False).certain.all()
    assert (mask | True).certain.all()
    assert mask.astype(float).error.tolist() == [1.0, 0.0]


def test_boundarray_count_of_a_mask_has_an_error_of_its_undecided_elements() -> None:
    z = BoundArray(np.array([[1e-9, 1.0, -1e-9, -1.0]]), 1e-8)
    count = (z > 0).sum()
    assert count.value.tolist() == [2]
    assert 2 <= count.error[0] < 2.001
    assert (z > 0).any().certain.all()
    assert not (z > 0).all().certain.any() or not (z > 0).all().value.any()


def test_boundarray_undecided_branch_or_index_is_refused() -> None:
    z = BoundArray(np.array([[1e-9, 1.0, 3.0]]), 1e-8)
    with pytest.raises(UnsupportedOperation, match="rounding leaves undecided"):
        bool(z[0] > 0)
    with pytest.raises(UnsupportedOperation, match="rounding leaves undecided"):
        z[z > 0]
    assert bool(z[1] > 0)
    assert z[1:][z[1:] > 2].value.tolist() == [[3.0]]


def test_boundarray_argmax_is_certain_only_where_the_order_is() -> None:
    x = BoundArray(np.array([[1.0, 2.0, 3.0], [1.0, 3.0, 3.0 + 1e-9]]), 1e-8)
    best = x.argmax()
    assert best.value.tolist() == [2, 2]
    assert best.certain.tolist() == [True, False]
    assert x[:, None][x[:1].argmax()].value.tolist() == [[1.0], [1.0]]


def test_boundarray_assignment_by_undecided_mask_widens() -> None:
    x = BoundArray(np.array([[1e-9, 1.0, -2.0]]), 1e-8)
    y = x.copy()
    y[y < 0] = 7.0
    np.testing.assert_array_equal(y.value, [[1e-9, 1.0, 7.0]])
    assert y.error[0, 0] >= 7 - 1e-9
    assert y.error[0, 1] == 1e-8
    assert y.error[0, 2] == 0


# ---- where there is no bound


@pytest.mark.parametrize(
    "function",
    [
        lambda x: np.log(x),
        lambda x: 1 / x,
        lambda x: x**-0.5,
        lambda x: np.exp(x * 1e6),
        lambda x: (x * 1e300) * 1e300,
        lambda x: x / x,
        lambda x: np.exp(x * 1e6) - np.exp(x * 1e6),
        lambda x: (x * 1e300) @ (x * 1e300),
        lambda x: (x * 1e308).sum() * 100,
        lambda x: (x * 1e200).prod(),
        lambda x: np.sqrt(-x - 1),
    ],
)
@pytest.mark.parametrize("centre", [0.001, 0.005])
def test_boundarray_without_a_bound_has_an_infinite_error_and_never_nan(
    function: Callable[[Any], Any], centre: float
) -> None:
    result = function(BoundArray(np.full((3, 4), centre), 0.01))
    assert np.all(result.error == np.inf)


def test_boundarray_overflow_in_float32_has_no_bound() -> None:
    x = BoundArray.exact(np.full((1, 2), 3e38, np.float32))
    for result in (
        x * 2,
        x + x,
        x @ x,
        x.sum(),
        x.prod(),
        np.einsum("i,i->", x, x),
        np.exp(x),
        x.astype(np.float64).astype(np.float32) * 4,
    ):
        assert np.all(result.error == np.inf)


def test_boundarray_minus_infinity_as_a_mask_value_is_exact() -> None:
    x = BoundArray.exact(np.array([[1.0, 2.0]]))
    hidden = np.where(np.array([True, False]), x, -np.inf)
    assert hidden.error.tolist() == [[0.0, 0.0]]
    weights = np.exp(hidden - hidden.max())
    assert weights.value.tolist() == [[1.0, 0.0]]


@pytest.mark.parametrize("dtype", DTYPES)
def test_boundarray_sum_with_an_exact_infinity_is_exact(dtype: str) -> None:
    x = BoundArray(np.array([[1.0, -2.0, 3e38]], dtype), 0.25)
    hidden = np.where(np.array([True, False, False]), x, -np.inf)
    moved = hidden - x
    assert moved.value.dtype == dtype
    assert moved.value.tolist() == [[0.0, -np.inf, -np.inf]]
    assert np.all(moved.error[:, 1:] == 0)
    assert 0.5 <= moved.error[0, 0] < 0.5 + 1e-6
    weights = np.exp(hidden - hidden.max())
    assert weights.value[0, 1:].tolist() == [0.0, 0.0]
    assert np.all(weights.error[0, 1:] < 1e-37)


@pytest.mark.parametrize("dtype", DTYPES)
def test_boundarray_sum_with_an_infinity_that_is_not_exact_has_no_bound(dtype: str) -> None:
    largest = np.finfo(dtype).max
    overflowed = BoundArray.exact(np.full((1, 1), largest, dtype)) * 2
    unbounded = 1 / BoundArray(np.ones((1, 1), dtype), 2.0)
    infinite = BoundArray.exact(np.full((1, 1), np.inf, dtype))
    with np.errstate(all="ignore"):
        results = (overflowed - 1, infinite + unbounded, infinite - infinite, infinite - overflowed)
    assert all(np.all(result.error == np.inf) for result in results)


def test_boundarray_nan_has_no_bound() -> None:
    assert BoundArray.exact(np.array([np.nan])).error[0] == np.inf
    assert BoundArray(np.array([1.0]), np.nan).error[0] == np.inf


# ---- integers, conversions, writing


def test_boundarray_integers_are_exact_until_they_overflow() -> None:
    n = BoundArray.exact(np.array([[3, 5]]))
    for exact in (n + 2, n * n, n - 7, n // 2, n % 2, -n, n**2, n.sum(), n.max()):
        assert np.all(exact.error == 0)
        assert exact.dtype == np.int64
    assert np.all((n * 2**62 + 2**62).error == np.inf)
    assert np.all((n / 4).error <= 2.0**-53 * 1.25)
    large = BoundArray.exact(np.array([2**53 + 1]))
    assert_covered(large * 1.0, np.array([Fraction(2**53 + 1)], dtype=object))


def test_boundarray_conversion_to_float32_adds_what_it_loses() -> None:
    x = BoundArray.exact(np.array([0.1, 0.5]))
    narrow = x.astype(np.float32)
    np.testing.assert_array_equal(narrow.error, [abs(0.1 - float(np.float32(0.1))), 0.0])
    np.testing.assert_array_equal(narrow.astype(np.float64).error, narrow.error)


def test_boundarray_conversion_to_integer_is_certain_away_from_the_steps() -> None:
    x = BoundArray(np.array([2.5, 3.0]), 1e-9).astype(int)
    assert x.value.tolist() == [2, 3]
    assert x.certain.tolist() == [True, False]


def test_boundarray_written_element_takes_value_and_error() -> None:
    x = BoundArray(np.array([[1.0, 2.0]]), 0.25)
    y = np.zeros_like(x)
    y[1] = x[0]
    y += 1
    assert y.value.tolist() == [[1.0, 2.0]]
    assert y.error[0, 1] >= 0.25
    assert y.error[0, 0] < 1e-15


def test_boundarray_reshaped_copy_keeps_its_error_when_the_original_is_overwritten() -> None:
    x = BoundArray.exact(np.arange(6.0).reshape(1, 2, 3))
    transposed = np.maximum(x.T, 1) / 3
    flat = transposed.reshape(-1)  # NumPy has to copy here
    transposed[...] = 0
    assert flat.value[0, 1] == 1.0
    assert np.all(flat.error[0] > 0)
    view = transposed.T.reshape(-1)
    transposed += 0.1
    np.testing.assert_array_equal(view.value, np.full((1, 6), 0.1))


def test_boundarray_read_only_input_in_any_memory_layout_is_reshaped() -> None:
    values = np.arange(12.0).reshape(1, 3, 2, 2).transpose(0, 2, 1, 3)
    values.flags.writeable = False
    x = BoundArray(values, 0.25)
    flat = x.reshape(2, 6)  # NumPy has to copy here
    np.testing.assert_array_equal(flat.value, values.reshape(1, 2, 6))
    flat[...] = 0
    assert np.all(flat.error == 0)
    assert np.all(x.error == 0.25)


def test_boundarray_input_is_read_only_to_user_code() -> None:
    x = BoundArray.exact(np.array([[1.0, 2.0]]))
    with pytest.raises(UnsupportedOperation, match="take a copy first"):
        x[0] = 3.0
    y = x.copy()
    y[0] = 3.0
    assert x.value.tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: BoundArray(np.ones(2), -1e-9), "bounds are zero or positive"),
        (lambda: BoundArray(1.0), "lead=1 hidden axes"),
        (lambda: BoundArray(np.ones(2, np.float16)), "float16"),
        (lambda: BoundArray(np.ones(2), 0.0) + np.ones(3, np.longdouble)[0], "longdouble|float128"),
        (lambda: np.arcsin(BoundArray(np.ones(2))), "np.arcsin: it has no rule"),
        (lambda: np.sort(BoundArray(np.ones((1, 2)))), "np.sort: it has no rule"),
        (lambda: BoundArray(np.ones(2)) + TrialArray(np.ones(2)), "build all inputs of one call as the same kind"),
    ],
)
def test_boundarray_what_has_no_rule_is_refused(build: Callable[[], Any], words: str) -> None:
    with pytest.raises(GradproofError, match=words):
        build()


@property_test
@given(seed=seeds)
def test_boundarray_two_hidden_axes_equal_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(2, 3, 4))
    one = softmax_like(BoundArray.exact(values.reshape(6, 4)))
    two = softmax_like(BoundArray.exact(values, lead=2))
    np.testing.assert_array_equal(two.value.reshape(6, 4), one.value)
    np.testing.assert_array_equal(two.error.reshape(6, 4), one.error)


def softmax_like(z: Any) -> Any:
    e = np.exp(z - z.max())
    return e / e.sum()

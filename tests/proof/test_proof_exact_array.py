"""Plain NumPy code on exact arrays: the values are NumPy's, and what cannot be followed is named by its line."""

from __future__ import annotations

import math

import numpy as np
import pytest
from proof_mutants import extended

from gradproof.arrays.structure import UnsupportedOperation
from gradproof.arrays.trials import TrialArray
from gradproof.aten.special import erf
from gradproof.proof.expressions.array import ExactArray, symbols
from gradproof.proof.expressions.branches import trace
from gradproof.proof.expressions.errors import TraceError
from gradproof.proof.expressions.expression import Graph
from gradproof.proof.identity import ProofVerdict, prove_equal


def set_rows(A, v):
    out = np.zeros_like(A)
    out[0] = v
    out[1:, 1] = A[1:, 0] * 2
    out[2, 2] += 1
    return out


def in_place(A, v):
    B = A.copy()
    B += v
    B *= 2
    B -= A / 3
    B /= 4
    return B


def masked(A, v):
    B = A.copy()
    B[A > 0] = 7.0
    return B


CODE = {
    "arithmetic": lambda A, v: (A + v) * A - 2 / (v * v + 1) + -A,
    "powers": lambda A, v: A**2 + A**3 - (A * A + 1) ** 0.5 + (A * A + 1) ** -1 + 2.0**v,
    "exp log sqrt": lambda A, v: np.exp(A) + np.log(A * A + 1) - np.sqrt(v * v + 2) + np.expm1(v) + np.log1p(v * v),
    "logs of other bases": lambda A, v: np.log2(A * A + 1) + np.log10(v * v + 1) + np.exp2(v),
    "hyperbolic": lambda A, v: np.tanh(A) + np.sinh(v) + np.cosh(A) + 1 / (1 + np.exp(-A)),
    "trigonometric": lambda A, v: np.sin(A) * np.cos(v) + np.tan(v / 3),
    "erf": lambda A, v: erf(A) + erf(-v),
    "comparisons": lambda A, v: (v < A) * 1.0 + (v <= A) - (A < 0) * (v <= 1) + (v == A) + (A != 0),
    "logic": lambda A, v: ((A > 0) & (v > 0)) + 1.0 * ~(v < A) + np.logical_or(A > 1, v < 0) + ((A > 0) ^ (v > 0)),
    "where": lambda A, v: np.where(v < A, A, np.where(v > 0, v, -1.0)),
    "maximum minimum": lambda A, v: np.maximum(A, v) + np.minimum(A, 0.5) - np.fmax(v, 0),
    "clip": lambda A, v: np.clip(A, -0.5, 0.5) + A.clip(0, None),
    "abs sign heaviside": lambda A, v: np.abs(A) + np.sign(v) * A + np.heaviside(A, 0.5),
    "sums": lambda A, v: A.sum() + A.sum(axis=0) + np.sum(A, axis=1, keepdims=True),
    "means": lambda A, v: np.mean(A) + A.mean(axis=0) - A.mean(axis=1, keepdims=True),
    "variances": lambda A, v: A.var(axis=0) + np.var(A, ddof=1) + np.std(A, axis=1, keepdims=True),
    "extremes": lambda A, v: A.max(axis=0) + np.min(A) + np.max(A, axis=1, keepdims=True) + np.ptp(v),
    "matmul": lambda A, v: A @ A.T @ A + A @ v,
    "dot outer": lambda A, v: np.dot(A, v)[:, None] * np.outer(v, v) + np.inner(v, v) + np.tensordot(A, v, 1),
    "einsum": lambda A, v: np.einsum("ij,kj->ik", A, A) + np.einsum("ij,j", A, v) + np.einsum("ii->", A),
    "indexing": lambda A, v: A[1:, ::2].T @ A[0, :2] + A[[0, 2], [1, 1]] + v[-1] + A[..., None][0, 1],
    "broadcasting": lambda A, v: A[:, None, :] * v[:, None] + np.broadcast_to(v, (3, 3)),
    "joining": lambda A, v: np.concatenate([A, v[None]], axis=0)[1:] + np.stack([v, v, v]) + np.vstack([A[:2], v]),
    "splitting": lambda A, v: np.split(v, 3)[1] * np.hsplit(A, 3)[2],
    "shapes": lambda A, v: A.reshape(1, 9)[:, :3] + np.moveaxis(A[None], 0, 1).squeeze() + A.T.ravel()[:3],
    "cumulative": lambda A, v: np.cumsum(A, axis=1) + np.prod(v) + np.cumprod(v),
    "triangles": lambda A, v: np.tril(A) + np.diag(v) + np.trace(A) + np.diagonal(A) + np.triu(A, 1),
    "set items": set_rows,
    "in place": in_place,
    "masked assignment": masked,
    "likes": lambda A, v: np.ones_like(A) * v + np.full_like(A, 2.0) + np.zeros_like(v),
    "logaddexp hypot": lambda A, v: np.logaddexp(A, v) + np.hypot(A, v) + np.square(A) + np.reciprocal(v * v + 1),
    "counts": lambda A, v: (A > 0).sum(axis=0) / 3 + np.mean(v < A) + np.any(A > 0) + np.all(v > 0),
    "norm": lambda A, v: A / np.linalg.norm(A, axis=1, keepdims=True) + np.linalg.norm(v),
    "constants": lambda A, v: A * np.pi + np.float32(0.1) * v + np.arange(3) + np.array([True, False, True]),
}


@pytest.mark.parametrize("name", CODE)
@pytest.mark.parametrize("seed", [1, 2])
def test_exact_array_values_are_those_of_numpy(name, seed):
    rng = np.random.default_rng(seed)
    inputs = {"A": rng.standard_normal((3, 3)), "v": rng.standard_normal(3)}
    expected = CODE[name](inputs["A"].copy(), inputs["v"].copy())
    graph = Graph()
    traced = CODE[name](symbols(graph, "A", (3, 3)), symbols(graph, "v", (3,)))
    assert isinstance(traced, ExactArray)
    assert traced.shape == expected.shape
    batch = {key: value[None] for key, value in inputs.items()}
    values = [float(value[0]) for value in extended(list(traced.expressions.flat), batch)]
    assert np.reshape(values, expected.shape) == pytest.approx(np.asarray(expected, dtype=float), rel=1e-12, abs=1e-12)


def test_exact_array_masks_have_the_dtype_that_numpy_has():
    graph = Graph()
    x = symbols(graph, "x", (2,))
    assert (x > 0).dtype == bool
    assert (~(x > 0) & (x < 1)).dtype == bool
    assert ((x > 0).sum()).dtype == np.int64
    assert ((x > 0) * 1.0).dtype == np.float64
    assert np.where(x > 0, 1.0, 0.0).dtype == np.float64


def test_exact_array_constant_value_can_leave():
    graph = Graph()
    x = symbols(graph, "x", (2, 3))
    assert float(np.sum(np.ones_like(x))) == 6.0
    assert [1, 2, 3][int(np.sum(np.zeros_like(x)))] == 1


def user_math_exp(x):
    return math.exp(x)


def user_float(x):
    y = x * 2
    return float(y)


def user_fill(x):
    out = np.zeros(2)
    out[0] = x
    return out


def user_array(x):
    return np.asarray(x) + 1


def user_outside(x):
    out = np.linspace(0, 1, 2)
    out[0] = x
    return out


def user_while(x):
    while x > 0:
        x = x * x - 1
    return x


def user_argmax(x):
    v = np.stack([x, x * 2])
    return v[np.argmax(v)]


def user_sort(x):
    return np.sort(np.stack([x, -x]))


def user_nan(x):
    return np.where(x > 0, x, np.nan)


def user_zero(x):
    return x / (x * 0)


@pytest.mark.parametrize(
    ("function", "way_out"),
    [
        (user_math_exp, "NumPy's functions"),
        (user_float, "NumPy's functions"),
        (user_outside, r"np.zeros_like\(x\)"),
        (user_while, "np.where"),
        (user_argmax, "argmax"),
        (user_sort, "sort"),
        (user_nan, "NaN"),
        (user_zero, "constant zero"),
    ],
)
def test_trace_what_cannot_be_followed_names_function_line_and_way_out(function, way_out):
    graph = Graph()
    with pytest.raises(TraceError, match=way_out) as caught:
        trace(graph, function, symbols(graph, "x"))
    error = caught.value
    first = function.__code__.co_firstlineno
    assert error.function == function.__name__
    assert error.filename == function.__code__.co_filename
    assert first < error.line <= first + 4
    assert f"in {function.__name__} (test_proof_exact_array.py, line {error.line})" in str(error)


@pytest.mark.parametrize(
    ("function", "expected"),
    [(user_fill, lambda x: np.stack([x, x * 0])), (user_array, lambda x: x + 1)],
)
def test_trace_arrays_made_out_of_nothing_hold_expressions(function, expected):
    graph = Graph()
    x = symbols(graph, "x")
    assert prove_equal([(expected(x), trace(graph, function, x))])[0].verdict is ProofVerdict.PROVED


def test_exact_array_meets_text_is_an_error():
    x = symbols(Graph(), "x", (2,))
    with pytest.raises(TraceError, match="only real numbers and booleans"):
        x + np.array(["a", "b"])


def test_exact_array_meets_another_kind_of_array_is_an_error():
    x = symbols(Graph(), "x", (2,))
    with pytest.raises(UnsupportedOperation, match="as the same kind"):
        x + TrialArray(np.ones((5, 2)))

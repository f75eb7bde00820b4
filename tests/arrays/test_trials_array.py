"""A function run on a TrialArray equals the function run once a trial."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradproof.arrays.bounds.array import BoundArray
from gradproof.arrays.structure import UnsupportedOperation
from gradproof.arrays.trials import TrialArray

# Shapes of one trial: A (3, 4), B (3, 4), v (4,), M (4, 2), s (), C (2, 3, 4).
SHAPES = {"A": (3, 4), "B": (3, 4), "v": (4,), "M": (4, 2), "s": (), "C": (2, 3, 4)}


def into(x: Any, write: Callable[[Any], None]) -> Any:
    """A copy of x after it was written to."""
    copy = x.copy()
    write(copy)
    return copy


def put(x: Any, index: Any, value: Any) -> Any:
    return into(x, lambda y: y.__setitem__(index, value))


def softmax(z: Any) -> Any:
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def in_place(A: Any, B: Any) -> Any:
    total = np.zeros_like(A)
    row = total[1]
    row += B[0]
    total *= 2
    total -= A
    return total


def plain_accumulator(A: Any) -> Any:
    total = np.zeros(4)
    for row in A:
        total += row
    return total


def rebound_scalar(s: Any) -> Any:
    kept = s
    s += 1.5
    return kept * s


def element_is_a_copy(v: Any) -> Any:
    w = v.copy()
    first = w[0]
    w[0] = 7.0
    return first + w[0]


EXACT: dict[str, Callable[..., Any]] = {
    "arithmetic": lambda A, B, v, s: (A + B * v - s) / (B * B + 1),
    "scalars": lambda A: 2 * A - 1 + (3 - A) / 4,
    "float16 literal": lambda A: A * np.float64(0.1),
    "broadcast column": lambda A, v: A[:, :, None] * v[None, None, :],
    "broadcast vector to 3-D": lambda C, v: C + v,
    "negative": lambda A: -A + +A,
    "power": lambda A: A**2 + A**3,
    "remainder": lambda A: (A % 3) + A // 2,
    "compare": lambda A, B: (A > B) * 1.0 + (A <= 0) + (A == B),
    "masks": lambda A, B: ((A > 0) & ~(B > 0)) | (A < -1),
    "relu": lambda A: np.maximum(A, 0),
    "minimum": lambda A, v: np.minimum(A, v),
    "where": lambda A, B: np.where(A > 0, A, 0.1 * B),
    "where literals": lambda A: np.where(A > 0, 1.0, 0.0),
    "where constant mask": lambda A: np.where(np.arange(4) > 1, A, 0),
    "select": lambda A, B: np.select([A > 1, A > 0], [A, B], default=0.5),
    "clip": lambda A: np.clip(A, -0.5, 0.5) + A.clip(0) + np.clip(A, None, 1),
    "sign abs": lambda A: np.sign(A) * np.abs(A) + abs(A) + np.fabs(A),
    "heaviside": lambda A: np.heaviside(A, 0.5),
    "exp log": lambda A: np.exp(A) + np.log1p(np.abs(A)) + np.expm1(A) + np.sqrt(np.abs(A)),
    "tanh": lambda A: np.tanh(A) * (1 - np.tanh(A) ** 2),
    "logaddexp": lambda A, B: np.logaddexp(A, B),
    "isfinite": lambda A: np.isfinite(A) & ~np.isnan(A),
    "softmax": softmax,
    "ufunc out": lambda A, B: into(A, lambda y: np.add(A, B, out=y)),
    "ufunc where": lambda A, B: np.divide(A, B, out=np.zeros_like(A), where=B > 0),
    "ufunc outer": lambda v, M: np.multiply.outer(v, M),
    "ufunc dtype": lambda A: np.add(A, 1, dtype=np.float64),
    "sum": lambda A: A.sum(),
    "sum axis": lambda C: C.sum(axis=1) + np.sum(C, 1),
    "sum axes": lambda C: C.sum(axis=(0, 2)),
    "sum keepdims": lambda C: C.sum(axis=-2, keepdims=True),
    "sum of transposed": lambda A: A.T.sum(axis=0),
    "sum of gathered": lambda A: A[:, [2, 0, 3]].sum(axis=1),
    "sum of all gathered": lambda A: A[:, [2, 0, 3, 1, 2, 0]].sum(),
    "python sum": lambda A: sum(A),
    "mean": lambda A: A.mean() + A.mean(axis=0) + np.mean(A, axis=1, keepdims=True),
    "var std": lambda A: A.var(axis=0) + A.std() + np.var(A, axis=1, ddof=1, keepdims=True),
    "average": lambda A, v: np.average(A, axis=1, weights=v * v + 1),
    "max min": lambda A: A.max(axis=0) - A.min() + np.max(A, axis=1, keepdims=True),
    "max initial": lambda A: np.max(A, axis=0, initial=0.25),
    "ptp": lambda A: np.ptp(A, axis=1),
    "argmax": lambda A: A.argmax(axis=1) + np.argmin(A) + np.argmax(A, axis=1),
    "argmax keepdims": lambda A: np.argmax(A, axis=0, keepdims=True),
    "any all": lambda A: (A > 0).any(axis=1) & np.all(A < 9, axis=1),
    "prod": lambda A: A.prod(axis=1) + np.prod(A),
    "cumsum": lambda A: np.cumsum(A, axis=1) + A.cumsum().reshape(3, 4),
    "cumprod": lambda A: np.cumprod(A, axis=0),
    "count_nonzero": lambda A: np.count_nonzero(A > 0, axis=1),
    "diff": lambda A: np.diff(A, axis=1),
    "trace": lambda A: np.trace(A) + A.trace(offset=1),
    "sort": lambda A: np.sort(A, axis=1) + np.sort(A)[:, ::-1],
    "argsort": lambda A: np.argsort(A, axis=1),
    "median": lambda A: np.median(A) + np.median(A, axis=0),
    "round": lambda A: np.round(A, 1),
    "transpose": lambda C: C.T + C.transpose(2, 1, 0) + np.transpose(C),
    "mT": lambda C: C.mT,
    "swapaxes": lambda C: C.swapaxes(0, 2) + np.moveaxis(C, 0, -1).swapaxes(0, 1),
    "reshape": lambda C: C.reshape(6, -1) + np.reshape(C, (6, 4)) + C.reshape((6, 4)),
    "ravel": lambda C: C.ravel() + C.flatten() + C.reshape(-1),
    "squeeze": lambda A: A[None, :, :, None].squeeze() + np.squeeze(A[None], axis=0),
    "expand_dims": lambda A: np.expand_dims(A, 1) + np.expand_dims(A, (0, -2))[0],
    "atleast": lambda s, v, A: np.atleast_2d(v) + np.atleast_1d(s) + np.atleast_3d(A)[:1, :, 0],
    "stack": lambda v, s: np.stack([v, v * s, np.ones(4)], axis=1),
    "stack scalars": lambda s: np.stack([s, 2 * s, s - 1]),
    "concatenate": lambda A, B: np.concatenate([A, B, np.zeros((1, 4))], axis=0),
    "concatenate flat": lambda A, v: np.concatenate([A, v], axis=None),
    "hstack vstack": lambda A, B, v: np.vstack([np.hstack([A, B])[:, :4], v, v]),
    "column_stack": lambda v, M: np.column_stack([v, M, 2 * v]),
    "append": lambda v, s: np.append(v, s),
    "broadcast_to": lambda v: np.broadcast_to(v, (3, 4)) + np.broadcast_arrays(v, np.ones((3, 1)))[0],
    "tile repeat": lambda v: np.tile(v, (3, 2)) + np.repeat(v, 2) + np.tile(v, 2),
    "repeat axis": lambda A: np.repeat(A, [1, 0, 2], axis=0),
    "split": lambda A: np.split(A, 2, axis=1)[1] + np.array_split(A, [1, 3], axis=1)[1] + np.hsplit(A, 2)[0],
    "roll flip": lambda A: np.roll(A, 1, axis=0) + np.flip(A, 1) + np.roll(A, 2) + A[::-1],
    "diagonal": lambda A: np.diagonal(A) + A.diagonal(1),
    "diag": lambda v: np.diag(v) + np.diag(v[:3], 1) + np.diag(np.diag(np.diag(v))),
    "tril triu": lambda A: np.tril(A, -1) + 2 * np.triu(A),
    "pad": lambda A: np.pad(A, ((1, 0), (0, 2))) + np.pad(A, ((1, 0), (2, 0)), constant_values=1),
    "pad edge": lambda v: np.pad(v, 2, mode="edge"),
    "delete": lambda A: np.delete(A, 1, axis=0),
    "windows": lambda v: np.lib.stride_tricks.sliding_window_view(v, 2).sum(axis=1),
    "likes": lambda A: np.zeros_like(A) + np.ones_like(A) * np.full_like(A, 3) + np.ones_like(A, shape=(4,)),
    "shape": lambda A: A / A.shape[0] + len(A) + A.ndim + A.size + np.shape(A)[1] + np.ndim(A) + np.size(A, 1),
    "astype": lambda A: (A > 0).astype(A.dtype) + A.astype(np.float64),
    "basic index": lambda C: C[1, :, 2] + C[0][..., 1] + C[-1, ::-1, 0] + C[1][None, :, 3][0],
    "newaxis": lambda v: v[:, None] * v[None, :],
    "single element": lambda A: A[1, 2] * A[-1, -1],
    "iteration": lambda A: np.stack([row * i for i, row in enumerate(A)]),
    "unpacking": lambda v: v[0] * v[1] - v[2] / (v[3] * v[3] + 1),
    "integer arrays": lambda C: C[[0, 1], [2, 0]] + C[:, [0, 2]][:, 1],
    "integer arrays apart": lambda C: C[[0, 1, 1], :, [3, 0, 2]],
    "integer array and integer": lambda C: C[0, :, [3, 0]] + C[1, [0, 2], :][:, :3][:, None, 0],
    "boolean array": lambda A: A[:, np.array([True, False, True, True])] + A[np.array([True, True, False])][0, :3],
    "boolean array 2-D": lambda A: A[np.arange(12).reshape(3, 4) % 5 < 2],
    "take": lambda A: np.take(A, [3, 0], axis=1) + A.take([1, 2], axis=1) + np.take(A, [0, 11]),
    "set basic": lambda A, v: put(put(A, 1, v), (slice(None), 0), 5.0),
    "set integer arrays": lambda A, v: put(A, (np.arange(3), [0, 2, 1]), v[:3]),
    "set apart": lambda C, v: put(C, (slice(None), [0, 2, 1], 1), v[:3]),
    "set front": lambda C, v: put(C, ([0, 1, 1], slice(None), [3, 0, 2]), v[1:4]),
    "set constant mask": lambda A: put(A, np.arange(12).reshape(3, 4) % 2 == 0, 0),
    "set own mask": lambda A, B: put(put(A, A > 0, 0), B[:, 0] > 0, 2.0),
    "set own mask by scalar": lambda A, s: put(A, s > A, s),
    "fill": lambda A: into(A, lambda y: y.fill(2.0)),
    "fill_diagonal": lambda A, s: into(A, lambda y: np.fill_diagonal(y, s)),
    "copyto": lambda A, B: into(A, lambda y: np.copyto(y, B, where=B > 0)),
    "add at": lambda A, B: into(A, lambda y: np.add.at(y, [0, 2, 0], B)),
    "subtract at": lambda v: into(v, lambda y: np.subtract.at(y, [0, 0, 3], 2)),
    "in place": in_place,
    "accumulate into a plain array": plain_accumulator,
    "scalar in place": rebound_scalar,
    "element is a copy": element_is_a_copy,
    "norm": lambda A: np.linalg.norm(A, axis=1) + np.linalg.norm(A, axis=0, keepdims=True)[0, :3],
    "outer": lambda v, A: np.outer(v, v) + np.outer(A[0], v),
}

PRODUCTS: dict[str, Callable[..., Any]] = {
    "matrix matrix": lambda A, M: A @ M,
    "matrix vector": lambda A, v: A @ v,
    "vector matrix": lambda v, M: v @ M,
    "vector vector": lambda v: v @ v,
    "constant left": lambda M: np.arange(8.0).reshape(2, 4) @ M,
    "constant right": lambda A: A @ np.arange(4.0),
    "batched": lambda C, M: C @ M,
    "batched vector": lambda C, v: C @ v,
    "vector batched": lambda A, C: A[:, 1] @ C,
    "transposed": lambda A, B: A.T @ B,
    "dot": lambda A, M, v, s: np.dot(A, M) * np.dot(v, v) + A.dot(M) * np.dot(s, v[0]),
    "dot 3-D": lambda A, C: np.dot(A, C.swapaxes(1, 2)),
    "inner": lambda A, B, v: np.inner(A, B) + np.inner(v, v),
    "vdot": lambda A, B: np.vdot(A, B),
    "vecdot": lambda A, B: np.vecdot(A, B),
    "tensordot": lambda A, C: np.tensordot(A, C, axes=([0, 1], [1, 2])),
    "tensordot 1": lambda A, M: np.tensordot(A, M, 1),
    "einsum": lambda A, M: np.einsum("ij,jk->ik", A, M),
    "einsum implicit": lambda A, B: np.einsum("ij,kj", A, B),
    "einsum three": lambda A, M, v: np.einsum("ij,jk,j->k", A, M, v),
    "einsum diagonal": lambda A: np.einsum("ii->i", A[:, :3]),
    "einsum ellipsis": lambda C, M: np.einsum("...ij,jk->...ik", C, M),
    "einsum with a constant": lambda A: np.einsum("ij,j->i", A, np.arange(4.0)),
    "whole norm": lambda A: np.linalg.norm(A),
}


def parameters(function: Callable[..., Any]) -> list[str]:
    code = function.__code__
    names = list(code.co_varnames[: code.co_argcount])
    return ["A"] if names == ["z"] else names


def drawn(names: list[str], lead: tuple[int, ...], dtype: str, seed: int) -> list[np.ndarray[Any, Any]]:
    rng = np.random.default_rng(seed)
    if dtype == "int64":
        return [rng.integers(-3, 4, size=lead + SHAPES[name]) for name in names]
    return [rng.normal(size=lead + SHAPES[name]).astype(dtype) for name in names]


def one_by_one(function: Callable[..., Any], arrays: list[Any], lead: tuple[int, ...]) -> Any:
    results = [np.asarray(function(*(a[at] for a in arrays))) for at in np.ndindex(*lead)]
    return np.stack(results).reshape(lead + results[0].shape)


seeds = st.integers(0, 2**32 - 1)
leads = st.sampled_from([(1,), (5,), (2, 3)])


@pytest.mark.parametrize("name", EXACT)
@settings(max_examples=8, deadline=None, derandomize=True)
@given(seed=seeds, lead=leads, dtype=st.sampled_from(["float64", "float32", "int64"]))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_trialarray_function_equals_single_trials_bit_for_bit(
    name: str, seed: int, lead: tuple[int, ...], dtype: str
) -> None:
    function = EXACT[name]
    arrays = drawn(parameters(function), lead, dtype, seed)
    try:
        expected = one_by_one(function, arrays, lead)
    except TypeError:  # NumPy refuses the function for integers: so must we
        with pytest.raises(TypeError):
            function(*(TrialArray(a, lead=len(lead)) for a in arrays))
        return
    result = function(*(TrialArray(a, lead=len(lead)) for a in arrays))
    assert result.shape == expected.shape[len(lead) :]
    assert result.dtype == expected.dtype
    np.testing.assert_array_equal(np.broadcast_to(result.values, expected.shape), expected)


@pytest.mark.parametrize("name", PRODUCTS)
@settings(max_examples=8, deadline=None, derandomize=True)
@given(seed=seeds, lead=leads, dtype=st.sampled_from(["float64", "float32"]))
def test_trialarray_product_equals_single_trials_to_the_order_of_summation(
    name: str, seed: int, lead: tuple[int, ...], dtype: str
) -> None:
    function = PRODUCTS[name]
    arrays = drawn(parameters(function), lead, dtype, seed)
    expected = one_by_one(function, arrays, lead)
    result = function(*(TrialArray(a, lead=len(lead)) for a in arrays))
    size = one_by_one(function, [np.abs(a) for a in arrays], lead)  # BLAS may add the products in another order
    assert result.shape == expected.shape[len(lead) :]
    assert result.dtype == expected.dtype
    assert np.all(np.abs(result.values - expected) <= 2 * np.finfo(expected.dtype).eps * size)


# ---- indices that differ from trial to trial

GATHERS: dict[str, Callable[..., Any]] = {
    "row by trial": lambda P, T, t: P[t],
    "column by trial": lambda P, T, t: P[:, t],
    "labels": lambda P, T, t: P[np.arange(3), T],
    "labels by a range": lambda P, T, t: P[range(3), T] - P[(0, 2, 1), T],
    "labels minus one": lambda P, T, t: put(P, (np.arange(3), T), P[np.arange(3), T] - 1),
    "labels in place": lambda P, T, t: labels_in_place(P, T),
    "columns": lambda P, T, t: P[:, T],
    "ellipsis": lambda P, T, t: P[..., T],
    "apart": lambda P, T, t: np.stack([P, 2 * P])[t % 2, :, T],
    "along": lambda P, T, t: np.take_along_axis(P, T[:, None], axis=1),
    "put along": lambda P, T, t: into(P, lambda y: np.put_along_axis(y, T[:, None], 9.0, axis=1)),
    "argmax as index": lambda P, T, t: P[np.arange(3), P.argmax(axis=1)],
    "scatter": lambda P, T, t: into(np.zeros_like(P), lambda y: np.add.at(y, (slice(None), T), P[:, :3])),
    "scatter rows": lambda P, T, t: into(np.zeros_like(P, shape=(4, 4)), lambda y: np.add.at(y, T, P)),
    "one hot by comparison": lambda P, T, t: (T[:, None] == np.arange(4)) * 1.0,
    "loop over labels": lambda P, T, t: sum(P[i, label] for i, label in enumerate(T)),
    "take by trial": lambda P, T, t: np.take(P, T, axis=1),
    "set column": lambda P, T, t: put(P, (slice(None), t), P[:, 0] * 2),
}


def labels_in_place(P: Any, T: Any) -> Any:
    gradient = P.copy()
    gradient[np.arange(3), T] -= 1
    return gradient / 3


@pytest.mark.parametrize("name", GATHERS)
@settings(max_examples=12, deadline=None, derandomize=True)
@given(seed=seeds, lead=leads)
def test_trialarray_index_that_differs_by_trial_equals_single_trials(
    name: str, seed: int, lead: tuple[int, ...]
) -> None:
    rng = np.random.default_rng(seed)
    P, T, t = rng.normal(size=(*lead, 3, 4)), rng.integers(-4, 4, size=(*lead, 3)), rng.integers(0, 3, size=lead)
    expected = one_by_one(GATHERS[name], [P, T, t], lead)
    result = GATHERS[name](*(TrialArray(x, lead=len(lead)) for x in (P, T, t)))
    np.testing.assert_array_equal(np.broadcast_to(result.values, expected.shape), expected)


# ---- what must be refused, and how

X = TrialArray(np.arange(24.0).reshape(2, 3, 4) - 5)
LABELS = TrialArray(np.array([[0, 1, 2], [2, 1, 0]]))

REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "float": (lambda: float(X[0, 0]), "Python float"),
    "math": (lambda: math.exp(X[0, 0]), "np.exp for math.exp"),
    "asarray": (lambda: np.asarray(X), "plain array"),
    "array of arrays": (lambda: np.array([X, X]), "np.stack([a, b]) for np.array([a, b])"),
    "assignment into zeros": (lambda: np.zeros((3, 4)).__setitem__(0, X[0]), "np.zeros_like"),
    "branch": (lambda: 1 if X[1, 1] > 2 else 0, "a Python branch on a value that differs from trial to trial"),
    "table by label": (lambda: np.eye(3)[LABELS], "label[..., None] == np.arange(k)"),
    "table taken by label": (lambda: np.take(np.eye(3), LABELS, axis=0), "label[..., None] == np.arange(k)"),
    "ragged mask": (lambda: X[X > 0], "the number of elements it picks differs"),
    "unknown function": (lambda: np.linalg.inv(X), "np.linalg.inv"),
    "unknown method": (lambda: X.tolist(), "ndarray.tolist"),
    "unknown gufunc": (lambda: np.linalg.det(X[:, :3]), "np.linalg.det"),
    "plain out": (lambda: np.add(X, 1, out=np.zeros((3, 4))), "np.add with a plain array as out="),
    "reduce": (lambda: np.subtract.reduce(X), "np.subtract.reduce"),
    "accumulate": (lambda: np.maximum.accumulate(X), "np.maximum.accumulate"),
    "reduceat": (lambda: np.add.reduceat(X, [0, 1]), "np.add.reduceat"),
    "where of one": (lambda: np.where(X > 0), "np.where with one argument"),
    "complex": (lambda: X * 1j, "complex"),
    "object": (lambda: X + np.array([None] * 4), "dtype object"),
    "other lead": (lambda: X + TrialArray(np.ones((2, 1, 4)), lead=2), "meets a TrialArray with 2"),
    "sum with where": (lambda: X.sum(where=X > 0), "where="),
    "reshape in F order": (lambda: X.reshape(4, 3, order="F"), "order='F'"),
    "integer power of branch": (lambda: range(LABELS[0]), "a Python index or range"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_trialarray_what_has_no_form_is_refused_by_name(name: str) -> None:
    action, words = REFUSED[name]
    with pytest.raises(UnsupportedOperation) as refusal:
        action()
    assert words in str(refusal.value)


def test_trialarray_branch_on_which_all_trials_agree_is_taken() -> None:
    assert X[0, 0] < 100
    assert list(range(TrialArray(np.array([2, 2])))) == [0, 1]
    assert int(TrialArray(np.array([3.0, 3.0]))) == 3


def test_trialarray_branch_on_several_elements_raises_as_numpy_does() -> None:
    with pytest.raises(ValueError, match="truth value of an array"):
        bool(X > 100)


@pytest.mark.parametrize(
    "action",
    [
        lambda x: x[0, 0, 0],
        lambda x: x[5],
        lambda x: x[1.5],
        lambda x: len(x[0, 0]),
        lambda x: list(x[0, 0]),
        lambda x: x @ x,
        lambda x: x @ 2,
        lambda x: x.reshape(5, 5),
        lambda x: x + np.ones(3),
        lambda x: x.sum(axis=2),
        lambda x: np.concatenate([x, x[0]]),
        lambda x: x.copy().__setitem__(0, np.ones(3)),
    ],
)
def test_trialarray_mistake_raises_what_numpy_raises(action: Callable[[Any], Any]) -> None:
    with pytest.raises((ValueError, TypeError, IndexError)) as plain:
        action(X.values[0])
    with pytest.raises(plain.type):
        action(X)


def test_trialarray_plain_accumulator_that_is_used_by_another_name_turns_to_nan() -> None:
    total = np.zeros(4)
    other = total
    total += X[0]
    assert isinstance(total, TrialArray)
    assert np.isnan(other).all()


def test_trialarray_in_place_change_of_an_array_with_fewer_trials_is_refused() -> None:
    one = TrialArray(np.zeros((1, 4)))
    with pytest.raises(UnsupportedOperation, match="take a copy first"):
        one += X[0]


def test_trialarray_values_of_no_real_dtype_are_refused() -> None:
    with pytest.raises(UnsupportedOperation, match="dtype <U1"):
        TrialArray(np.array(["a"]))


@pytest.mark.parametrize("array", [TrialArray, BoundArray.exact])
def test_lifted_erf_made_by_frompyfunc_is_the_error_function(array):
    erf = np.frompyfunc(math.erf, 1, 1)
    x = np.linspace(-2, 2, 12).reshape(4, 3)
    assert np.array_equal(erf(array(x)).astype(x.dtype).layers[0], erf(x).astype(x.dtype))

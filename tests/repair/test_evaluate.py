"""Lifted evaluation gives, for every candidate and trial, what NumPy gives for that one alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, reject, settings
from repair_setup import NUMPY, formula
from repair_strategies import formulas

from gradproof.repair.formulas.evaluate import FAILURES, evaluate
from gradproof.repair.formulas.formula import Binary, Formula, Name
from gradproof.repair.formulas.functions import Functions
from gradproof.repair.formulas.printing import show

RNG = np.random.default_rng(0)


def alone(text: str, values: dict[str, np.ndarray[Any, Any]], candidate: int, trial: int) -> np.ndarray[Any, Any]:
    """An expression by plain NumPy, on the values of one candidate in one trial."""
    names = {name: value[candidate if len(value) > 1 else 0, trial] for name, value in values.items()}
    with np.errstate(all="ignore"):
        return np.asarray(eval(text, {"np": np}, names), dtype=np.float64)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(formulas)
def test_evaluate_scalars_agree_with_numpy(original: Formula) -> None:
    values = {name: RNG.uniform(-2, 2, (3 if name == "a" else 1, 4)) for name in "abcd"}
    with np.errstate(all="ignore"):
        found = np.broadcast_to(evaluate(original, values, NUMPY), (3, 4))
    try:
        expected = [[alone(show(original), values, k, t) for t in range(4)] for k in range(3)]
    except (ZeroDivisionError, OverflowError, ValueError):
        reject()  # plain Python numbers, without a quantity among them, raise where NumPy's do not
    assert np.allclose(found, expected, rtol=1e-12, atol=1e-300, equal_nan=True)


TENSOR_TEXTS = """
A.T @ B | A @ b | c @ A | c @ c | A * b | A + c[:, None] | A.sum(axis=0) | A.mean(axis=-1, keepdims=True) | A.sum()
A[0] | A[:, 1:] | A.max(axis=(0, 1)) | np.exp(A) / np.exp(A).sum(axis=1, keepdims=True) | A.shape[0] * d | d / A.size
np.where(A > 0, A, d) | (A > 0) * A | np.outer(c, b) | A.reshape(-1) | np.einsum('ij,j->i', A, b) | A.var(axis=0)
np.clip(A, -0.5, 0.5) | np.linalg.norm(A) | A.T.T | np.cumsum(A, axis=1) | d.T + A.sum(axis=0).T
"""


@pytest.mark.parametrize("text", [text.strip() for text in TENSOR_TEXTS.replace("\n", "|").split("|") if text.strip()])
def test_evaluate_tensors_agree_with_numpy(text: str) -> None:
    values = {"A": RNG.normal(size=(3, 2, 4, 5)), "B": RNG.normal(size=(1, 2, 4, 3)), "b": RNG.normal(size=(1, 2, 5))}
    values |= {"c": RNG.normal(size=(1, 2, 4)), "d": RNG.normal(size=(1, 2))}
    found = evaluate(formula(text), values, NUMPY)
    for candidate in range(3):
        for trial in range(2):
            expected = alone(text, values, candidate, trial)
            part = found[candidate if len(found) > 1 else 0, trial if found.shape[1] > 1 else 0]
            assert part.shape == expected.shape
            assert np.allclose(part, expected, rtol=1e-12)


@pytest.mark.parametrize("text", ["A @ B", "A + B", "A.sum(axis=2)", "A[7]", "d @ A", "A.shape[4]"])
def test_evaluate_misfit_is_an_error_and_no_broadcast_of_trials(text: str) -> None:
    values = {"A": RNG.normal(size=(1, 2, 4, 5)), "B": RNG.normal(size=(1, 2, 4, 3)), "d": RNG.normal(size=(1, 2))}
    with pytest.raises(FAILURES):
        evaluate(formula(text), values, NUMPY)


def test_evaluate_known_subtree_is_not_evaluated() -> None:
    part = formula("unknown_name", "unknown_name")
    whole = Binary("*", part, Name("a"))
    known = {id(part): np.full((2, 1), 3.0)}
    assert np.array_equal(evaluate(whole, {"a": np.full((1, 2), 2.0)}, NUMPY, known), np.full((2, 2), 6.0))


def branching(z: float) -> float:
    """A helper that a beginner writes."""
    if z > 0:
        return 1.0
    return 0.0


def wrong_on_stacks(z: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """A helper that a stack of values would deceive without an error."""
    return z / np.sum(np.abs(z))


@pytest.mark.parametrize("helper", [branching, wrong_on_stacks, lambda z: np.maximum(z, 0)])
def test_evaluate_helper_gives_what_it_gives_alone(helper: Any) -> None:
    functions = Functions({"helper": helper})
    value = RNG.normal(size=(3, 4))
    found = evaluate(formula_of("helper(a)", functions), {"a": value}, functions)
    assert np.array_equal(found, [[helper(x) for x in row] for row in value])


def test_evaluate_helper_that_refuses_is_a_failure() -> None:
    def refuse(z: float) -> float:
        raise TypeError("no")

    functions = Functions({"refuse": refuse})
    with pytest.raises(ValueError, match="refuse refuses these values: no"):
        evaluate(formula_of("refuse(a)", functions), {"a": np.ones((1, 2))}, functions)


def formula_of(text: str, functions: Functions) -> Formula:
    """The formula of an expression in a module with helpers."""
    from gradproof.repair.formulas.syntax import read

    return read(f"def f(a):\n    return {text}\n", functions).formula

"""When two formulas are the same, and tidying that keeps their value."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from repair_setup import NUMPY, formula
from repair_strategies import formulas

from gradproof.repair.formulas.canonical import canonical, tidy
from gradproof.repair.formulas.evaluate import evaluate
from gradproof.repair.formulas.formula import Formula, Local
from gradproof.repair.formulas.printing import show

VALUES = {n: np.random.default_rng(3).uniform(0.5, 2.0, (1, 5)) for n in "abcd"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a * b - c", "-(c - b * a)"),
        ("(a - b) * c", "-(b - a) * c"),
        ("a / b * c", "c * a / b"),
        ("a * a", "a**2"),
        ("np.square(a)", "a * a"),
        ("2 * (a * b) / 2", "b * a"),
        ("(a < b) * c", "c * (b > a)"),
        ("(-A) @ B", "-(A @ B)"),
        ("(2 * A).sum(axis=0)", "2 * A.sum(axis=0)"),
        ("a - (-b)", "a + b"),
        ("np.maximum(a, 0)", "np.maximum(0, a)"),
        ("a + b + c", "c + (b + a)"),
        ("a - a", "0"),
    ],
)
def test_canonical_same_formula_in_another_spelling(one: str, other: str) -> None:
    assert canonical(formula(one)) == canonical(formula(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a * b", "a * c"),
        ("a - b", "b - a"),
        ("A @ B", "B @ A"),
        ("A.sum(axis=0)", "A.sum(axis=1)"),
        ("A.sum(axis=0)", "A.sum(axis=0, keepdims=True)"),
        ("a > b", "a >= b"),
        ("a[0]", "a[1]"),
        ("np.exp(a)", "np.log(a)"),
        ("A.T @ B", "A @ B"),
    ],
)
def test_canonical_different_formulas_differ(one: str, other: str) -> None:
    assert canonical(formula(one)) != canonical(formula(other))


def test_canonical_sees_through_locals() -> None:
    assert canonical(Local("m", 0, formula("a + b"))) == canonical(formula("b + a"))


@settings(derandomize=True, deadline=None, max_examples=200)
@given(formulas)
def test_tidy_keeps_the_value_and_is_idempotent(original: Formula) -> None:
    tidied = tidy(original)
    with np.errstate(all="ignore"):
        before, after = (np.broadcast_to(evaluate(f, VALUES, NUMPY), (1, 5)) for f in (original, tidied))
    finite = np.isfinite(before)  # 1 / -0.0 and 1 / 0.0 differ
    assert np.allclose(before[finite], after[finite], rtol=1e-9, atol=1e-9)
    assert tidy(tidied) == tidied


@pytest.mark.parametrize(
    ("text", "tidied"),
    [
        ("-(-a)", "a"),
        ("-(a - b)", "b - a"),
        ("1 * a", "a"),
        ("a + 0", "a"),
        ("a + (-b)", "a - b"),
        ("-(a * b)", "-a * b"),
    ],
)
def test_tidy_removes_what_an_edit_leaves_behind(text: str, tidied: str) -> None:
    assert show(tidy(formula(text))) == tidied


def test_tidy_leaves_what_the_author_wrote() -> None:
    author = formula("1 * a")
    assert tidy(author, {author}) == author


def test_canonical_equal_forms_have_equal_values() -> None:
    texts = [
        "a",
        "b",
        "2",
        "-a",
        "a + b",
        "a - b",
        "a * b",
        "a / b",
        "a**2",
        "a**-1",
        "(a > b)",
        "(a < b)",
        "np.exp(a)",
        "0",
    ]
    texts += ["np.maximum(a, b)", "np.square(a)", "np.reciprocal(a)"]
    joined = [f"({x}) {op} ({y})" for op in ("+", "-", "*", "/") for x in texts for y in texts]
    joined += [f"-(({x}) {op} ({y}))**{p}" for op in ("-", "*") for x in texts for y in texts for p in (2, 3, -1)]
    groups: dict[str, list[tuple[str, np.ndarray]]] = {}
    for text in joined:
        with np.errstate(all="ignore"):
            value = np.broadcast_to(evaluate(formula(text), VALUES, NUMPY), (1, 5))
        if np.isfinite(value).all():
            groups.setdefault(canonical(formula(text)), []).append((text, value))
    assert max(len(group) for group in groups.values()) > 3
    for group in groups.values():
        for text, value in group[1:]:
            assert np.allclose(value, group[0][1], rtol=1e-9, atol=1e-12), (group[0][0], text)

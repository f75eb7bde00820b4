"""Reading function texts, and printing formulas so that they are read again as they were."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from repair_setup import NUMPY, formula
from repair_strategies import formulas

from gradproof.repair.formulas.formula import Call, Constant, Formula, Literally, Local, Name, Size, Where
from gradproof.repair.formulas.functions import Functions
from gradproof.repair.formulas.parsed import Unreadable
from gradproof.repair.formulas.printing import show
from gradproof.repair.formulas.syntax import read


@settings(derandomize=True, deadline=None, max_examples=300)
@given(formulas)
def test_show_then_read_gives_the_same_formula(original: Formula) -> None:
    assert formula(show(original)) == original


TEXTS = """
A.T @ B | (A @ B).T | (A * 2).sum(axis=0, keepdims=True) | a - (b - c) | a / (b * c) | -(a * b) | (-a)**2 | a**-b
A[0, :] | A[:, None] * b | np.einsum('ij,jk->ik', A, B) | A.reshape(-1, 1) | A.sum(axis=(0, 1)) | 2 * (a > 0)
np.where(a > 0, b, c) | a.shape[0] * np.sqrt(b.shape[1]) | np.pi * a | A.var(axis=0) | np.clip(a, 0.5, None)
a - (-1) | np.linalg.norm(a) | a / a.size
"""


@pytest.mark.parametrize("text", [text.strip() for text in TEXTS.replace("\n", "|").split("|") if text.strip()])
def test_show_of_read_text_is_the_text(text: str) -> None:
    assert show(formula(text)) == text


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("np.sum(A, axis=0)", "A.sum(axis=0)"),
        ("np.sum(A, 0)", "A.sum(axis=0)"),
        ("np.dot(A, B)", "A @ B"),
        ("A.dot(B)", "A @ B"),
        ("np.transpose(A)", "A.T"),
        ("A.transpose()", "A.T"),
        ("max(a, 0)", "np.maximum(a, 0)"),
        ("abs(a)", "np.abs(a)"),
        ("np.power(a, 2)", "a**2"),
        ("np.greater(a, 0)", "a > 0"),
        ("len(A)", "A.shape[0]"),
        ("float(a)", "a"),
        ("+a", "a"),
        ("b if a > 0 else c", "np.where(a > 0, b, c)"),
    ],
)
def test_read_other_spelling_gives_the_same_formula(text: str, same: str) -> None:
    assert formula(text) == formula(same)


def test_read_functions_under_any_name_are_known_by_what_they_are() -> None:
    functions = Functions({"xp": np, "e": np.exp, "math": math})
    text = "def f(a):\n    return xp.log(a) + e(a) + math.tanh(a)\n"
    found = read(text, functions).formula
    assert found == formula("np.log(a) + np.exp(a) + np.tanh(a)")
    assert functions.numpy == "xp"


def test_read_helper_is_called_by_its_name() -> None:
    functions = Functions({"_prime": lambda z: z > 0})
    assert read("def f(a):\n    return _prime(a)\n", functions).formula == Call("_prime", (Name("a"),))


def test_read_module_constant_is_kept_as_written() -> None:
    functions = Functions({"EPS": 1e-5})
    assert read("def f(a):\n    return EPS\n", functions).formula == Literally("EPS")


def test_read_locals_hold_their_definitions() -> None:
    definition = read('def f(a, b):\n    """Doc."""\n    m = a + b\n    m = m * 2\n    return m\n', NUMPY)
    first = Local("m", 1, formula("a + b"))
    found = definition.formula
    assert isinstance(found, Local)
    assert found.step == 2
    assert first in (found.definition.left,)  # type: ignore[union-attr]


def test_read_unpacked_shape_gives_sizes() -> None:
    definition = read("def f(A):\n    N, D = A.shape\n    return D\n", NUMPY)
    assert definition.formula == Size(Name("A"), 1)


def test_read_lambda_is_an_equation() -> None:
    definition = read("f = lambda a, b: a * b\n", NUMPY)
    assert definition.name == "f"
    assert [parameter.name for parameter in definition.parameters] == ["a", "b"]
    assert definition.formula == formula("a * b")


def test_read_negative_constant_is_a_constant() -> None:
    assert formula("-1") == Constant(-1)
    assert isinstance(formula("b if a > 0 else c"), Where)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def f(a):\n    if a > 0:\n        return a\n    return 0\n", "if a > 0"),
        ("def f(a):\n    for i in range(3):\n        a = a + i\n    return a\n", "for i"),
        ("def f(a):\n    return [x for x in a]\n", "[x for x in a]"),
        ("def f(a):\n    return a[a > 0]\n", "a[a > 0]"),
        ("def f(a):\n    return unknown(a)\n", "unknown"),
        ("def f(a):\n    return misspelt\n", "misspelt"),
        ("def f(a, *rest):\n    return a\n", "parameters"),
        ("def f(a):\n    b, c = a\n    return b\n", "b, c = a"),
        ("def f(a):\n    return 0 < a < 1\n", "0 < a < 1"),
        ("def f(a):\n    a += 1\n    return a\n", "a += 1"),
        ("x = 1\n", "Assign"),
        ("def f(a) return a\n", "no Python"),
    ],
)
def test_read_what_is_not_known_says_what(text: str, said: str) -> None:
    with pytest.raises(Unreadable, match=re.escape(said)):
        read(text, NUMPY)


def test_read_places_are_those_in_the_text() -> None:
    text = "def f(a, ü):\n    # Grüße\n    return (a *\n            ü)\n"
    definition = read(text, NUMPY)
    assert {text[part.start : part.end] for part in definition.result} == {"a *\n            ü", "a", "ü"}
    assert [text[p.start : p.end] for p in definition.parameters] == ["a", "ü"]

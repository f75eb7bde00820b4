"""Fixes in the author's text: only what differs is touched."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from repair_setup import NUMPY, formula
from repair_strategies import formulas

from gradproof.errors import GradproofError
from gradproof.repair import Fix, Span, patch, unified_diff
from gradproof.repair.formulas.canonical import canonical
from gradproof.repair.formulas.formula import Formula, Local, Name, at, replace, walk
from gradproof.repair.formulas.rewrite import Rewrite, Unwritable, rewrite
from gradproof.repair.formulas.syntax import read


def rewritten(source: str, new: str, names: str = "a, b, c, d, A, B") -> str:
    """The text after its returned formula has become another."""
    return rewrite(read(source, NUMPY), formula(new, names), NUMPY).text


@pytest.mark.parametrize(
    ("source", "new", "text"),
    [
        ("def f(a, b):\n    return a*b  # both\n", "a * c", "def f(a, c):\n    return a*c  # both\n"),
        ("def f(a, b):\n    return a*b\n", "a * b * c", "def f(a, b, c):\n    return a*b*c\n"),
        ("def f(a, b):\n    return a*b\n", "(a + b) * b", "def f(a, b):\n    return (a + b)*b\n"),
        ("def f(a, b):\n    return (a + b)*b\n", "a * b", "def f(a, b):\n    return a*b\n"),
        ("def f(a, b):\n    return a - b\n", "a", "def f(a):\n    return a\n"),
        ("def f(a, b):\n    return a - b\n", "b", "def f(b):\n    return b\n"),
        ("def f(a):\n    return a\n", "2", "def f():\n    return 2\n"),
        ("def f():\n    return 2\n", "a", "def f(a):\n    return a\n"),
        ("def f(a, b, c):\n    return a*b*c\n", "a * d", "def f(a, d):\n    return a*d\n"),
        (
            "def f(a, b):\n    return np.sum( a*b , axis = 0 )\n",
            "(a * c).sum(axis=0)",
            "def f(a, c):\n    return np.sum( a*c , axis = 0 )\n",
        ),
        (
            "def f(a, b):\n    return a if b>0 else 0\n",
            "np.where(c > 0, a, 0)",
            "def f(a, c):\n    return a if c>0 else 0\n",
        ),
        ("def f(A, B):\n    return A.dot(B)\n", "A.T @ B", "def f(A, B):\n    return A.T.dot(B)\n"),
        ("def f(a, b):\n    return (a*b - b)\n", "(a + c) * b - b", "def f(a, b, c):\n    return ((a + c)*b - b)\n"),
        ("f = lambda a, b: a*b\n", "a * c", "f = lambda a, c: a*c\n"),
        ("f = lambda: 1\n", "a", "f = lambda a: a\n"),
        (
            "def f(a: float, b: float) -> float:\n    return a - b\n",
            "a - c",
            "def f(a: float, c: float) -> float:\n    return a - c\n",
        ),
    ],
)
def test_rewrite_touches_what_differs_only(source: str, new: str, text: str) -> None:
    assert rewritten(source, new) == text


MULTILINE = '''def dLoss_dW(
    a,  # upstream
    b,  # input
):
    """The gradient: one outer product.

    With a story.
    """
    # the sum over paths
    return (
        a * b  # first path
        + a * c  # second path
    )
'''.replace("    b,  # input\n", "    b,  # input\n    c,\n")


def test_rewrite_keeps_comments_and_layout_of_long_texts() -> None:
    text = rewritten(MULTILINE, "a * b - a * c")
    assert "a * c  # second path" in rewritten(MULTILINE, "b * b + a * c")
    assert "The gradient: one outer product." in text
    assert rewritten(MULTILINE, "a * b + d * c") == MULTILINE.replace("+ a * c", "+ d * c").replace(
        "    c,\n):", "    c, d,\n):"
    )


def test_rewrite_of_a_local_changes_its_statement() -> None:
    source = "def f(a, b):\n    m = a * b  # product\n    return m + m\n"
    definition = read(source, NUMPY)
    local = definition.formula.left  # type: ignore[union-attr]
    assert isinstance(local, Local)
    new = Local("m", local.step, formula("a * c"))
    text = rewrite(definition, formula("m + m", "m")._replace(left=new, right=new), NUMPY).text  # type: ignore[union-attr]
    assert text == "def f(a, c):\n    m = a * c  # product\n    return m + m\n"


def test_rewrite_keeps_parameters_that_a_left_over_statement_reads() -> None:
    source = "def f(a, b):\n    m = a * b\n    return m\n"
    assert rewritten(source, "a") == "def f(a, b):\n    m = a * b\n    return a\n"


def test_rewrite_of_one_use_of_a_shared_local_is_refused() -> None:
    definition = read("def f(a, b):\n    m = a * b\n    return m + m\n", NUMPY)
    local = definition.formula.left  # type: ignore[union-attr]
    new = replace(definition.formula, (0,), local._replace(definition=formula("a / b")))
    with pytest.raises(Unwritable):
        rewrite(definition, new, NUMPY)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(formulas, formulas, st.data())
def test_rewrite_then_read_gives_the_wanted_formula(old: Formula, new: Formula, data: st.DataObject) -> None:
    from gradproof.repair.formulas.printing import show

    definition = read(f"def f(a, b, c, d):\n    return {show(old)}\n", NUMPY)
    path = data.draw(st.sampled_from([path for path, _ in walk(old)]))
    wanted = replace(old, path, new)
    result = rewrite(definition, wanted, NUMPY)
    assert canonical(read(result.text, NUMPY).formula) == canonical(wanted)
    assert at(wanted, path) == new


# Whole files ----------------------------------------------------------------------------------------------------

FILE = '''"""A derivation."""

import numpy as np  # the only import


def P5(Y5):  # not touched
    return Y5


# the gradient
def dLoss_dW35(P5, Y4):
    return (P5 - 1)*Y4   # (5)


def dLoss_dW45(P5, Y3): return (P5 - 1)*Y3
'''


def fix(source: str, new: str, line: int) -> Fix:
    """A fix of an equation whose formula should be another."""
    result: Rewrite = rewrite(read(source, NUMPY), formula(new, "P5, Y3, Y4"), NUMPY)
    name = read(source, NUMPY).name
    return Fix(
        equation=name, line=line, source=source, expression=result.expression, body=result.text,
        parameters=result.parameters, edits=result.spans, kind="index", sentence="", bits=0.0, trials=1, fresh_trials=1,
        function=len,
    )  # fmt: skip


FIRST = fix("def dLoss_dW35(P5, Y4):\n    return (P5 - 1)*Y4   # (5)\n", "(P5 - 1) * Y3", 11)
SECOND = fix("def dLoss_dW45(P5, Y3): return (P5 - 1)*Y3\n", "(P5 - 1) * Y4", 15)


def test_patch_makes_all_fixes_and_nothing_else() -> None:
    text = patch(FILE, [SECOND, FIRST])
    expected = FILE.replace("dLoss_dW35(P5, Y4)", "dLoss_dW35(P5, Y3)").replace("*Y4   # (5)", "*Y3   # (5)")
    expected = expected.replace("dLoss_dW45(P5, Y3): return (P5 - 1)*Y3", "dLoss_dW45(P5, Y4): return (P5 - 1)*Y4")
    assert text == expected


def test_patch_of_a_file_that_was_changed_is_an_error() -> None:
    with pytest.raises(GradproofError, match="dLoss_dW35: its text as it was read does not stand at line 11"):
        patch(FILE.replace("(P5 - 1)*Y4", "(P5-1)*Y4"), [FIRST])


def test_patch_of_an_equation_on_another_line_is_an_error() -> None:
    with pytest.raises(GradproofError, match="line 11"):
        patch("\n\n\n" + FILE, [FIRST])


def test_unified_diff_shows_what_a_patch_changes() -> None:
    assert unified_diff(FILE, patch(FILE, [FIRST]), "manual/net.py") == (
        "--- a/manual/net.py\n"
        "+++ b/manual/net.py\n"
        "@@ -10,4 +10,4 @@\n"
        " # the gradient\n"
        "-def dLoss_dW35(P5, Y4):\n"
        "-    return (P5 - 1)*Y4   # (5)\n"
        "+def dLoss_dW35(P5, Y3):\n"
        "+    return (P5 - 1)*Y3   # (5)\n"
        " \n"
    )
    assert unified_diff(FILE, FILE, "net.py") == ""


def test_span_is_a_value() -> None:
    assert Span(0, 1, "a") == Span(0, 1, "a")
    assert Name("a") != Span(0, 1, "a")

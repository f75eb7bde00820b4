"""Statements that stand in a wrong place: moved where nothing else changes by that, else left to their author."""

from __future__ import annotations

import ast

import pytest

from gradproof.code.writing.patching import patched
from gradproof.code.writing.written import Change

STEP = """
def step(W, b, X, dY, lr):
    dW = X.T @ dY
    W -= lr * dW
    b -= lr * dY.sum(axis=0)
    dX = dY @ W.T  # for the layers below
    return dX
""".lstrip()


def moved(text: str, statement: str, before: str) -> str:
    """The text with one statement moved before another, as a fix has it."""
    lines = text.splitlines()
    place, target = (next(n for n, line in enumerate(lines, 1) if part in line) for part in (statement, before))
    node = next(n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.stmt) and n.lineno == place)
    return patched(text, [Change(place, ast.unparse(node), ast.unparse(node), moved=target)], "step.py")


def test_patched_late_statement_is_moved_with_its_comment() -> None:
    new = moved(STEP, "dX =", "W -=").splitlines()
    assert new[2:5] == ["    dX = dY @ W.T  # for the layers below", "    W -= lr * dW", "    b -= lr * dY.sum(axis=0)"]
    assert sorted(new) == sorted(STEP.splitlines())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    b -= lr * dY.sum(axis=0)", "    dY = 2 * dY"),  # writes what the statement reads
        ("    b -= lr * dY.sum(axis=0)", "    dY *= 2"),
        ("    b -= lr * dY.sum(axis=0)", "    dY[0] = 2"),
        ("    b -= lr * dY.sum(axis=0)", "    np.negative(dY, out=dY)"),
        ("    b -= lr * dY.sum(axis=0)", "    b -= lr * dX"),  # reads what the statement writes
        ("    W -= lr * dW", "    if lr:\n        W -= lr * dW"),  # stands in another block
        ("    W -= lr * dW", "    for _ in range(2): W -= lr * dW"),
        ("    W -= lr * dW\n", "    W -= lr * dW; "),  # two statements on one line
    ],
)
def test_patched_statement_that_cannot_be_moved_safely_stays(old: str, new: str) -> None:
    text = STEP.replace(old, new).replace(";     b", "; b")
    assert moved(text, "dX =", "W -=") == text

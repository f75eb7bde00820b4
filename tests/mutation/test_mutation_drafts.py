"""The line that would replace a Function's tests: its text, and what running it says."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from gradproof.mutation.drafting import CannotDraft, drafted
from gradproof.mutation.facts import Findings
from gradproof.mutation.inside.drafts import run_draft
from gradproof.mutation.inside.ledger import Ledger

X = {"shape": [5, 3], "dtype": "float32", "low": -2.0, "high": 2.0}
LABELS = {"shape": [5], "dtype": "int64", "low": 0.0, "high": 6.0}


def findings(signature: dict[str, Any], *, has_setup_context: bool = False) -> Findings:
    note = {"kind": "Function", "place": ("ops.py", 1), "has_setup_context": has_setup_context}
    return Findings([], targets={"ops:Own": note}, signatures={"ops:Own": [signature]})


def test_line_has_the_shapes_and_ranges_of_the_tests() -> None:
    imports, line = drafted(
        "ops:Own", findings({"x": X, "labels": LABELS, "eps": {"literal": "1e-06", "type": "float"}})
    )
    assert imports[1:] == ("from gradproof import assert_function_agrees, integers, normal", "from ops import Own")
    assert line.endswith('{"x": normal(5, 3), "labels": integers(0, 7, (5,)), "eps": 1e-06})')
    assert "Own.forward(MagicMock(), *args)" in line


def test_positive_inputs_stay_positive() -> None:
    _, line = drafted("ops:Own", findings({"x": X | {"low": 0.5}}, has_setup_context=True))
    assert line == 'assert_function_agrees(Own.apply, Own.forward, {"x": uniform(0.5, 2, (5, 3,))})'


def test_argument_without_a_text_says_which() -> None:
    with pytest.raises(CannotDraft, match="its argument config is Config"):
        drafted("ops:Own", findings({"x": X, "config": {"literal": "", "type": "Config"}}))


@pytest.mark.parametrize(("function", "outcome"), [("Square", "agrees"), ("Wrong", "disagrees"), ("None", "raises")])
def test_run_says_what_the_check_said(function: str, outcome: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(Path(__file__).with_name("suites"))
    code = (
        "from unittest.mock import MagicMock\nfrom gradproof import check_function, normal\nfrom ops import Square\n"
        "class Wrong(Square):\n    @staticmethod\n    def backward(ctx, g):\n        return g * ctx.saved_tensors[0]\n"
        f"check_function({function}.apply, lambda x: Square.forward(MagicMock(), x), {{'x': normal(3)}}, "
        "dtypes=['float64'], trials=1).raise_on_disagreement()"
    )
    try:
        assert run_draft(code, Ledger())["outcome"] == outcome
    finally:
        sys.modules.pop("ops", None)

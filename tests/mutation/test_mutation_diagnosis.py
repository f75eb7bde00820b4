"""What holds a test back, from the outcomes of plants alone."""

from __future__ import annotations

from typing import Any

import pytest

from gradproof.mutation.diagnosis import diagnosed
from gradproof.mutation.facts import ABSENT, GREEN, RED, VOID, Findings, Gradient, Test, Trial
from gradproof.mutation.ladder import Ladder

GRADIENT = Gradient("ops:Own", "x")
SEEN: dict[str, Any] = {
    "calls": 1,
    "largest": 1.0,
    "epsilon": 2.2e-16,
    "scalar": False,
    "all_ones": False,
    "constant": False,
    "zero": False,
    "line": 7,
}
ALL_RED = dict.fromkeys(("zero", "sign", "doubled", "upstream ignored", "too large", "too small", "shifted"), RED)


def told(outcomes: dict[str, str], limit: float = 1e-6, message: str = "AssertionError", **seen: Any) -> str:
    """The code of a test with these outcomes, that sees faults from a limit on."""
    account = {"forward": {"ops:Own": 1}, "gradients": {"ops:Own": {"x": SEEN | seen}}, "comparisons": []}
    test = Test(0, "test_it", "test_it.py", "/test_it.py", 3, "passed", account)
    ladder = Ladder.over([0])
    while (step := ladder.next()) is not None:
        ladder.note(0, step[0], was_seen=step[0] >= limit)
    trials = {
        kind: {0: Trial(outcome, 1.0 if outcome in (RED, GREEN) else 0.0, 5, message)}
        for kind, outcome in outcomes.items()
    }
    return diagnosed(Findings([test], trials={GRADIENT: trials}, ladders={GRADIENT: ladder}), test).code


@pytest.mark.parametrize(
    ("outcomes", "seen", "code"),
    [
        ({}, {}, ""),
        ({"non-contiguous": ABSENT, "half precision": ABSENT}, {}, ""),
        ({"too small": GREEN}, {}, "missing abs"),
        ({"shifted": GREEN}, {}, "one number"),
        ({"sign": GREEN}, {}, "one number"),
        ({"not a number": GREEN}, {}, "nan passes"),
        ({"upstream ignored": VOID}, {"all_ones": True, "constant": True}, "all ones"),
        ({"upstream ignored": VOID}, {"all_ones": True, "constant": True, "scalar": True}, ""),
        ({"zero": VOID, "sign": GREEN}, {"all_ones": True, "constant": True, "zero": True}, "zero gradient"),
    ],
)
def test_one_outcome_apart_from_a_sound_test_has_its_code(
    outcomes: dict[str, str], seen: dict[str, Any], code: str
) -> None:
    assert told(ALL_RED | outcomes, **seen) == code


@pytest.mark.parametrize(
    ("limit", "epsilon", "code"),
    [(0.05, 2.2e-16, ""), (0.5, 2.2e-16, "tolerance"), (0.2, 7.8e-3, ""), (0.5, 7.8e-3, "tolerance")],
)
def test_coarse_is_judged_by_the_precision(limit: float, epsilon: float, code: str) -> None:
    assert told(ALL_RED, limit, epsilon=epsilon) == code


def test_blind_test_that_fails_for_a_missing_gradient_asks_for_form_only() -> None:
    blind = dict.fromkeys(ALL_RED, GREEN)
    assert told(blind, float("inf")) == "not compared"
    assert told(blind | {"missing": RED}, float("inf")) == "form only"
    assert told(blind | {"missing": RED}, float("inf"), "TypeError: unsupported operand") == "not compared"


def test_test_of_second_derivatives_is_not_accused_of_the_first() -> None:
    assert told(dict.fromkeys(ALL_RED, GREEN) | {"detached": RED}, float("inf")) == ""

"""The depth `gate`: what a function may try to pass without being right, and right ones that look like it."""

from __future__ import annotations

import pytest

from benchmarks.function_cases.cheats import cheats
from benchmarks.function_cases.controls import controls
from gradproof import check_function, normal
from gradproof.errors import GradproofError
from gradproof.functions.running import processes

QUICK = {"trials": 1, "dtypes": ["float32"], "edges": False, "seed": 0}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ends the process with status 0", "it ends its process with status 0"),
        ("right only if a checker is loaded", "2 times the true value"),
        ("a tensor that is equal to everything", "output"),
        ("pointer cache", "it keeps a state of an earlier call"),
        ("read out of bounds", "it reads or writes out of bounds"),
        ("unwritten buffer", "never written"),
        ("a cotangent that is clipped", "it is not linear in the cotangent"),
        ("a race in 1 % of the calls", "a state that is kept between calls"),
    ],
)
def test_gate_catches_cheat(name, words):
    (kernel,) = (one for _, label, one in cheats() if label == name)
    result = check_function(kernel.call, kernel.reference, kernel.inputs, depth="gate", **QUICK)
    assert not result.ok
    assert words in " ".join(str(result).split())


@pytest.mark.parametrize("name", ["a pack renewed with the version", "uses a thread"])
def test_gate_accepts_right_function_that_does_the_like(name):
    (kernel,) = (one for _, label, one in controls() if label == name)
    result = check_function(kernel.call, kernel.reference, kernel.inputs, depth="gate", **QUICK)
    assert result.ok, str(result)
    assert result.power <= 0.0024


def test_gate_function_that_hangs_is_caught(monkeypatch):
    (kernel,) = (one for _, label, one in cheats() if label == "hangs")
    monkeypatch.setattr(processes, "LIMIT", 1.0)
    result = check_function(kernel.call, kernel.reference, kernel.inputs, depth="gate", **QUICK)
    assert "no answer within 1 seconds: it hangs" in " ".join(str(result).split())


def test_gate_draws_new_numbers_each_time_and_says_which():
    (kernel,) = (one for _, label, one in controls() if label == "and always")
    options = {**QUICK, "seed": None}
    first, again = (
        check_function(kernel.call, kernel.reference, kernel.inputs, depth="gate", **options) for _ in range(2)
    )
    assert first.seed != again.seed


def test_depth_unknown_is_refused_with_the_known_ones():
    with pytest.raises(GradproofError, match="depth is one of usual, gate"):
        check_function(lambda x: x, lambda x: x, {"x": normal(3)}, depth="deep")


def test_gate_value_that_cannot_be_handed_over_is_refused():
    inputs = {"x": normal(3), "f": lambda x: x}
    with pytest.raises(GradproofError, match="cannot be handed to it"):
        check_function(lambda x, f: f(x), lambda x, f: f(x), inputs, depth="gate", **QUICK)

"""Which trials a repair is searched on, and when it must not be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from repair_setup import scalar_evidence, tensor_evidence

from gradproof.errors import GradproofError
from gradproof.repair import Evidence
from gradproof.repair.evidence.groups import agreeing, checked
from gradproof.repair.evidence.prefilter import MOST_SCALAR_TRIALS, coincidences, screen

Array = np.ndarray[Any, Any]


def evidence(**values: Array) -> tuple[Evidence, ...]:
    return (Evidence(values),)


RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=20), RNG.normal(size=20)


# Agreement ------------------------------------------------------------------------------------------------------


def test_agreeing_accepts_within_the_margin_and_catches_beyond() -> None:
    truth, allowed = np.array([1.0, 2.0]), np.array([0.1, 0.1])
    computed = np.array([[1.05, 2.05], [1.05, 2.2], [0.85, 2.0]])
    assert agreeing(computed, truth, allowed).tolist() == [True, False, False]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_agreeing_catches_what_is_not_finite(bad: float) -> None:
    truth = np.ones(5)
    computed = np.ones((1, 5))
    computed[0, 4] = bad
    assert not agreeing(computed, truth, np.full(5, np.inf if np.isinf(bad) and False else 1.0)).any()


def test_agreeing_never_broadcasts_shapes() -> None:
    truth = np.ones((3, 2))
    assert not agreeing(np.ones((1, 3, 1)), truth, np.ones((3, 2))).any()
    assert not agreeing(np.ones((1, 3, 1, 2)), truth, np.ones((3, 2))).any()


def test_agreeing_constant_over_trials_counts_for_each() -> None:
    assert agreeing(np.ones((1, 1)), np.ones(4), np.full(4, 1e-9)).all()


def test_allowed_is_relative_to_value_and_largest_value() -> None:
    (group,) = evidence(q=np.array([0.0, 100.0]))
    assert group.allowed("q") == pytest.approx([1e-9, 2e-9])


def test_allowed_uses_the_tolerance_that_is_given() -> None:
    group = Evidence({"q": np.array([1.0, 2.0])}, {"q": np.array([0.5, 0.25])})
    assert group.allowed("q").tolist() == [0.5, 0.25]
    assert group.only([1]).allowed("q").tolist() == [0.25]


def test_checked_names_what_is_missing() -> None:
    with pytest.raises(GradproofError, match="the evidence has no trials"):
        checked((), "the evidence", "q")
    with pytest.raises(GradproofError, match="the evidence lacks q"):
        checked(evidence(a=X), "the evidence", "q")
    with pytest.raises(GradproofError, match=r"has 20 trials, but q \(7\)"):
        checked(evidence(a=X, q=X[:7]), "the evidence", "q")


# Coincidences ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("search", "fresh", "said"),
    [
        (evidence(a=X, b=X), evidence(a=X, b=Y), "a and b have the same value in every trial"),
        (evidence(a=X, b=np.ones(20)), evidence(a=X, b=Y), "b is 1 in every trial"),
        (evidence(a=X, b=np.zeros(20)), evidence(a=X, b=Y), "b is 0 in every trial"),
        (
            evidence(a=np.abs(X), r=np.maximum(np.abs(X), 0)),
            evidence(a=X, r=np.maximum(X, 0)),
            "a and r have the same value",
        ),
        (
            evidence(A=RNG.normal(size=(3, 4, 4))),
            evidence(A=RNG.normal(size=(3, 4, 5))),
            "A.shape[0] and A.shape[1] are equal",
        ),
        (
            evidence(A=RNG.normal(size=(3, 1, 4))),
            evidence(A=RNG.normal(size=(3, 3, 4))),
            "A.shape[0] is 1 in every trial",
        ),
    ],
)
def test_coincidences_degenerate_trials_are_caught(
    search: tuple[Evidence, ...], fresh: tuple[Evidence, ...], said: str
) -> None:
    found = coincidences(search, fresh, list(search[0].values))
    assert any(said in phrase for phrase in found)


@pytest.mark.parametrize(
    ("search", "fresh"),
    [
        (evidence(a=X, b=Y), evidence(a=Y, b=X)),
        (evidence(a=X, b=X), evidence(a=Y, b=Y)),
        (evidence(a=np.ones(20)), evidence(a=np.ones(20))),
        (evidence(A=RNG.normal(size=(3, 4, 4))), evidence(A=RNG.normal(size=(3, 5, 5)))),
    ],
)
def test_coincidences_aliases_and_generic_trials_are_accepted(
    search: tuple[Evidence, ...], fresh: tuple[Evidence, ...]
) -> None:
    assert coincidences(search, fresh, list(search[0].values)) == ()


# The screen -----------------------------------------------------------------------------------------------------


def test_screen_tells_apart_what_all_trials_tell_apart() -> None:
    groups = scalar_evidence(0, 40)
    names = list(groups[0].values)
    few = screen(groups, names)
    assert 2 <= few.trials <= MOST_SCALAR_TRIALS
    assert coincidences((few,), groups, names) == ()


def test_screen_takes_the_group_whose_sizes_look_like_nothing_else() -> None:
    groups = tensor_evidence(0, ((3, 4, 2, 9), (5, 6, 7, 8)))
    few = screen(groups, list(groups[0].values))
    assert few.values["X"].shape[1:] == (5, 6)


def test_screen_keeps_at_least_two_trials_of_scalars() -> None:
    assert screen(evidence(a=X), ["a"]).trials == 2
    assert screen(evidence(a=X[:1]), ["a"]).trials == 1

"""Diagnosis from values alone: every reading is given where it holds, and not for what merely looks like it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradproof.errors import GradproofError
from gradproof.repair import Diagnosis, diagnose_values

Array = np.ndarray[Any, Any]
RNG = np.random.default_rng(5)
TRIALS = 24
SCALARS = {name: RNG.uniform(0.3, 2.0, TRIALS) * RNG.choice([-1, 1], TRIALS) for name in ("g", "x", "y", "Z3", "Z4")}
SCALARS["Z3"] = np.abs(SCALARS["Z3"]) * np.where(np.arange(TRIALS) % 2, 1, -1)
SCALARS["one"] = np.ones(TRIALS)


def kinds(computed: Array, truth: Array, known: dict[str, Array] | None = None, quantity: str = "q") -> list[str]:
    return [
        d.kind for d in diagnose_values([computed], [truth], [SCALARS if known is None else known], quantity=quantity)
    ]


G, X, Y, Z3, Z4 = (SCALARS[name] for name in ("g", "x", "y", "Z3", "Z4"))
TRUTH = G * X + Y
MASKED = G * X * (Z3 > 0)
MASK_SENTENCE = "the mask Z3 > 0 is missing: it is right where the true value is not 0, and not 0 where that is"
CONDITION = "it is wrong exactly in the 12 of 24 trials with Z3 "


@pytest.mark.parametrize(
    ("computed", "truth", "kind", "sentence"),
    [
        (-TRUTH, TRUTH, "sign", "it has the wrong sign"),
        (2 * TRUTH, TRUTH, "constant factor", "it is 2 times the true value in every trial"),
        (0.7 * TRUTH, TRUTH, "constant factor", "it is 0.7 times the true value in every trial"),
        (0 * TRUTH, TRUTH, "zero", "it is 0 in every trial"),
        (TRUTH * Z4, TRUTH, "extra factor", "it is Z4 times the true value"),
        (TRUTH / Z4, TRUTH, "missing factor", "it lacks the factor Z4"),
        (-TRUTH * Z4, TRUTH, "extra factor", "it is -Z4 times the true value"),
        (2 * TRUTH / Z4, TRUTH, "missing factor", "it lacks the factor Z4/2"),
        (TRUTH + Z4, TRUTH, "extra term", "it has the term Z4 too much"),
        (TRUTH - Y, TRUTH, "missing term", "it lacks the term y"),
        (TRUTH - 2 * Y, TRUTH, "sign", "the term y has the wrong sign, it should be added"),
        (TRUTH + 2 * Z4, TRUTH - 0 * Z4, "sign", "the term Z4 has the wrong sign, it should be subtracted"),
        (Y, TRUTH, "other quantity", "it has the value of y"),
        (-Z4, TRUTH, "other quantity", "it has the value of -Z4"),
        (TRUTH + 0.25, TRUTH, "constant offset", "it is +0.25 off in every trial"),
        (TRUTH - Z3 * Z4, TRUTH, "missing term", "it lacks the term Z3 * Z4"),
        (G * X, MASKED, "mask", MASK_SENTENCE),
        (MASKED, G * X, "extra mask", "it is 0 in places where the true value is not, and right elsewhere"),
        (np.where(Z3 > 0, np.sin(TRUTH), TRUTH), TRUTH, "condition", CONDITION + "> 0"),
        (np.where(Z3 > 0, TRUTH, np.sin(TRUTH)), TRUTH, "condition", CONDITION + "<= 0"),
        (np.abs(X), np.sqrt(X**2 + 1e-5), "epsilon", None),
    ],
)
def test_values_reading_is_given(computed: Array, truth: Array, kind: str, sentence: str | None) -> None:
    (first, *_) = diagnose_values([computed], [truth], [SCALARS], quantity="q")
    assert first.kind == kind
    assert sentence is None or first.sentence == sentence


@pytest.mark.parametrize(
    ("computed", "truth", "never"),
    [
        (np.where(np.arange(TRIALS) == 3, TRUTH, -TRUTH), TRUTH, {"sign"}),
        (np.where(np.arange(TRIALS) == 3, 3 * TRUTH, 2 * TRUTH), TRUTH, {"constant factor", "sign"}),
        (np.append(2 * MASKED[:-1], 1.0), np.append(MASKED[:-1], 0.0), {"constant factor", "sign", "extra factor"}),
        (np.where(np.arange(TRIALS) == 3, 0, TRUTH * Z4), TRUTH, {"extra factor", "missing factor"}),
        (np.where(np.arange(TRIALS) == 3, 0, TRUTH + Z4), TRUTH, {"extra term", "missing term"}),
        (np.where(np.arange(TRIALS) == 3, 0, Y), TRUTH, {"other quantity"}),
        (G * X * (Z3 > 0.9), MASKED, {"mask"}),
        (G * X + 1e-3 * (Z3 > 0), MASKED, {"mask"}),
        (np.where(np.arange(TRIALS) < 2, G * X, MASKED), MASKED, {"other quantity", "condition"}),
        (np.where((Z3 > 0) & (np.arange(TRIALS) != 1), np.sin(TRUTH), TRUTH), TRUTH, {"condition"}),
        (TRUTH * (1 + 1e-5 * np.sign(X)), TRUTH, {"epsilon"}),
    ],
)
def test_values_look_alike_is_not_taken_for_it(computed: Array, truth: Array, never: set[str]) -> None:
    assert not never.intersection(kinds(computed, truth))


def test_values_right_ones_need_no_reading() -> None:
    assert kinds(TRUTH, TRUTH) == []


def test_values_what_has_no_simple_reading_gets_none() -> None:
    assert kinds(np.sin(TRUTH), TRUTH) == []


@pytest.mark.parametrize("trials", [1, 2])
def test_values_few_trials_give_no_ratio_and_no_difference(trials: int) -> None:
    some = {name: value[:trials] for name, value in SCALARS.items()}
    assert kinds(np.sin(TRUTH[:trials]), TRUTH[:trials], some) == []


def test_values_constant_quantity_is_no_factor() -> None:
    assert "one" not in str(diagnose_values([2 * TRUTH], [TRUTH], [SCALARS]))


def test_values_mask_of_too_few_trials_is_not_named() -> None:
    few = {name: value[:6] for name, value in SCALARS.items()}
    (found,) = diagnose_values([(G * X)[:6]], [MASKED[:6]], [few])
    assert found.kind == "mask"
    assert "Z3" not in found.sentence


def test_values_small_error_of_a_step_is_no_epsilon() -> None:
    step = 1e-6 * (1.0 + X**2)
    assert kinds(np.abs(Y) - 2 * step * (1 + 0.1 * Y), np.abs(Y) - step, quantity="W_new") == []


def test_values_not_finite_counts_the_trials() -> None:
    bad = np.where(np.arange(TRIALS) < 3, np.inf, TRUTH)
    assert diagnose_values([bad], [TRUTH], [SCALARS]) == (
        Diagnosis("not finite", "it is not finite in 3 of 24 trials"),
    )


def test_values_truth_that_is_not_finite_says_nothing() -> None:
    assert kinds(TRUTH, np.where(np.arange(TRIALS) < 3, np.nan, TRUTH)) == []


def test_values_error_is_said() -> None:
    found = diagnose_values([ValueError("shapes differ")], [TRUTH], [SCALARS])
    assert found == (Diagnosis("raises", "it raises ValueError: shapes differ"),)


def test_values_groups_that_do_not_match_are_an_error() -> None:
    with pytest.raises(GradproofError, match="1 groups of computed values, 0 of true"):
        diagnose_values([TRUTH], [], [SCALARS])


# Tensors --------------------------------------------------------------------------------------------------------

SIZES = ((5, 4), (3, 6), (7, 2))
GROUPS = [{"A": RNG.normal(size=(3, n, d)), "B": RNG.normal(size=(3, n, d))} for n, d in SIZES]


def tensor(computed: Callable[[Array], Array], truth: Callable[[Array], Array]) -> Diagnosis:
    """The first reading where both are functions of the known A."""
    found = diagnose_values([computed(g["A"]) for g in GROUPS], [truth(g["A"]) for g in GROUPS], GROUPS)
    return found[0] if found else Diagnosis("", "")


@pytest.mark.parametrize(
    ("computed", "truth", "kind"),
    [
        (lambda a: a.swapaxes(1, 2), lambda a: a, "transposed"),
        (lambda a: a, lambda a: a.sum(axis=1), "missing sum"),
        (lambda a: a, lambda a: a.mean(axis=2, keepdims=True), "missing mean"),
        (lambda a: a.sum(axis=2), lambda a: a.sum(axis=1), "axis"),
        (lambda a: a.sum(axis=1, keepdims=True), lambda a: a.sum(axis=1), "keepdims"),
        (lambda a: a[:, :1], lambda a: a, "shape"),
        (lambda a: a[:, ::-1], lambda a: a, "reversed"),
        (lambda a: np.roll(a, 1, axis=1), lambda a: a, "permuted"),
        (lambda a: a * a.shape[1], lambda a: a, "size factor"),
        (lambda a: a / np.sqrt(a.shape[2]), lambda a: a, "size factor"),
        (lambda a: 3 * a, lambda a: a, "constant factor"),
    ],
)
def test_values_tensor_reading_is_given(computed: Any, truth: Any, kind: str) -> None:
    assert tensor(computed, truth).kind == kind


@pytest.mark.parametrize(
    ("computed", "truth", "never"),
    [
        (lambda a: a.swapaxes(1, 2) + 1, lambda a: a, {"transposed"}),
        (lambda a: a + 1, lambda a: a.sum(axis=1), {"missing sum", "missing mean", "axis"}),
        (lambda a: a.sum(axis=1, keepdims=True) + 1, lambda a: a.sum(axis=1), {"keepdims"}),
        (lambda a: np.ones_like(a), lambda a: np.ones_like(a) * 2, {"reversed", "permuted"}),
        (lambda a: a * np.arange(1, 4)[:, None, None], lambda a: a, {"size factor", "constant factor"}),
    ],
)
def test_values_tensor_look_alike_is_not_taken_for_it(computed: Any, truth: Any, never: set[str]) -> None:
    assert tensor(computed, truth).kind not in never


def test_values_size_factor_names_the_size() -> None:
    assert tensor(lambda a: a / a.shape[1], lambda a: a).sentence == "it is 1/A.shape[0] times the true value"


def test_values_sum_over_an_axis_of_length_one_is_not_missing() -> None:
    value = RNG.normal(size=(5, 1, 3))
    assert kinds(value, value[:, 0], {"A": value}) == ["keepdims"]

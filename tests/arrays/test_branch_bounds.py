"""Bounds along the branch that was taken, and over near ties with the knowledge of what was picked from what."""

from __future__ import annotations

import numpy as np
import pytest

from gradproof.arrays.bounds.array import BoundArray
from gradproof.arrays.bounds.taken import TakenArray
from gradproof.arrays.bounds.ties import TieArray, noting_ties

X = np.random.default_rng(0).normal(size=(3, 4, 5))
NOISE = 1e-12


def taken(values=X, error=NOISE):
    return TakenArray(values, np.full(values.shape, error))


def ties(values=X, error=NOISE):
    return noting_ties()(values, np.full(values.shape, error))


def near(gap=NOISE / 2):
    """One trial of two values that their errors do not tell apart, and a third far away."""
    return np.array([[1.0, 1.0 + gap, -5.0]])


PICKS = {
    "max": lambda x: (x, x.max(axis=-1, keepdims=True)),
    "two axes": lambda x: (x, x.max(axis=(0, 1))),
    "index": lambda x: (x[1], x[[1, 2]][0]),
    "argmax": lambda x: (x[np.arange(4), x.argmax(axis=1)], x.max(axis=1)),
    "where": lambda x: (np.where(x > 0, x, 7.0), x),
    "clip": lambda x: (np.clip(x, -0.5, 0.5), x),
    "maximum": lambda x: (np.maximum(x, -x), x),
    "sort": lambda x: (x, np.sort(x, axis=-1)[..., -2:-1]),
    "again": lambda x: (np.exp(x) @ x.T, np.exp(x) @ x.T),
    "sum again": lambda x: (x.sum(axis=0), np.add.reduce(x, axis=0)),
    "cumulative": lambda x: (x.cumsum(axis=1), x.cumsum(axis=1)),
    "copy": lambda x: (x, np.concatenate([x[:2], x[2:]]).reshape(4, 5)),
}


@pytest.mark.parametrize("name", PICKS)
def test_what_was_picked_equals_its_source_beyond_doubt(name):
    left, right = PICKS[name](ties())
    for compare in (np.equal, np.greater_equal, np.less, np.not_equal):
        assert not compare(left, right).error.any()
    assert np.equal(left, right).value.any()


@pytest.mark.parametrize("name", ["max", "maximum"])
def test_plain_bounds_leave_the_same_comparison_open(name):
    left, right = PICKS[name](BoundArray(X, np.full(X.shape, NOISE)))
    assert (left == right).error.any()


def test_near_tie_of_different_values_is_open():
    x = ties(near())
    assert (x == x.max(axis=-1, keepdims=True)).error.tolist() == [[1.0, 1.0, 0.0]]
    assert (x[0] == x[1]).error.tolist() == [1.0]
    assert not (x[0] == x[2]).error.any()
    assert x.argmax(axis=0).error.tolist() == [3.0]
    assert np.argsort(x, axis=0).error.tolist() == [[0.0, 3.0, 3.0]]


def test_near_tie_in_a_maximum_has_no_known_source():
    x = ties(near())
    assert (np.maximum(x[0], x[1]) == x[1]).error.tolist() == [1.0]
    assert (np.maximum(x[0], x[2]) == x[0]).error.tolist() == [0.0]


def test_choice_by_an_open_condition_has_no_known_source_and_reaches_both_sides():
    x = ties(near())
    chosen = np.where(x[0] > x[1], x[0], x[2])
    assert (chosen == x[2]).error.tolist() == [1.0]
    assert chosen.error[0] >= 6.0


def test_difference_of_one_value_from_itself_is_exactly_zero():
    x = ties()
    assert not (x - x).error.any()
    assert (x - np.exp(x)).error.all()


def test_product_with_an_exact_zero_is_exactly_zero():
    x = ties()
    mask = np.maximum(x, 0) * x
    assert not mask.error[X < 0].any()
    assert mask.error[X > 0].all()


def test_open_value_that_steers_an_index_is_noted_by_trial():
    kind = noting_ties()
    x = kind(np.concatenate([near(), near(gap=1.0)]), np.full((2, 3), NOISE))
    _ = x[x.argmax(axis=0)]
    assert [doubtful.tolist() for doubtful in kind.undecided] == [[True, False]]
    assert TieArray.undecided == []


@pytest.mark.parametrize(
    "rule",
    [
        lambda x: x > 0.0,
        lambda x: np.sign(x - 1.0),
        lambda x: np.floor(x),
        lambda x: x.argmax(axis=0),
        lambda x: np.argsort(x, axis=0),
        lambda x: (x - 1.0).astype(bool),
        lambda x: (x > 1.0).any(axis=0),
        lambda x: np.logical_not(x - 1.0),
    ],
)
def test_taken_branches_have_no_doubt(rule):
    x = taken(near())
    found = rule(x)
    assert not found.error.any()
    assert np.array_equal(found.value[0], np.asarray(rule(near()[0])))


def test_taken_choice_has_the_error_of_what_was_chosen():
    x = TakenArray(near(), np.array([[1e-3, 2e-3, 3e-3]]))
    assert np.where(x > 1.0, x, 0.0).error.tolist() == [[0.0, 2e-3, 0.0]]
    assert np.sort(x, axis=0).error.tolist() == [[3e-3, 1e-3, 2e-3]]
    assert np.median(x).error[0] == pytest.approx(1e-3, rel=1e-6)
    assert np.nan_to_num(x).error.tolist() == [[1e-3, 2e-3, 3e-3]]
    assert x[x.argmax(axis=0)].error.tolist() == [2e-3]


@pytest.mark.parametrize("kind", [TakenArray, noting_ties()])
@pytest.mark.parametrize("low", [-np.inf, -1e30, np.finfo(np.float64).min])
def test_softmax_of_a_masked_score_is_zero_with_no_error(kind, low):
    scores = np.where(np.arange(5) > 2, low, X)
    x = kind(scores, np.where(np.arange(5) > 2, 0.0, NOISE))
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    assert (p.value[..., 3:] == 0).all()
    assert (p.error[..., 3:] <= 1e-290).all()
    assert (p.error[..., :3] < 1e-11).all()


def test_finiteness_is_what_numpy_says():
    x = BoundArray(np.array([[1.0, np.nan, np.inf]]), np.array([[np.inf, np.inf, np.inf]]))
    for ask in (np.isnan, np.isfinite, np.isinf):
        assert not ask(x).error.any()
        assert np.array_equal(ask(x).value, ask(x.value))

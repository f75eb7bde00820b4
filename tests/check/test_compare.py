"""The comparison lets rounding pass, and nothing else; NaN can only fail."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradproof.check.compare import PLAIN_ULPS, Tally, rows_of

TRIALS = np.arange(100, 105)


def test_screen_equal_values_need_no_bound():
    tally = Tally()
    values = np.array([1.0, 2.0, -3.0, 0.0, 5.0])
    assert tally.screen(values.copy(), values, TRIALS).size == 0
    assert (tally.trials, tally.max_abs, tally.undefined) == (5, 0.0, 0)


@given(st.floats(1e-300, 1e300), st.integers(1, 40), st.sampled_from([1, -1]))
def test_screen_flags_exactly_what_is_more_than_a_few_ulps_apart(value, ulps, sign):
    value = sign * float(2 ** np.floor(np.log2(value)))  # a power of two, where an ulp is exactly eps times the value
    truth = np.full(5, value)
    computed = truth.copy()
    computed[3] += sign * ulps * np.spacing(abs(value))
    flagged = Tally().screen(computed, truth, TRIALS)
    assert flagged.tolist() == ([3] if ulps > PLAIN_ULPS else [])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_screen_value_that_is_not_finite_is_flagged_and_counted(bad):
    tally = Tally()
    truth = np.arange(1.0, 6.0)
    computed = truth.copy()
    computed[2] = bad
    assert tally.screen(computed, truth, TRIALS).tolist() == [2]
    assert tally.max_abs == np.inf
    assert tally.max_rel == np.inf
    assert tally.worst[2] == 102


def test_screen_truth_that_is_not_finite_is_set_apart():
    tally = Tally()
    truth = np.array([1.0, np.nan, np.inf, 4.0, np.inf])
    computed = np.array([1.0, 7.0, np.inf, 4.0, np.nan])
    assert tally.screen(computed, truth, TRIALS).size == 0
    assert (tally.trials, tally.undefined, tally.finite_there) == (2, 3, 1)
    assert tally.max_abs == 0.0


def test_screen_flags_the_places_of_a_tensor_and_their_rows_once():
    truth = np.ones((5, 2, 3))
    computed = truth.copy()
    computed[1, 0, 2] = computed[1, 1, 1] = computed[4, 0, 0] = 1.5
    tally = Tally()
    places = tally.screen(computed, truth, TRIALS)
    assert places.tolist() == [8, 10, 24]
    assert rows_of(places, truth).tolist() == [1, 4]
    assert tally.max_abs == 0.5
    assert tally.max_ulp == 0.5 / np.spacing(1.0)


def test_screen_of_a_large_block_is_that_of_its_parts(monkeypatch: pytest.MonkeyPatch):
    generator = np.random.default_rng(0)
    truth = generator.standard_normal((40, 3, 5))
    computed = truth * (1 + 1e-15 * generator.integers(-9, 9, truth.shape))
    computed[[3, 17, 39], 1, 2], truth[8, 0, 0] = np.nan, np.inf
    whole, parted = Tally(), Tally()
    places = whole.screen(computed, truth, np.arange(40))
    monkeypatch.setattr("gradproof.check.compare.IN_CACHE", 3 * truth[0].nbytes)
    assert parted.screen(computed, truth, np.arange(40)).tolist() == places.tolist()
    assert parted == whole
    assert rows_of(places, truth).size > 3


def test_screen_difference_from_a_true_zero_is_infinitely_large_relatively():
    tally = Tally()
    assert tally.screen(np.array([0.0, 1e-30]), np.zeros(2), TRIALS[:2]).tolist() == [1]
    assert tally.max_rel == np.inf
    tally.lights(np.zeros(2))
    assert not tally.seen.lit


def judged(tally, difference, bound, kind="rigorous", **more):
    count = len(difference)
    size, fair = np.ones(np.shape(difference)), np.ones(count, dtype=bool)
    return tally.judge(
        np.array(difference), np.array(bound), kind, TRIALS[:count], **({"size": size, "fair": fair} | more)
    ).tolist()


def test_judge_disagrees_only_beyond_the_bound():
    tally = Tally()
    assert judged(tally, [1.0, 2.0, 3.0], [1.0, 1.9, 6.0]) == [False, True, False]
    assert (tally.disagreeing, tally.edges, tally.kinds) == (1, 0, {"rigorous"})
    assert tally.share == pytest.approx(2 / 1.9)
    assert tally.worst == (1, 2.0, 101)


def test_judge_nan_difference_disagrees_whatever_the_bound():
    tally = Tally()
    assert judged(tally, [np.nan], [1e300]) == [True]
    assert tally.overflows == 1


def test_judge_without_a_finite_bound_is_inconclusive():
    tally = Tally()
    assert judged(tally, [1.0, 1.0], [np.inf, np.nan], "sampled") == [False, False]
    assert (tally.inconclusive, tally.disagreeing, tally.share) == (2, 0, 0.0)


def test_judge_entry_without_a_bound_hides_no_other_entry():
    tally = Tally()
    assert judged(tally, [[1.0, 1.0]], [[np.inf, 0.5]]) == [True]
    assert (tally.inconclusive, tally.disagreeing) == (0, 1)


def test_judge_nothing_different_is_no_share_of_a_zero_bound():
    tally = Tally()
    assert judged(tally, [0.0, 0.0], [0.0, 0.0]) == [False, False]
    assert tally.share == 0.0


def test_judge_near_tie_that_explains_every_entry_is_an_edge():
    tally = Tally()
    ties = np.array([[2.0, 0.1], [0.9, 0.1], [np.inf, 0.1], [2.0, 0.1]])
    difference = [[1.0, 0.1], [1.0, 0.1], [1.0, 0.1], [0.1, 0.2]]
    assert judged(tally, difference, np.full((4, 2), 0.1), ties=ties) == [False, True, False, True]
    assert (tally.disagreeing, tally.edges) == (2, 2)
    assert tally.worst[0] == 1
    assert tally.worst[2] == 101


@pytest.mark.parametrize(("bound", "rows"), [(0.5, [0, 2]), (np.inf, [2]), (np.nan, [2]), (1.0, [2])])
def test_exceeds_names_the_rows_beyond_a_finite_bound(bound, rows):
    difference = np.array([[1.0, 0.0], [0.0, 0.0], [0.0, np.nan]])
    assert Tally.exceeds(difference, np.array([[bound, 0.5]] * 3)).nonzero()[0].tolist() == rows


def test_lights_leaves_out_rows_whose_truth_is_not_finite():
    tally = Tally()
    assert tally.lights(np.array([[0.0, 0.0], [1.0, np.nan], [0.0, 0.0]])).size == 0
    assert Tally().lights(np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 2.0]])).tolist() == [1, 2]


@pytest.mark.parametrize(("times", "wrong", "doubtful"), [(0.5, False, 0), (100.0, False, 1), (1e6, True, 0)])
def test_judge_by_a_sampled_bound_accuses_only_far_beyond_it(times, wrong, doubtful):
    tally = Tally()
    assert judged(tally, [times * 1e-12], [1e-12], "sampled") == [wrong]
    assert (tally.doubtful, tally.edges) == (doubtful, 0)


def test_judge_by_a_rigorous_bound_accuses_just_beyond_it():
    tally = Tally()
    assert judged(tally, [1.01e-12], [1e-12], "rigorous") == [True]
    assert tally.doubtful == 0

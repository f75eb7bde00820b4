"""Trials are addressed: the same numbers however a run is cut up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradproof import constant, integers, log_uniform, normal, one_hot, uniform
from gradproof.errors import GradproofError
from gradproof.trials.draws import blocks, draw, page_size

SMALL = {"W": normal(2, 3), "k": integers(0, 5, (4,)), "T": one_hot(2, classes=3), "lr": log_uniform(1e-3, 1.0)}
LARGE = {"W": normal(80, 100), "k": integers(0, 5, (4,))}
WHOLE = {name: draw(leaves, 1, np.arange(2500), case="c", seed=7) for name, leaves in (("S", SMALL), ("L", LARGE))}


@given(trials=st.integers(1, 300), sizes=st.lists(st.integers(1, 70), min_size=1, max_size=3))
def test_blocks_deal_every_trial_exactly_once(trials, sizes):
    dealt = [block.trials for block in blocks(trials, sizes)]
    assert sorted(np.concatenate(dealt).tolist()) == list(range(trials))
    assert all(len(part) <= max(sizes) for part in dealt)


@given(rows=st.lists(st.integers(0, 2499), min_size=1, max_size=40, unique=True), leaves=st.sampled_from("SL"))
def test_draw_of_some_trials_equals_their_rows_in_a_run(rows, leaves):
    rows = np.array(sorted(rows))
    some = draw(SMALL if leaves == "S" else LARGE, 1, rows, case="c", seed=7)
    assert all(np.array_equal(values, WHOLE[leaves][name][rows]) for name, values in some.items())


@pytest.mark.parametrize("size", [1, 100, 1024, 2000])
def test_draw_is_the_same_whatever_the_size_of_a_block(size):
    parts = [draw(SMALL, 1, block.rows, case="c", seed=7) for block in blocks(2500, [size])]
    assert all(np.array_equal(np.concatenate([part[n] for part in parts]), WHOLE["S"][n]) for n in SMALL)


def test_draw_differs_between_trials_seeds_cases_and_references():
    rows = np.arange(1500)
    draws = [draw(SMALL, 0, rows, case="c", seed=0)["W"], draw(SMALL, 1, rows, case="c", seed=0)["W"]]
    draws += [draw(SMALL, 0, rows, case="d", seed=0)["W"], draw(SMALL, 0, rows, case="c", seed=1)["W"]]
    assert len({trial.tobytes() for array in draws for trial in array}) == 4 * len(rows)


def test_draw_scale_multiplies_real_draws_alone():
    plain = draw(SMALL, 0, np.arange(5), case="c", seed=0)
    scaled = draw(SMALL, 0, np.arange(5), case="c", seed=0, scale=100.0)
    assert np.array_equal(scaled["W"], plain["W"] * 100)
    assert all(np.array_equal(scaled[name], plain[name]) for name in ("k", "T", "lr"))


def test_page_holds_few_trials_where_a_trial_is_large():
    assert page_size(1) == 1024
    assert page_size(8000) == 4
    assert page_size(10**9) == 1


def test_distributions_stay_in_their_range():
    generator = np.random.default_rng(0)
    assert set(np.unique(integers(2, 5).sample(generator, 500))) == {2, 3, 4}
    assert one_hot(4, classes=3).sample(generator, 50).sum(axis=-1).tolist() == [[1.0] * 4] * 50
    values = log_uniform(1e-3, 1e-1).sample(generator, 500)
    assert 1e-3 <= values.min() < values.max() <= 1e-1
    values = uniform(-2, 3, (2,)).sample(generator, 500)
    assert values.shape == (500, 2)
    assert values.min() >= -2
    assert constant(0.5).sample(generator, 3).tolist() == [0.5, 0.5, 0.5]
    shifted = normal(2, mean=10, std=0.1).sample(generator, 2000)
    assert abs(shifted.mean() - 10) < 0.05


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: normal(0), "positive whole numbers"),
        (lambda: normal(2.5), "positive whole numbers"),
        (lambda: normal(2, std=0), "a standard deviation is positive"),
        (lambda: uniform(1, 1), "below the upper"),
        (lambda: log_uniform(0, 1), "must be positive"),
        (lambda: one_hot(2, classes=1), "at least two classes"),
        (lambda: list(blocks(0, (16,))), "at least one trial"),
        (lambda: draw(SMALL, 0, np.arange(1), case="c", seed=-1), "a seed is a whole number"),
        (lambda: draw(SMALL, 0, np.arange(1), case="c", seed=1.5), "a seed is a whole number"),
    ],
)
def test_mistakes_are_refused_in_plain_words(make, words):
    with pytest.raises(GradproofError, match=words):
        make()

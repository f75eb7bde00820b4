"""Trials are addressed: the same numbers however a run is cut up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradproof import constant, integers, log_uniform, normal, one_hot, uniform
from gradproof.errors import GradproofError
from gradproof.trials import block_of, block_size, blocks, draw

LEAVES = {"W": normal(2, 3), "k": integers(0, 5, (4,)), "T": one_hot(2, classes=3), "lr": log_uniform(1e-3, 1.0)}


@given(trials=st.integers(1, 300), sizes=st.lists(st.sampled_from([16, 32, 64]), min_size=1, max_size=3))
def test_blocks_deal_every_trial_exactly_once(trials, sizes):
    dealt = np.concatenate([block.trials for block in blocks(trials, tuple(sizes))])
    assert sorted(dealt.tolist()) == list(range(trials))


@given(trial=st.integers(0, 299), references=st.integers(1, 3), seed=st.integers(0, 2**64 - 1))
def test_draw_of_one_trial_equals_its_row_in_a_run(trial, references, seed):
    sizes = (16,) * references
    alone = draw(LEAVES, block_of(trial, sizes), 16, case="c", seed=seed)
    for block in blocks(300, sizes):
        if trial in block.trials:
            row = block.trials.tolist().index(trial)
            together = draw(LEAVES, block, 16, case="c", seed=seed)
            assert all(np.array_equal(alone[name][0], together[name][row]) for name in LEAVES)


def test_draw_differs_between_seeds_cases_blocks_and_references():
    first, second = list(blocks(64, (16, 16)))[:2]
    third = list(blocks(64, (16, 16)))[2]
    draws = [draw(LEAVES, block, 16, case="c", seed=0)["W"] for block in (first, second, third)]
    draws += [draw(LEAVES, first, 16, case="d", seed=0)["W"], draw(LEAVES, first, 16, case="c", seed=1)["W"]]
    assert len({array.tobytes() for array in draws}) == len(draws)


def test_draw_scale_multiplies_real_draws_alone():
    block = block_of(0, (16,))
    plain = draw(LEAVES, block, 16, case="c", seed=0)
    scaled = draw(LEAVES, block, 16, case="c", seed=0, scale=100.0)
    assert np.array_equal(scaled["W"], plain["W"] * 100)
    assert all(np.array_equal(scaled[name], plain[name]) for name in ("k", "T", "lr"))


def test_block_size_shrinks_with_the_size_of_a_trial():
    assert block_size(20) == 8192
    assert block_size(10_000) < 64
    assert block_size(10**9) == 16


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
        (lambda: block_of(-1, (16,)), "counted from 0"),
        (lambda: draw(LEAVES, block_of(0, (16,)), 16, case="c", seed=-1), "a seed is a whole number"),
        (lambda: draw(LEAVES, block_of(0, (16,)), 16, case="c", seed=1.5), "a seed is a whole number"),
    ],
)
def test_mistakes_are_refused_in_plain_words(make, words):
    with pytest.raises(GradproofError, match=words):
        make()

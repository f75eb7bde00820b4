"""What the places of wrong entries say."""

from __future__ import annotations

import numpy as np

from gradproof.functions.comparing.patterns import pattern


def places(wrong):
    """The pattern of entries that are wrong by a number of their own, beside right ones."""
    truth = np.random.default_rng(0).standard_normal(wrong.shape)
    noise = np.random.default_rng(1).standard_normal(wrong.shape)
    return pattern(wrong, np.where(wrong, noise, truth), truth)


def test_everything_from_a_column_on_is_an_edge():
    wrong = np.zeros((7, 9), dtype=bool)
    wrong[:, 6:] = True
    assert places(wrong) == "right up to there, wrong from column 6 on (of 9)"


def test_a_condition_that_spares_the_first_row_by_chance_is_no_edge():
    wrong = np.zeros((7, 4), dtype=bool)
    wrong[1:, 0] = wrong[3, 1:] = True
    wrong[1:3, 2] = True
    assert "a mask or a branch" in places(wrong) or "look at a mask" in places(wrong)

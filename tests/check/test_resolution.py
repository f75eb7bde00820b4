"""What a check could have seen: the best trial of each entry, the worst entry of a verdict."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from gradproof import Reference, crosscheck, normal
from gradproof.check.facts.resolution import Resolution, Seen
from gradproof.tolerances import COARSEST

ALL = np.ones(2, dtype=bool)


def seen(size, bound, fair=ALL, coarsest=1e-6):
    found = Seen(coarsest)
    found.note(np.array(size), np.array(bound), np.asarray(fair))
    return found


def test_resolution_is_that_of_the_best_trial_of_the_worst_entry():
    found = seen([[2.0, 1.0], [4.0, 8.0]], [[0.2, 0.01], [0.1, 0.8]]).resolution()
    assert found.relative == pytest.approx(0.1 / 4)
    assert (found.zeros, found.entries, found.absolute) == (0, 2, 0.0)


def test_resolution_of_an_entry_that_is_always_zero_is_absolute():
    found = seen([[0.0, 2.0], [0.0, 4.0]], [[3e-9, 2e-9], [1e-9, 2e-9]]).resolution()
    assert (found.zeros, found.entries, found.absolute) == (1, 2, 1e-9)
    assert found.relative == pytest.approx(5e-10)


def test_resolution_of_noise_below_its_bound_is_absolute():
    found = seen([[1e-17], [2e-17]], [[1e-16], [3e-16]]).resolution()
    assert (found.zeros, found.absolute, found.relative) == (1, 1e-16, 0.0)


def test_resolution_without_a_finite_bound_is_infinite():
    assert seen([[1.0], [2.0]], [[np.inf], [np.inf]]).resolution().absolute == np.inf


def test_resolution_counts_the_share_that_cannot_tell_among_rows_that_were_not_picked():
    size, bound = [[1.0], [1.0], [1.0], [1.0]], [[1e-3], [1e-9], [1e-7], [1e-3]]
    assert seen(size, bound, [True, True, True, False]).resolution().untold == pytest.approx(1 / 3)
    assert seen(size, bound, [True] * 4, coarsest=1e-2).resolution().untold == 0.0


def test_resolution_over_several_sizes_and_blocks_is_the_worst():
    found = seen([[1.0, 1.0], [1.0, 1.0]], [[1e-9, 1e-3], [1e-8, 1e-4]])
    found.note(np.array([[1.0, 1.0]]), np.array([[1e-3, 1e-10]]), np.array([True]))
    found.note(np.array([[5.0]]), np.array([[5e-5]]), np.array([True]))
    resolution = found.resolution()
    assert resolution.relative == pytest.approx(1e-5)
    assert resolution.entries == 3
    assert resolution.untold == pytest.approx((2 + 1 + 1) / (3 * 2 + 1))
    assert found.largest == 5.0


def test_nothing_bounded_has_no_resolution():
    assert Seen(1e-6).resolution() is None


@pytest.mark.parametrize(
    ("relative", "absolute", "coarse"),
    [(1e-7, 0.0, False), (1e-6, 0.0, False), (2e-6, 0.0, True), (0.0, 9e-6, False), (0.0, 2e-5, True)],
)
def test_too_coarse_is_more_than_a_millionth_of_the_value_or_of_the_largest(relative, absolute, coarse):
    found = Resolution(relative, absolute, 1, 2, 0.0)
    assert found.too_coarse(COARSEST["float64"], 10.0) == coarse


def test_too_coarse_is_what_is_no_number():
    assert Resolution(np.nan, 0.0, 0, 1, 0.0).too_coarse(1e-6, 1.0)
    assert Resolution(np.inf, 0.0, 0, 1, 0.0).too_coarse(1e-3, 1.0)


def test_light_names_the_rows_in_which_an_entry_is_not_zero_for_the_first_time():
    found = Seen(1e-6)
    assert found.light(np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])).tolist() == [1]
    assert found.lit
    assert found.light(np.array([[1.0, 0.0, 0.0], [0.0, 2.0, 0.0], [1.0, 3.0, 0.0]])).tolist() == [1]
    assert found.light(np.array([[1.0, 4.0, 0.0]])).size == 0
    assert found.light(np.full((40, 3), 5.0)).tolist() == [0]
    assert found.light(np.full((40, 3), 5.0)).size == 0


def test_nothing_lit_is_zero():
    found = Seen(1e-6)
    found.light(np.zeros((3, 2)))
    assert not found.lit


class _Shifted(nn.Module):
    """The bias shifts every logit of a row alike, which the softmax does not see."""

    def __init__(self):
        super().__init__()
        self.b = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return (torch.softmax(x + self.b, dim=1) * x).sum()


def _softmax(x, b):
    e = np.exp(x + b - (x + b).max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(("fault", "verdict"), [(0.0, "agrees"), (1e-9, "disagrees")])
def test_resolution_of_terms_that_cancel_is_absolute(fault, verdict):
    def dLoss_db(x, b):
        p = _softmax(x, b)
        return np.array([(p * (x - (p * x).sum(axis=1, keepdims=True))).sum()]) + fault

    result = crosscheck([dLoss_db], Reference(model=_Shifted, inputs={"x": normal(3, 4)}), trials=200, repair=False)
    assert [one.verdict for one in result.results] == [verdict]
    assert verdict == "disagrees" or "its terms cancel in all trials" in result.results[0].diagnosis

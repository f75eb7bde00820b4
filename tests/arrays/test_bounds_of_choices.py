"""What the bound of a choice takes in: the larger error of what may be chosen, and how far the choices are apart."""

import numpy as np
import pytest

from gradproof.arrays.bounds import functions, masks


@pytest.mark.parametrize("extreme", [masks.maximum, masks.minimum])
@pytest.mark.parametrize("errors", [(1e-3, 1e-6), (1e-6, 1e-3)])
def test_extreme_of_equal_values_may_be_off_by_the_larger_error(extreme, errors):
    a, b = ((np.array([2.0]), np.array([error])) for error in errors)
    error = extreme(a, b)[1]
    assert 1e-3 <= error[0] <= 1.001e-3


def test_extreme_is_not_moved_by_what_is_far_behind():
    error = masks.maximum((np.array([2.0]), np.array([1e-6])), (np.array([1.0]), np.array([1e-3])))[1]
    assert 1e-6 <= error[0] <= 1.001e-6


@pytest.mark.parametrize(("left", "right", "apart"), [(5.0, 5.0, 0.0), (5.0, 5.5, 0.5), (5.0, -5.0, 10.0)])
def test_choice_that_is_in_doubt_may_be_off_by_what_is_between_the_two(left, right, apart):
    choices = (np.array([left]), np.array([1e-9])), (np.array([right]), np.array([1e-9]))
    error = masks.where((np.array([True]), np.array([1.0])), *choices)[1]
    assert apart <= error[0] <= 1.001 * apart + 1e-8


def test_error_that_is_no_number_is_no_bound():
    with np.errstate(invalid="ignore"):
        value, error = functions.logaddexp((np.array([np.nan]), np.array([1e-9])), (np.array([1.0]), np.array([1e-9])))
    assert np.isnan(value[0])
    assert error[0] == np.inf

"""Numbers that differ from trial to trial do in torch's methods what a number of each trial does."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gradproof.trials.numbers import TrialArray, TrialNumber, TrialsDiffer, plain, trial_array, trial_number

METHODS = {
    "add": lambda x, a, b, n: x.add(a, alpha=n),
    "add_": lambda x, a, b, n: x.add_(a, alpha=n),
    "sub": lambda x, a, b, n: x.sub(a, alpha=n),
    "sub_": lambda x, a, b, n: x.sub_(a, alpha=n),
    "addcmul": lambda x, a, b, n: x.addcmul(a, b, value=n),
    "addcmul_": lambda x, a, b, n: x.addcmul_(a, b, value=-n),
    "addcdiv": lambda x, a, b, n: x.addcdiv(a, b, value=n),
    "addcdiv_": lambda x, a, b, n: x.addcdiv_(a, b, value=1 / n),
    "lerp": lambda x, a, b, n: x.lerp(a, n),
    "lerp_": lambda x, a, b, n: x.lerp_(a, 1 - n),
    "arithmetic": lambda x, a, b, n: (x * n - a / n) * (2**n) + n**2 * b,
}


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=10)
@given(seed=st.integers(0, 2**32))
def test_method_with_a_number_of_each_trial_is_that_of_each_trial(method, seed):
    generator = torch.Generator().manual_seed(seed)
    x, a, b = (torch.rand(2, 3, 4, generator=generator, dtype=torch.float64) + 0.5 for _ in range(3))
    numbers = torch.rand(4, generator=generator, dtype=torch.float64) + 0.1
    together = METHODS[method](trial_array(x), trial_array(a), trial_array(b), trial_number(numbers))
    assert type(together) is TrialArray
    for k in range(4):
        alone = METHODS[method](x[..., k].clone(), a[..., k], b[..., k], numbers[k].item())
        torch.testing.assert_close(plain(together)[..., k], alone, rtol=1e-14, atol=1e-14)


def test_array_keeps_its_dtype_beside_a_number_in_float64():
    array, number = trial_array(torch.ones(2, 3)), trial_number(torch.tensor([0.1, 0.2, 0.3], dtype=torch.float64))
    assert (array * number).dtype == torch.float32
    assert (1 - number).dtype == torch.float64


def test_item_of_a_number_is_the_number_of_each_trial():
    number = trial_number(torch.tensor([1.0, 2.0]))
    assert type(0.5 ** number.item()) is TrialNumber


def test_comparison_that_is_the_same_in_all_trials_is_one_bool():
    number = trial_number(torch.tensor([1.0, 2.0]))
    assert [number != 0, number > 0, number >= 2.5, number == 0, number < 3, number <= 0.5] == [
        True, True, False, False, True, False,
    ]  # fmt: skip


def test_comparison_that_differs_between_trials_is_refused():
    with pytest.raises(TrialsDiffer, match=r"with 1\.5 differs between trials"):
        _ = trial_number(torch.tensor([1.0, 2.0])) > 1.5


def test_comparison_of_one_trial_goes_by_the_example():
    assert (trial_number(torch.tensor(0.3), example=0.3) > 0) is True
    assert (trial_number(torch.tensor(0.0), example=0.0) != 0) is False

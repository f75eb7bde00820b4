"""Functions with a backward of their own: right ones are accepted, each planted mistake is found and named."""

from __future__ import annotations

import pytest
import torch
from right_functions import RIGHT, Linear
from torch.autograd import Function
from wrong_functions import (
    WRONG,
    AccumulatesInHalf,
    Float32Only,
    HalfBranchAssumesContiguous,
    HalfBranchNeedsSwapped,
    NoDoubleBackward,
    NotSummed,
    NotSummedTwice,
    WrongDoubleBackward,
    WrongSign,
)

from gradproof import Disagreement, normal
from gradproof.functions import assert_function_agrees, check_function


@pytest.mark.parametrize("name", RIGHT)
def test_check_right_function_is_accepted_in_every_dtype(name):
    result = check_function(*RIGHT[name], trials=2)
    assert result.ok, str(result)
    assert set(result.frame["dtype"]) == {"float64", "float32", "bfloat16", "float16"}
    assert not result.skipped


@pytest.mark.parametrize("name", ["linear", "two outputs", "sum one by one"])
def test_check_right_function_raises_no_alarm_under_many_seeds(name):
    alarms = [seed for seed in range(100, 115) if not _quick(*RIGHT[name], seed=seed).ok]
    assert alarms == []


def _quick(function, reference, inputs, *, seed):
    one = inputs(5, 3, 4) if callable(inputs) else inputs
    return check_function(function, reference, one, trials=1, seed=seed, dtypes=["float64", "bfloat16"])


@pytest.mark.parametrize("name", WRONG)
def test_check_wrong_function_is_caught_and_its_mistake_named(name):
    arguments, quantity, kind, words = WRONG[name]
    result = check_function(*arguments, trials=2)
    assert not result.ok
    assert (quantity, kind) in {(one.quantity, one.kind) for one in result.wrong}, str(result)
    assert words in " ".join(str(result).split())


@pytest.mark.parametrize("name", ["needs_input_grad swapped", "assumes contiguous", "one output alone"])
def test_check_mistake_of_one_configuration_shows_nowhere_else(name):
    arguments, *_ = WRONG[name]
    wrong = check_function(*arguments, trials=1).wrong
    assert wrong
    assert all(one.configuration for one in wrong)


@pytest.mark.parametrize("name", ["wrong sign", "mean for sum"])
def test_check_blames_no_gradient_that_is_right(name):
    arguments, quantity, *_ = WRONG[name]
    assert {one.quantity for one in check_function(*arguments, trials=1).wrong} == {quantity}


def test_check_gradient_that_autograd_sums_up_is_a_remark_and_its_sum_is_compared():
    arguments = RIGHT["linear"][1:]
    result = check_function(NotSummed.apply, *arguments, trials=1, dtypes=["float64"])
    assert result.ok
    assert "b: the backward returns the shape" in str(result)
    assert not check_function(NotSummedTwice.apply, *arguments, trials=1, dtypes=["float64"]).ok


@pytest.mark.parametrize("name", ["wrong sign", "mean for sum", "transposed", "zero"])
def test_check_in_float32_alone_names_the_mistake_as_in_float64(name):
    arguments, quantity, _, words = WRONG[name]
    result = check_function(*arguments, trials=2, dtypes=["float32"])
    assert {one.quantity for one in result.wrong if not one.configuration} == {quantity}
    assert words in " ".join(str(result).split())


@pytest.mark.parametrize("seed", range(5))
def test_check_float32_kernel_names_its_forgotten_term(seed):
    inputs = {"x": normal(3, 4), "w": normal(4)}
    result = check_function(Float32Only.apply, lambda x, w: x * w + x, inputs, seed=seed)
    assert set(result.skipped) == {"float64", "bfloat16", "float16"}
    (diagnosis,) = {one.diagnosis for one in result.wrong if one.quantity == "gradient of x"}
    assert diagnosis == "it lacks the term dLoss_doutput"


@pytest.mark.parametrize(
    ("arguments", "quantity"),
    [
        ((HalfBranchAssumesContiguous.apply, torch.square, {"x": normal(3, 4)}), "gradient of x"),
        ((HalfBranchNeedsSwapped.apply, *RIGHT["linear"][1:]), "gradient of w"),
    ],
)
def test_check_mistake_of_one_configuration_in_float16_alone_is_caught(arguments, quantity):
    result = check_function(*arguments, trials=1)
    assert quantity in {one.quantity for one in result.wrong}
    assert {one.dtype for one in result.wrong} == {"float16"}
    assert all(one.configuration for one in result.wrong)


def test_check_sum_kept_in_float16_is_more_than_rounding_explains():
    def reference(x, b):
        return (x * x).sum(0) * b

    many = {"x": normal(1500, 2), "b": normal(2)}
    result = check_function(AccumulatesInHalf.apply, reference, many, trials=1, dtypes=["float32", "float16"])
    assert {(one.quantity, one.dtype) for one in result.wrong} == {("gradient of b", "float16")}
    assert "it agrees in float32; in float16 it is off by" in str(result)
    few = {"x": normal(6, 2), "b": normal(2)}
    assert check_function(AccumulatesInHalf.apply, reference, few, trials=1).ok


def test_check_double_backward_accepts_right_one():
    result = check_function(*RIGHT["linear"], trials=1, double_backward=True, dtypes=["float32", "float64"])
    assert result.ok, str(result)
    assert "second derivative by x" in set(result.frame["quantity"])


def test_check_double_backward_catches_wrong_second_derivative():
    arguments = WrongDoubleBackward.apply, lambda x: x**3, {"x": normal(3, 4)}
    assert check_function(*arguments).ok
    result = check_function(*arguments, double_backward=True)
    assert {one.quantity for one in result.wrong} == {"second derivative by x"}


def test_check_double_backward_says_that_there_is_none():
    result = check_function(NoDoubleBackward.apply, lambda x: x**3, {"x": normal(3, 4)}, double_backward=True)
    (one,) = result.wrong
    assert one.kind == "not differentiable"
    assert "the backward cannot be differentiated" in one.sentence


def test_check_gradients_independent_of_all_ones_cotangent():
    """A softmax's gradient is zero under a cotangent of ones, so a backward that returns zeros would pass."""

    class Softmax(Function):
        @staticmethod
        def forward(ctx, x):
            return torch.softmax(x, -1)

        @staticmethod
        def backward(ctx, g):
            return torch.zeros_like(g)

    result = check_function(Softmax.apply, lambda x: torch.softmax(x, -1), {"x": normal(3, 4)}, trials=2)
    assert "it is 0 in every trial" in str(result)


def test_check_gradient_of_input_with_zero_truth_is_inconclusive():
    result = check_function(lambda x: x * 0, lambda x: x * 0, {"x": normal(3)})
    assert not result.ok
    assert str(result).startswith("<lambda>: inconclusive: no gradient was compared")


def test_check_is_reproduced_by_its_seed():
    arguments = WRONG["wrong sign"][0]
    first, again, other = (check_function(*arguments, trials=1, seed=seed) for seed in (1, 1, 2))
    assert str(first) == str(again) != str(other)


def test_check_leaves_torch_random_state_alone():
    before = torch.get_rng_state()
    check_function(*RIGHT["relu"], trials=1)
    assert torch.equal(before, torch.get_rng_state())


def test_assert_function_agrees_returns_result_or_raises_with_report():
    assert assert_function_agrees(*RIGHT["relu"], trials=1).ok
    with pytest.raises(Disagreement, match="WrongSign: disagrees with its reference") as caught:
        assert_function_agrees(WrongSign.apply, *RIGHT["linear"][1:], trials=1)
    result = check_function(WrongSign.apply, *RIGHT["linear"][1:], trials=1)
    assert str(caught.value) == str(result)
    with pytest.raises(Disagreement):
        result.raise_on_disagreement()


def test_raise_on_disagreement_right_function_returns_the_result():
    result = check_function(Linear.apply, *RIGHT["linear"][1:], trials=1)
    assert result.raise_on_disagreement() is result


@pytest.mark.parametrize("name", ["wrong sign", "missing upstream", "nondeterministic"])
def test_report_fits_one_screen(name):
    lines = str(check_function(*WRONG[name][0], trials=1)).splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 120


def test_backward_that_empties_a_grad_that_is_there_is_caught():
    class Clears(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            if x.grad is not None:
                x.grad.zero_()
            return 2 * x * g

    result = check_function(Clears.apply, torch.square, {"x": normal(3, 4)}, dtypes=["float64"], trials=1)
    assert {one.configuration for one in result.wrong} == {"added to a .grad that is there"}

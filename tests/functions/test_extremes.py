"""Zeros, ties, large and infinite numbers, full masks: a table apart, which decides nothing that nobody claims."""

from __future__ import annotations

import pytest
import torch
from torch.autograd import Function

from gradproof import check_function, integers, normal
from gradproof.errors import GradproofError


class Softmax(Function):
    """Without the largest subtracted first: exponentials of large numbers overflow."""

    @staticmethod
    def forward(ctx, x):
        e = torch.exp(x)
        p = e / e.sum(-1, keepdim=True)
        ctx.save_for_backward(p)
        return p

    @staticmethod
    def backward(ctx, g):
        (p,) = ctx.saved_tensors
        return p * (g - (g * p).sum(-1, keepdim=True))


class Taken(Function):
    """The mean of the rows whose label is not -100."""

    @staticmethod
    def forward(ctx, x, label):
        ctx.save_for_backward(label)
        return x[label != -100].sum() / (label != -100).sum()

    @staticmethod
    def backward(ctx, g):
        (label,) = ctx.saved_tensors
        return g * (label != -100) / (label != -100).sum(), None


def taken(x, label):
    kept = (label != -100).double()
    return (x * kept).sum() / kept.sum().clamp(min=1)


LEAN = {"dtypes": ["float64"], "trials": 1}


def different(result):
    return {(one.configuration, one.quantity) for one in result.extremes if one.verdict == "disagrees"}


def test_overflow_of_large_numbers_is_told_and_decides_nothing():
    result = check_function(Softmax.apply, lambda x: x.softmax(-1), {"x": normal(5, 3)}, **LEAN)
    assert result.ok
    assert different(result) == {("x large", "output"), ("x large", "gradient of x")}
    assert "at extreme values, which decide nothing (result.table_of_extremes): x large: output: " in str(result)
    assert len(result.table_of_extremes) == len(result.extremes)


def test_overflow_of_large_numbers_that_are_claimed_is_wrong():
    result = check_function(Softmax.apply, lambda x: x.softmax(-1), {"x": normal(5, 3)}, claims=["large"], **LEAN)
    assert {one.configuration for one in result.wrong} == {"x large"}
    assert {one.diagnosis for one in result.wrong} == {
        "it is right for usual values, and wrong at these, which it is said to take"
    }
    assert not different(result)


def test_function_that_takes_all_extremes_has_nothing_told_of_it():
    result = check_function(lambda x: x.exp(), torch.exp, {"x": normal(5, 3)}, **LEAN)
    assert result.ok
    assert {one.configuration for one in result.extremes} == {
        f"x {kind}" for kind in ("zero", "equal", "large", "subnormal", "infinite", "masked")
    }
    assert not different(result)
    assert "extreme" not in str(result)


def test_all_labels_ignored_is_an_extreme():
    inputs = {"x": normal(6), "label": integers(0, 3, (6,), ignore_index=-100)}
    result = check_function(Taken.apply, taken, inputs, dtypes=["float64"], trials=3, seed=1)
    assert result.ok, str(result)
    assert {quantity for configuration, quantity in different(result) if configuration == "label least"} == {
        "output",
        "gradient of x",
    }


@pytest.mark.parametrize("claims", ["large", ["huge"]])
def test_claim_of_no_kind_is_refused_with_those_there_are(claims):
    with pytest.raises(GradproofError, match="claims lists some of zero, equal, large, "):
        check_function(torch.exp, torch.exp, {"x": normal(5, 3)}, claims=claims)

"""What a right function loses by rounding in its own steps, apart from what is wrong."""

from __future__ import annotations

import pytest
import torch
from torch.autograd import Function

from gradproof import check_function, normal


class SmoothMaximum(Function):
    """t log(exp(a/t) + exp(b/t)); `1 - s` loses digits where s is close to 1."""

    factor = 1.0

    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return 0.1 * torch.logaddexp(a / 0.1, b / 0.1)

    @classmethod
    def backward(cls, ctx, g):
        a, b = ctx.saved_tensors
        s = torch.sigmoid((a - b) / 0.1)
        return g * s, g * (1 - s) * cls.factor


class AThousandthMore(SmoothMaximum):
    factor = 1.001


class InFloat16(SmoothMaximum):
    """Right but for a branch that half precision alone takes."""

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        s = torch.sigmoid((a - b) / 0.1)
        return g * s, g * (1 - s if g.dtype != torch.float16 else 1.01 - s)


def reference(a, b):
    return 0.1 * torch.stack([a / 0.1, b / 0.1]).logsumexp(0)


@pytest.mark.parametrize("depth", ["usual", "gate"])
def test_digits_lost_in_small_entries_are_a_note(depth):
    inputs = {"a": normal(6, 5), "b": normal(6, 5)}
    options = {"dtypes": ["float64", "bfloat16"], "depth": depth, "seed": 0, "trials": 1}
    result = check_function(SmoothMaximum.apply, reference, inputs, **options)
    assert result.ok, str(result)
    assert str(result).count("where it is small, by rounding") == len({"float64", "bfloat16"})
    assert {one.verdict for one in result.findings if one.kind == "digits"} == {"agrees"}


@pytest.mark.parametrize(("function", "dtypes"), [(AThousandthMore, {"float64"}), (InFloat16, {"float16"})])
def test_mistake_of_that_size_is_no_loss_of_digits(function, dtypes):
    inputs = {"a": normal(6, 5), "b": normal(6, 5)}
    result = check_function(function.apply, reference, inputs, dtypes=["float64", "float16"], trials=1)
    assert dtypes <= {one.dtype for one in result.wrong if one.quantity == "gradient of b"}


class Running(Function):
    """A sum of squares one by one, in the dtype."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        total = torch.zeros_like(x[:, 0])
        for column in x.unbind(1):
            total = total + column * column
        return total

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 2 * g[:, None] * x


def test_sum_that_loses_digits_everywhere_disagrees_and_says_so():
    inputs = {"x": normal(3, 1000)}
    options = {"dtypes": ["float64", "float16"], "trials": 1}
    result = check_function(Running.apply, lambda x: x.square().sum(1), inputs, **options)
    assert {(one.quantity, one.dtype) for one in result.wrong} == {("output", "float16")}
    assert "right but for rounding in its own steps, by which it loses " in str(result)

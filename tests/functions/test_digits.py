"""What a right function loses by rounding in its own steps, apart from what is wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.autograd import Function

from gradproof import check_function, normal
from gradproof.functions.check import DEPTHS
from gradproof.functions.comparing.judged import Result, judged
from gradproof.functions.truth.rounding import Allowances, Stage
from gradproof.functions.truth.truth import Quantity, Truth


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
def test_digits_lost_in_small_entries_are_a_note(depth, monkeypatch):
    monkeypatch.setitem(DEPTHS, depth, replace(DEPTHS[depth], repeat=8))
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


@pytest.mark.parametrize(("summed", "like"), [(Running.apply, "n"), (lambda x: x.square().half().sum(1), "")])
def test_loss_of_digits_says_how_it_grows(summed, like):
    def sizes(n):
        return {"x": normal(3, n)}

    options = {"dtypes": ["float16"], "trials": 1, "edges": 256}
    result = check_function(summed, lambda x: x.square().sum(1), sizes, **options)
    assert [one.sentence.partition("the loss grows like ")[2] for one in result.wrong] == [like] * bool(like)
    assert {one.diagnosis for one in result.wrong} <= {"a sum or an intermediate value has too little precision"}


def test_half_precision_inside_is_an_error_where_float32_is_declared_for_sums():
    def sizes(n):
        return {"x": normal(3, n)}

    def summed(x):
        return x.float().square().sum(1).to(x.dtype)

    options = {"dtypes": ["float16"], "trials": 1, "edges": 128, "accumulate": "float32"}
    assert check_function(summed, lambda x: x.square().sum(1), sizes, **options).ok
    result = check_function(Running.apply, lambda x: x.square().sum(1), sizes, **options)
    assert {one.quantity for one in result.wrong} == {"output"}
    assert "it computes in float16 inside (numbers of float16 are made inside), declared is float32" in {
        one.diagnosis for one in result.wrong
    }


def test_half_precision_rounded_at_the_end_alone_is_told_where_rounding_explains_much():
    true = torch.tensor([1.0, -0.5, 1e-6], dtype=torch.float64)
    wide = Stage("sampled", [true + torch.tensor([0.1, 0.1, 0.1])])

    def verdict(computed):
        quantity = Quantity(true, torch.bfloat16, 0)
        allowances = Allowances([true], [torch.bfloat16], iter([wide]))
        truth = Truth({}, (), (quantity,), {}, allowances)
        (found,) = judged([Result("output", computed, quantity)], truth, "bfloat16", "bfloat16", "", "")
        return found

    near = verdict((true + 1e-6).bfloat16())
    assert (near.verdict, near.bound) == ("agrees", "float32 inside")
    assert near.resolution < 0.1
    assert verdict((true + 0.05).bfloat16()).verdict == "inconclusive"
    assert verdict((true + 5).bfloat16()).verdict == "disagrees"


class TopTwo(Function):
    """The two largest of each row's probabilities, made to sum up to 1, weigh two values; what is left out gets 0."""

    @staticmethod
    def forward(ctx, z, v):
        p = z.softmax(-1)
        top, place = p.topk(2, -1)
        w = top / top.sum(-1, keepdim=True)
        ctx.save_for_backward(p, top, place, w, v)
        return (w * v).sum(-1)

    @staticmethod
    def backward(ctx, g):
        p, top, place, w, v = ctx.saved_tensors
        dw = g[:, None] * v
        dtop = (dw - (dw * w).sum(-1, keepdim=True)) / top.sum(-1, keepdim=True)
        dp = torch.zeros_like(p).scatter(-1, place, dtop)
        return p * (dp - (dp * p).sum(-1, keepdim=True)), g[:, None] * w


def test_digits_that_the_reference_loses_in_other_entries_are_no_fault_of_the_function():
    def saturated(rng, n):
        return {"z": 12 * rng.standard_normal((n, 4)), "v": rng.standard_normal((n, 2))}

    def reference(z, v):
        return (z.topk(2, -1).values.softmax(-1) * v).sum(-1)

    result = check_function(TopTwo.apply, reference, saturated, dtypes=["float64"], trials=1)
    assert result.ok, str(result)

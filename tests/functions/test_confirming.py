"""Diagnoses are confirmed by further calls: what happens once in a while is never told as a way of calling."""

from __future__ import annotations

import pytest
import torch
from torch.autograd import Function

from gradproof import check_function, normal

QUICK = {"trials": 1, "dtypes": ["float64", "bfloat16"], "seed": 0}
INPUTS = {"x": normal(4, 3)}


def wrong_when(told):
    """A square whose gradient is twice too large in the calls whose number is told."""

    class Square(Function):
        calls = 0

        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            Square.calls += 1
            return (4 if told(Square.calls) else 2) * x * g

    return Square.apply


def diagnoses(function):
    result = check_function(function, torch.square, INPUTS, **QUICK)
    assert not result.ok
    return {one.diagnosis for one in result.wrong if one.kind == "value"}


@pytest.mark.parametrize("call", [1, 3, 5, 8, 13, 21])
def test_fault_in_a_single_call_is_never_blamed_on_how_that_call_was_made(call):
    told = " ".join(diagnoses(wrong_when(lambda number: number == call)))
    assert "a state that is kept between calls" in told or "right in most calls" in told
    assert not [word for word in ("contiguous", "precision", "times the true", "linear", "written") if word in told]


def test_fault_from_a_call_on_is_told_as_a_state():
    told = diagnoses(wrong_when(lambda number: number > 12))
    assert any("is wrong in every later one: a state" in one for one in told), told


def test_fault_in_every_call_is_told_by_its_values():
    assert diagnoses(wrong_when(lambda _number: True)) == {"it is 2 times the true value in every trial"}


def test_cache_by_shape_is_told_as_a_state_though_the_first_call_is_right():
    kept = {}

    class Scaled(Function):
        @staticmethod
        def forward(ctx, x, w):
            ctx.save_for_backward(x, kept.setdefault((w.shape, w.dtype), w.clone()))
            return x * w

        @staticmethod
        def backward(ctx, g):
            x, w = ctx.saved_tensors
            return g * w, g * x

    inputs = {"x": normal(4, 3), "w": normal(4, 3)}
    result = check_function(Scaled.apply, torch.mul, inputs, dtypes=["float64"], trials=3)
    assert {one.diagnosis.partition(":")[0] for one in result.wrong} == {
        "it is right for the first numbers of each shape and wrong for all later ones"
    }


def test_cell_that_is_never_written_is_told_whatever_memory_holds():
    class Square(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            made = torch.empty_like(x)
            made[:-1] = (2 * x * g)[:-1]
            return made

    assert {one[:14] for one in diagnoses(Square.apply)} == {"memory that `e"}

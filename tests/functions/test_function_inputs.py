"""What a check of a function may be given, and what it says to what it cannot use."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from right_functions import RIGHT, Linear
from torch import nn
from torch.autograd import Function

from gradproof import GradproofError, constant, integers, normal
from gradproof.functions import check_function
from gradproof.functions.running.inputs import case_sets, draw
from gradproof.functions.running.layouts import LAYOUTS, SAME_VALUES, applies, laid_out


def double(x):
    return x * 2


def check(function=double, reference=double, inputs=None, **options):
    return check_function(function, reference, {"x": normal(3)} if inputs is None else inputs, **options)


@given(st.integers(0, 2**32), st.integers(1, 6))
def test_sizes_are_pairwise_distinct_and_above_one(seed, count):
    names = [f"n{k}" for k in range(count)]
    function = eval(f"lambda {', '.join(names)}: dict({', '.join(f'{name}=normal({name})' for name in names)})")
    function.__globals__["normal"] = normal
    sets = case_sets(function, seed)
    assert len(sets) == 2
    for one in sets:
        sizes = [value.shape[0] for value in one.values()]
        assert len(set(sizes)) == count
        assert min(sizes) > 1


def test_sizes_with_a_default_are_kept():
    sets = case_sets(lambda batch, heads=2: {"x": normal(batch, heads)}, 0)
    assert {one["x"].shape[1] for one in sets} == {2}


@given(st.integers(0, 2**32), st.sampled_from([(3,), (2, 4), (3, 1, 2)]), st.sampled_from(sorted(LAYOUTS)))
def test_layout_keeps_shape_and_values_unless_it_repeats_them(seed, shape, layout):
    value = torch.from_numpy(np.random.default_rng(seed).standard_normal(shape))
    if not applies(value, layout):
        return
    made = laid_out(value, layout)
    assert made.shape == value.shape
    assert made.dtype == value.dtype
    if layout in SAME_VALUES:
        assert torch.equal(made, value)


@pytest.mark.parametrize("layout", ["transposed", "strided", "expanded", "expanded from one number"])
def test_layout_is_not_contiguous(layout):
    assert not laid_out(torch.randn(3, 4), layout).is_contiguous()


def test_draw_takes_distributions_tensors_arrays_and_plain_values():
    named = {
        "a": normal(2),
        "b": torch.ones(3),
        "c": np.arange(2.0),
        "d": constant(0.5),
        "e": "mean",
        "f": integers(0, 4, (2,)),
    }
    values = draw(named, 0, 0, 0).values
    assert [str(getattr(value, "dtype", value)) for value in values.values()] == [
        "torch.float64", "torch.float64", "torch.float64", "0.5", "mean", "torch.int64",
    ]  # fmt: skip


def test_check_example_tensors_and_keyword_arguments_are_passed_on():
    def scaled(x, index, *, factor):
        return x[index] * factor

    inputs = {"x": torch.tensor([1.5, 2.5, 3.5]), "index": torch.tensor([2, 0])}
    assert check(scaled, scaled, inputs, kwargs={"factor": 3.0}).ok
    result = check(lambda x, index, factor: x[index] * factor * 1.5, scaled, inputs, kwargs={"factor": 3.0})
    assert {one.quantity for one in result.wrong} == {"output", "gradient of x"}


def test_check_wrt_leaves_the_other_inputs_out():
    function, reference, _ = RIGHT["linear"]
    result = check(function, reference, {"x": normal(5, 3), "w": normal(4, 3), "b": normal(4)}, wrt=["w"])
    assert {one.quantity for one in result.findings if one.quantity.startswith("gradient")} == {"gradient of w"}


def test_check_module_parameters_are_drawn_not_ones_and_zeros():
    class ForgetsWeight(nn.Module):
        """Right for a weight of ones, as the module starts with."""

        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(6))

        def forward(self, x):
            return Forgetful.apply(x, self.weight)

    class Times(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(6))

        def forward(self, x):
            return x * self.weight

    class Forgetful(Function):
        @staticmethod
        def forward(ctx, x, w):
            ctx.save_for_backward(x)
            return x * w

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g, (g * x).sum(0)

    result = check(ForgetsWeight(), Times(), {"x": normal(5, 6)}, trials=1)
    assert {one.quantity for one in result.wrong} == {"gradient of x"}
    assert "it has the value of dLoss_doutput" in str(check(ForgetsWeight(), Times(), {"x": normal(5, 6)}, trials=2))


def test_check_dtype_in_which_the_function_raises_is_skipped_with_the_reason():
    class NoHalf(Function):
        @staticmethod
        def forward(ctx, x):
            if x.dtype == torch.float16:
                raise RuntimeError("\"kernel\" not implemented for 'Half'")
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    result = check(NoHalf.apply)
    assert result.ok
    assert dict(result.skipped) == {"float16": "its forward raises RuntimeError: \"kernel\" not implemented for 'Half'"}
    assert "  skipped: float16: its forward raises" in str(result)


def test_check_backward_that_raises_is_a_finding():
    class Raises(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            raise KeyError("scale")

    result = check(Raises.apply, dtypes=["float32"])
    assert {(one.quantity, one.kind) for one in result.wrong} == {("backward", "raises")}
    assert "KeyError: 'scale'" in str(result)


def test_frame_has_a_row_for_each_comparison():
    frame = check(trials=1).frame
    plain = frame[(frame["configuration"] == "") & (frame["quantity"] == "gradient of x")]
    assert list(plain["dtype"]) == ["float64", "float32", "bfloat16", "float16"]
    assert set(plain["verdict"]) == {"agrees"}
    assert set(plain["bound"]) <= {"roundings", "sampled", "rigorous"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"inputs": {}}, "inputs are given by name"),
        ({"inputs": 3}, "inputs are given by name"),
        ({"inputs": [{"x": normal(3)}, {"y": normal(3)}]}, "every set of inputs has the same names"),
        ({"inputs": {"x": integers(0, 3, (2,))}}, "none of the inputs can have a gradient: x (torch.int64)"),
        ({"wrt": ["y"]}, "those of floating numbers are x"),
        ({"wrt": "x"}, "wrt lists the inputs"),
        ({"dtypes": ["float8"]}, "dtypes are some of float64, float32, bfloat16, float16; asked for float8"),
        ({"dtypes": []}, "asked for none"),
        ({"trials": 0}, "trials is a whole number from 1 on"),
        ({"seed": -1}, "a seed is a whole number"),
        ({"function": Linear}, "not <class 'right_functions.Linear'>: give Linear.apply"),
        ({"reference": 3}, "the reference is Function.apply, a module or any other callable of the inputs, not 3"),
        ({"function": lambda x: 3.0}, "the function must return a tensor or a tuple of tensors; it returned float"),
        ({"reference": lambda x: None}, "the reference must return a tensor or a tuple of tensors; it returned N"),
        ({"function": lambda x: x[:2]}, "the function returns tensors of the shapes [(2,)], the reference of [(3,)]"),
        ({"function": lambda x: (x, x)}, "the function returns tensors of the shapes [(3,), (3,)]"),
        ({"reference": lambda x: x @ torch.ones(4)}, "the reference <lambda> raises RuntimeError"),
        ({"function": lambda x, y: x}, "<lambda> raises in every dtype: its forward raises TypeError"),
        ({"reference": nn.Linear(3, 2)}, "the reference has the parameters weight, bias, of which the function knows"),
    ],
)  # fmt: skip
def test_check_bad_input_is_told_what_is_wrong(arguments, words):
    with pytest.raises(GradproofError) as caught:
        check(**arguments)
    assert words in str(caught.value)


def test_result_of_another_precision_than_the_run_is_no_random_reference() -> None:
    def rounded(x: torch.Tensor) -> torch.Tensor:
        return (x * x).float()

    assert check_function(rounded, rounded, {"x": normal(4)}, dtypes=["float64"]).ok

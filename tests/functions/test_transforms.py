"""A function under torch's own transforms, on request."""

from __future__ import annotations

import pytest
import torch
from torch.autograd import Function

from gradproof import check_function, normal
from gradproof.errors import GradproofError


class Scaled(Function):
    """x w, with rules for vmap and forward mode."""

    generate_vmap_rule = True
    slope = 1.0

    @staticmethod
    def forward(x, w):
        return x * w

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        return g * w, g * x

    @classmethod
    def jvp(cls, ctx, dx, dw):
        x, w = ctx.saved_tensors
        return dx * w + cls.slope * x * dw


class WrongForwardMode(Scaled):
    slope = 2.0


class Old(Function):
    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return x * w

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        return g * w, g * x


class MapsWrongly(Old):
    """Its rule for vmap is that of a sum."""

    generate_vmap_rule = False

    @staticmethod
    def forward(x, w):
        return x * w

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def vmap(info, in_dims, x, w):
        return x + w, 0


INPUTS = {"x": normal(5, 3), "w": normal(5, 3)}
LEAN = {"dtypes": ["float64"], "trials": 2}


def wrong(function, *under, **options):
    result = check_function(function, lambda x, w: x * w, INPUTS, under=under, **{**LEAN, **options})
    return {(one.quantity, one.configuration) for one in result.wrong}, result


def test_function_with_rules_for_all_of_them_agrees():
    found, result = wrong(Scaled.apply, "autocast", "vmap", "jvp", "compile")
    assert not found, str(result)
    assert {"under autocast", "under vmap", "in forward mode", "under torch.compile"} <= {
        one.configuration for one in result.findings
    }


def test_wrong_rule_of_forward_mode_is_caught_and_nothing_else():
    assert wrong(WrongForwardMode.apply, "jvp")[0] == {("tangent of output", "in forward mode")}


def test_wrong_rule_of_vmap_is_caught():
    assert ("output", "under vmap") in wrong(MapsWrongly.apply, "vmap")[0]


def test_function_without_rules_is_refused_by_torch_and_told_what_it_needs():
    found, result = wrong(Old.apply, "vmap", "jvp")
    assert found == {("the call under vmap", "under vmap"), ("the call under jvp", "under jvp")}
    assert "a Function needs forward apart from setup_context, and a jvp of its own" in " ".join(str(result).split())


def test_function_that_is_no_operator_is_told_what_opcheck_takes():
    assert "it is no registered operator: give what" in " ".join(str(wrong(Old.apply, "opcheck")[1]).split())


def test_registered_operator_is_checked_by_torch():
    @torch.library.custom_op("gradproof_tests::twice", mutates_args=())
    def twice(x: torch.Tensor) -> torch.Tensor:
        return x * 2

    def inputs_like(function):
        return check_function(function, lambda x: 2 * x, {"x": normal(5, 3)}, under=["opcheck"], **LEAN)

    twice.register_autograd(lambda ctx, g: 2 * g)
    assert any(one.configuration == "opcheck" for one in inputs_like(twice).wrong)  # nothing says its shape
    twice.register_fake(torch.empty_like)
    assert inputs_like(twice).ok


@pytest.mark.parametrize(("under", "depth"), [(["vmap"], "gate"), ("vmap", "usual"), (["grad"], "usual")])
def test_transform_that_there_is_not_is_refused(under, depth):
    with pytest.raises(GradproofError, match=r"under lists some of|looked at in this process"):
        check_function(torch.exp, torch.exp, {"x": normal(5, 3)}, under=under, depth=depth)

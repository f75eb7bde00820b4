"""A class that keeps an optimizer's state on itself: read as updates, mended in its own words."""

from __future__ import annotations

import pytest
from harness import PROJECT, Variant, planted, tried

from gradproof.check.case import load_case
from gradproof.errors import GradproofError


def test_state_on_self_is_read_as_what_it_is_after_the_step() -> None:
    case = load_case("adamw", project=PROJECT)
    names = {equation.quantity for equation in case.derivation.equations}
    assert names == {"dLoss_dW", "t_new", "m_new", "v_new", "W_new"}
    assert case.derivation.by_name["W_new"].inputs[0] != "W_new"
    assert case.leaf_names >= {"t", "m", "v", "eta", "beta1", "beta2", "epsilon", "lam"}


def test_fix_of_a_method_speaks_of_attributes() -> None:
    slip = Variant("adamw", "step not counted", "self.t += 1", "self.t += 2", "t_new")
    [wrong] = tried(slip).result.wrong
    assert wrong.fix == "self.t += 1"
    assert wrong.fix_before == "self.t += 2"


def test_attribute_that_is_never_read_is_no_reason_to_refuse_the_code() -> None:
    slip = Variant("adamw", "no decay", "self.eta * self.lam * self.W", "0 * self.W", "W_new")
    assert [one.equation for one in tried(slip, mend=False).result.wrong] == ["W_new"]


def test_state_whose_parameter_is_never_stored_is_refused(tmp_path) -> None:
    slip = Variant("adamw", "result never stored", "self.W = self.W - self", "self.W - self", "W_new")
    project, _ = planted(slip, tmp_path)
    with pytest.raises(GradproofError, match=r"no variable for W_new"):
        load_case("adamw", project=project)


def test_array_that_a_loop_never_fills_is_found_wrong() -> None:
    slip = Variant("conv2d", "result never stored", "left + kw] += d", "left + kw] + d", "dLoss_dx")
    assert tried(slip, mend=False).blamed == ("dLoss_dx",)

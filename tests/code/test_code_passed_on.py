"""Values that code hands on as they are: the upstream gradient, or a factor that was cached for something else."""

from __future__ import annotations

import pytest

from gradproof import crosscheck
from gradproof.check.loading import load_derivation

REFERENCE = """
from torch import nn
from gradproof import Code, Reference, normal

class Scale(nn.Module):
    def forward(self, x, s):
        return x * s**2

reference = Reference(model=Scale, inputs={"x": normal(3, 2), "s": normal(3, 2)})
code = Code("forward", "backward", results=("dLoss_dx",))
"""

MANUAL = """
def forward(x, s):
    factor = s * s
    out = x * factor
    return out, factor

def backward(dout, factor):
    return dout * factor
"""


def check(write, project, old="", new=""):
    write("scale", {old: new} if old else None, manual=MANUAL, reference=REFERENCE)
    return crosscheck("scale", project=project, trials=100, repair=False)


def test_code_cached_factor_that_is_multiplied_agrees(write, project):
    assert {one.equation: one.verdict for one in check(write, project).results} == {
        "Y": "agrees",
        "dLoss_dx": "agrees",
    }


@pytest.mark.parametrize("new", ["return dout", "dx = dout\n    return dx", "return factor"])
def test_code_value_returned_as_it_is_is_caught_at_its_line(write, project, new):
    result = check(write, project, "return dout * factor", new)
    assert [one.equation for one in result.wrong] == ["dLoss_dx"]
    assert result.wrong[0].place == "manual/scale.py:7"
    assert result.wrong[0].written in new


def test_code_value_passed_on_leaves_the_other_equation_alone(write, project):
    write("scale", {"return dout * factor": "return factor"}, manual=MANUAL, reference=REFERENCE)
    equations = load_derivation(project, "scale").equations
    assert {one.name: one.inputs for one in equations}["Y"] == ("x", "s")

"""A fix of existing code speaks in the code's words, or there is none."""

from __future__ import annotations

import re

import torch

from gradproof import Code, Reference, crosscheck, normal


def backward(dout, x):
    grads = {}
    step = dout
    for k in (2, 1):
        grads["h" + str(k)] = step * 2
        grads["dv" + str(k)] = (step * x).sum(axis=0)
        step = grads["h2"]
    return grads["h2"], grads["dv2"], grads["h1"], grads["dv1"]


class Scaled(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.v2, self.v1 = torch.nn.Parameter(torch.zeros(3)), torch.nn.Parameter(torch.zeros(3))

    def forward(self, x):
        return x * self.v2 + 3 * (x * self.v1)


def test_fix_with_a_name_that_the_code_does_not_have_is_none():
    reference = Reference(Scaled, inputs={"x": normal(5, 3)}, output="out")
    result = crosscheck(Code(backward, results=("h2", "dLoss_dv2", "h1", "dLoss_dv1")), reference, trials=50)
    (wrong,) = result.wrong
    assert wrong.equation == "dLoss_dv1"
    assert not re.findall(r"dLoss_\w+", wrong.fix)
    assert wrong.fix or "no fix can be written" in wrong.diagnosis

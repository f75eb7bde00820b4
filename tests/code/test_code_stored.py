"""Parameters that are updated in place, returned, or neither."""

from __future__ import annotations

import pytest
from small_projects import flat

from gradproof import crosscheck
from gradproof.errors import GradproofError

REFERENCE = """
import torch
from torch import nn
from gradproof import Code, Reference, log_uniform, normal

class Dot(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.zeros(3))

    def forward(self, x):
        return (self.w * x).sum()

reference = Reference(
    model=Dot,
    inputs={"x": normal(3)},
    optimizer=torch.optim.SGD,
    hyperparameters={"lr": log_uniform(1e-3, 1.0)},
)
code = Code("step")
"""

MANUAL = """
def step(x, w, lr):
    loss = (w * x).sum()
    dw = 1 * x
    w -= lr * dw
    return loss
"""


def check(write, project, old="", new=""):
    write("dot", {old: new} if old else None, manual=MANUAL, reference=REFERENCE)
    return crosscheck("dot", project=project, trials=50)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", ""),
        ("w -= lr * dw", "w[...] = w - lr * dw"),
        ("w -= lr * dw", "w += -lr * dw"),
        ("w -= lr * dw\n    return loss", "w = w - lr * dw\n    return loss, w"),
    ],
)
def test_code_update_written_or_returned_agrees(write, project, old, new):
    result = check(write, project, old, new)
    assert result.ok
    assert "w_new" in [one.equation for one in result.results]


def test_code_update_of_the_name_alone_is_refused_at_its_line(write, project):
    with pytest.raises(GradproofError) as caught:
        check(write, project, "w -= lr * dw", "w = w - lr * dw")
    message = flat(str(caught.value))
    assert message.startswith("manual/dot.py:4: `w = w - lr * dw` gives the name w to a new array")
    assert message.endswith("write `w -= ...` or `w[...] = ...`, or return w")

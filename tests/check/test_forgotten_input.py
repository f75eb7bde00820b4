"""A wrong equation that leaves out what nothing else reads is mended all the same."""

from __future__ import annotations

import pytest

from gradproof import crosscheck
from gradproof.check.case import load_case

MANUAL = """
def dLoss_dX(X):
    return 2 * X
"""

REFERENCE = """
from torch import nn
from gradproof import Reference, normal

class Square(nn.Module):
    def forward(self, X):
        return X**2

reference = Reference(model=Square, inputs={"X": normal(3, 2)})
"""


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_mend_upstream_gradient_read_by_nothing_is_put_in(write_layer, dtype):
    (wrong,) = crosscheck("layer", project=write_layer(MANUAL, REFERENCE), trials=100, dtype=dtype).wrong
    assert "dLoss_dY" in wrong.fix
    assert "upstream gradient" in wrong.diagnosis


def test_case_forgotten_are_the_drawn_values_that_no_equation_reads(write_layer):
    project = write_layer(MANUAL, REFERENCE)
    assert load_case("layer", project=project).forgotten == ("dLoss_dY",)

"""Inputs that are whole numbers: class indices, rows of a table."""

from __future__ import annotations

import pytest

from gradproof import crosscheck

MANUAL = """
import numpy as np

def Y(W, rows):
    return W[rows]

def dLoss_dW(dLoss_dY, rows, W):
    out = np.zeros_like(W)
    np.add.at(out, rows, dLoss_dY)
    return out
"""

REFERENCE = """
from torch import nn
from gradproof import Reference, integers

reference = Reference(
    model=lambda: nn.Embedding(5, 3),
    inputs={"input": integers(0, 5, shape=(4,))},
    symbols={"rows": "input", "W": "weight"},
)
"""


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_integer_input_right_derivation_agrees(write_layer, dtype):
    result = crosscheck("layer", project=write_layer(MANUAL, REFERENCE), trials=200, dtype=dtype)
    assert [one.verdict for one in result.results] == ["agrees", "agrees"]


def test_integer_input_repeated_row_stored_once_is_caught(write_layer):
    wrong = MANUAL.replace("np.add.at(out, rows, dLoss_dY)", "out[rows] = dLoss_dY")
    result = crosscheck("layer", project=write_layer(wrong, REFERENCE), trials=200, repair=False)
    assert [one.equation for one in result.wrong] == ["dLoss_dW"]

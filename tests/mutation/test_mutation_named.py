"""Functions that the user names: what they return and store is planted, whoever imported them and how."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from gradproof.mutation.inside.ledger import Ledger, Plant
from gradproof.mutation.inside.watching import named

TEXT = """
import numpy as np

def backward(dout, x, scale=2.0, *, shift=0.0):
    dx = dout * scale + shift
    dw = x.T @ dout
    return dx, dw

def grads(dout):
    return {"W": 2 * dout}

class Layer:
    def backward(self, dout):
        self.dW = 3 * dout
        return -dout

TABLE = [backward]
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    (tmp_path / "hand_written.py").write_text(TEXT)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("hand_written")
    del sys.modules["hand_written"]


def planted(name: str, array: str, kind: str = "zero") -> Ledger:
    ledger = Ledger()
    named.watch(ledger, name)
    ledger.plant = Plant(name, array, kind)
    return ledger


def test_returned_arrays_have_the_names_of_the_return(module: ModuleType) -> None:
    ledger = planted("hand_written:backward", "dw")
    held = module.TABLE[0]  # a reference that was taken before, and is no name of a module
    dx, dw = held(np.ones((2, 3)), np.ones((2, 4)), shift=1.0)
    assert np.array_equal(dx, np.full((2, 3), 3.0))  # defaults and keywords as they were
    assert np.array_equal(dw, np.zeros((4, 3)))
    assert set(ledger.current.gradients["hand_written:backward"]) == {"dx", "dw"}


def test_dictionary_entries_are_gradients(module: ModuleType) -> None:
    planted("hand_written:grads", "W", "sign")
    assert np.array_equal(module.grads(np.ones(3))["W"], -2 * np.ones(3))


def test_arrays_that_a_method_stores_are_gradients(module: ModuleType) -> None:
    planted("hand_written:Layer.backward", "self.dW", "doubled")
    layer = module.Layer()
    assert np.array_equal(layer.backward(np.ones(3)), -np.ones(3))
    assert np.array_equal(layer.dW, np.full(3, 6.0))


def test_name_that_is_not_there_is_said_with_those_that_are(module: ModuleType) -> None:
    with pytest.raises(named.Unknown, match=r"hand_written has no bakward; it has backward, grads, Layer"):
        named.watch(Ledger(), "hand_written:bakward")

"""What cannot be read is refused with the file, the line, the thing, and what to add to the case."""

from __future__ import annotations

import numpy as np
import pytest
from code_setup import REFERENCES, derivation, written

from gradproof import Code, GradproofError, crosscheck
from gradproof.code import load_file
from gradproof.code.load import read_code

RIGHT = """
    def backward(dout, x, w, z):
        dz = dout * (z > 0)
        return dz @ w, dz.T @ x, dz.sum(axis=0)
"""
RESULTS = ("dLoss_dX", "dLoss_dW", "dLoss_db")

BROKEN = {
    "an argument without a meaning": (
        RIGHT.replace("x, w, z", "x, w, z, flavour"),
        {},
        r"layers.py:3: backward: no meaning is known for the arguments flavour.*Code\(names=\{\"flavour\": \"X\"\}\)",
    ),
    "wrong results without names": (
        RIGHT.replace("dz.T @ x", "2 * dz.T @ x, 3 * dz.T @ x"),
        {"results": ()},
        r"backward returns result\[1\] of the shape \(3, 4\), and nothing says.*dLoss_dW.*results=",
    ),
    "too few results named": (RIGHT, {"results": ("dLoss_dX",)}, r"names 1 quantities, but backward returns 3"),
    "a gradient that is nowhere": (
        RIGHT.replace(", dz.sum(axis=0)", ""),
        {"results": RESULTS[:2]},
        r"no variable for dLoss_db:.*absent",
    ),
    "absent, but there": (RIGHT, {"absent": ("dLoss_db",)}, "dLoss_db is not absent"),
    "a map for no variable": (RIGHT, {"names": {"dzz": "dLoss_dZ"}}, r"no variable 'dzz' \(did you mean dz"),
    "a map to no quantity": (RIGHT, {"names": {"x": "Q"}}, "x stands for Q, but the reference has no Q"),
    "a generator": (RIGHT.replace("return", "yield"), {}, "generator"),
    "any number of arguments": (RIGHT.replace("x, w, z", "*rest"), {}, r"\*rest\) takes any number of arguments"),
    "a statement that fails": (
        RIGHT.replace("dz.T @ x", "dz @ x"),
        {},
        r"layers.py:5: return dz @ w, dz @ x.*: ValueError",
    ),
    "a way that raises": (
        RIGHT.replace("dz = dout", "if x.ndim == 2:\n            raise ValueError(x.shape)\n        dz = dout"),
        {},
        r"layers.py:5: raise ValueError\(x.shape\): ValueError: \(5, 4\); backward was called",
    ),
    "a random number": (
        RIGHT.replace("(z > 0)", "(z > 0) * np.random.rand(*z.shape)"),
        {},
        r"layers.py:3: backward: called again on the same numbers.*random numbers are drawn",
    ),
    "a global counter": (
        "    calls = []\n" + RIGHT.replace("dz = dout", "calls.append(1)\n        dz = len(calls) * dout"),
        {},
        "state is kept outside",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_read_is_refused_with_a_way_out(tmp_path, name):
    text, options, message = BROKEN[name]
    with pytest.raises(GradproofError, match=f"(?s){message}"):
        derivation(tmp_path, text, "backward", **{"results": RESULTS, **options})


def test_the_unbroken_code_is_read(tmp_path):
    assert crosscheck(derivation(tmp_path, RIGHT, "backward", results=RESULTS), REFERENCES, trials=50).ok


def test_a_function_that_does_not_exist_is_refused_with_those_that_do(tmp_path):
    with pytest.raises(GradproofError, match=r"has no backwards \(did you mean backward\?\)"):
        derivation(tmp_path, RIGHT, "backwards", results=RESULTS)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return", "for _ in range(2):\n            return"),
        ("return", "flat = dz.reshape(-1)\n        flat *= 1.0\n        return"),
        ("return", "if dz.max() > 100:\n            return None\n        return"),
    ],
)
def test_what_cannot_be_followed_is_called_as_a_whole(tmp_path, old, new):
    right = derivation(tmp_path, RIGHT.replace(old, new), "backward", results=RESULTS)
    assert crosscheck(right, REFERENCES, trials=50).ok
    wrong = derivation(tmp_path, RIGHT.replace(old, new).replace("dz @ w", "dz @ w * 2"), "backward", results=RESULTS)
    assert [one.equation for one in crosscheck(wrong, REFERENCES, trials=50, repair=False).wrong] == ["dLoss_dX"]


def test_a_write_through_a_view_is_a_write(tmp_path):
    text = RIGHT.replace("return", "flat = dz.reshape(-1)\n        flat *= 2\n        return")
    result = crosscheck(derivation(tmp_path, text, "backward", results=RESULTS), REFERENCES, trials=50, repair=False)
    assert {one.equation for one in result.wrong} == set(RESULTS)


def test_a_function_without_a_text_is_called_as_a_whole():
    space = {"np": np}
    exec("def backward(dout, x, w, z):\n    dz = dout * (z > 0)\n    return dz @ w, dz.T @ x, dz.sum(0)", space)
    for function in (space["backward"], lambda dout, x, w, z: space["backward"](dout, x, w, z)):
        read = read_code(Code(function, results=RESULTS), REFERENCES[0])
        assert crosscheck(read, REFERENCES, trials=50).ok


def test_results_without_names_are_what_they_agree_with(tmp_path):
    result = crosscheck(derivation(tmp_path, RIGHT, "backward"), REFERENCES, trials=50)
    assert result.ok
    assert set(RESULTS) <= {one.equation for one in result.results}


def test_two_gradients_in_the_wrong_order_disagree(tmp_path):
    results = ("dLoss_db", "dLoss_dW", "dLoss_dX")
    read = derivation(tmp_path, RIGHT, "backward", results=results)
    result = crosscheck(read, REFERENCES, trials=50, repair=False)
    assert {one.equation for one in result.wrong} == {"dLoss_db", "dLoss_dX"}


def test_an_opaque_result_of_another_shape_disagrees(tmp_path):
    text = RIGHT.replace("dz.T @ x", "x.T @ dz")
    wrong = derivation(tmp_path, text, "backward", opaque=True, results=RESULTS)
    result = crosscheck(wrong, REFERENCES, trials=50)
    (one,) = result.wrong
    assert one.equation == "dLoss_dW"
    assert one.diagnosis.endswith("x.T @ dz is not transposed")
    assert one.fix


def test_a_class_that_cannot_be_made_is_refused_with_its_signature(tmp_path):
    text = """
        class Layer:
            def __init__(self, units):
                self.W = np.zeros((3, units))

            def backward(self, dout, x):
                self.dW = dout.T @ x
    """
    with pytest.raises(
        GradproofError, match=r"Layer.*units.* is made with units, .*none of .*sizes .*constructor=.*units"
    ):
        derivation(tmp_path, text, "Layer.backward")


def test_code_in_parentheses_of_nothing_is_refused():
    with pytest.raises(GradproofError, match="takes the functions to read"):
        Code()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"results": "dLoss_dW"}, "takes a tuple"),
        ({"absent": "dLoss_dW"}, "takes a tuple"),
        ({"names": {"x": 3}}, "which is no name"),
    ],
)
def test_a_wrong_option_is_refused(options, message):
    with pytest.raises(GradproofError, match=message):
        Code("backward", **options)


def test_a_file_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(GradproofError, match=r"there is no file layers\.py"):
        load_file(tmp_path / "layers.py")


def test_code_in_a_package_keeps_its_relative_imports(tmp_path):
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "helpers.py").write_text("def relu_mask(z):\n    return z > 0\n")
    (package / "layers.py").write_text("from .helpers import relu_mask\n")
    assert load_file(package / "layers.py").relu_mask(1)


def test_a_file_is_loaded_as_it_is_now(tmp_path):
    assert written(tmp_path, "A = 1").A == 1
    assert written(tmp_path, "A = 2").A == 2

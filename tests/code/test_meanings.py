"""What the variables of code are: by their spelling, by their shapes, by what is returned."""

from __future__ import annotations

import pytest
import torch
from code_setup import checked, written
from torch import nn

from gradproof import Code, GradproofError, Reference, crosscheck, normal

TEXT = """
    def forward(x, w, b):
        z = x @ w.T + b
        return np.maximum(z, 0), (x, w, z)

    def backward(dout, cache):
        x, w, z = cache
        dz = dout * (z > 0)
        dw = dz.T @ x
        db = dz.sum(axis=0)
        dx = dz @ w
        return dx, dw, db
"""
BOTH = ("forward", "backward")


class States(nn.Module):
    """X (time, size) -> H (time, size), the running sum of the squares."""

    def __init__(self):
        super().__init__()
        self.states, self.scale = nn.Identity(), nn.Parameter(torch.empty(3))

    def forward(self, X):
        return self.states(torch.cumsum(self.scale * X**2, dim=0))


STATES = Reference(States, {"X": normal(4, 3)}, {"H": "states"})
ONE_STEP = """
    def forward(X, scale):
        H = np.zeros_like(X)
        for t in range(len(X)):
            H[t] = scale * X[t] ** 2 + (H[t - 1] if t else 0)
        h = H[-1]
        return H

    def backward(dout, X, scale):
        dx, dscale = np.zeros_like(X), np.zeros_like(scale)
        dh = np.zeros_like(dout[0])
        for t in reversed(range(len(X))):
            dh = dh + dout[t]
            dx[t] = 2 * scale * X[t] * dh
            dscale += X[t] ** 2 * dh
        return dx, dscale
"""


def verdicts(result):
    return {one.equation: one.verdict for one in result.results}


def test_state_of_one_step_is_not_that_of_all(tmp_path):
    module = written(tmp_path, ONE_STEP)
    result = crosscheck(Code(module.forward, module.backward), STATES, trials=100)
    assert result.ok
    assert verdicts(result) == dict.fromkeys(["H", "Y", "dLoss_dX", "dLoss_dscale"], "agrees")


def test_gradient_of_another_shape_than_its_parameter_is_wrong_not_lost(tmp_path):
    module = written(
        tmp_path, ONE_STEP.replace("return dx, dscale", "dscale = dscale.sum()\n        return dx, dscale")
    )
    result = crosscheck(Code(module.forward, module.backward), STATES, trials=100)
    assert verdicts(result)["dLoss_dscale"] == "disagrees"


@pytest.mark.parametrize("line", ["g = np.ones(3)", "grad = dout.sum()", "dy = z * 2", "X = 5 * z", "upstream = w[0]"])
def test_computed_variable_is_nothing_that_is_drawn(tmp_path, line):
    text = TEXT.replace("        dw =", f"        {line}\n        dw =")
    assert set(verdicts(checked(tmp_path, text, *BOTH)).values()) == {"agrees"}


def test_returned_expression_is_judged_beside_the_variable_of_its_name(tmp_path):
    result = checked(tmp_path, TEXT.replace("return dx, dw", "return dx * 2, dw"), *BOTH)
    assert verdicts(result)["dLoss_dX__backward"] == "agrees"
    assert [one.equation for one in result.wrong] == ["dLoss_dX"]
    assert result.wrong[0].fix_place.endswith("layers.py:13")


@pytest.mark.parametrize(
    "lines",
    [
        "rows, size = w.shape[0:]",
        "first, *others = x.shape",
        "*others, last = z.shape",
        "(n, d), k = x.shape, 3",
        "n, d = x.shape[0], x.shape[1]",
        "a, c = np.split(z, [1])",
        "(one,) = (z,)",
        "top, *below = z",
    ],
)
def test_values_taken_apart_in_any_way_are_read(tmp_path, lines):
    text = TEXT.replace("        return np.maximum", f"        {lines}\n        return np.maximum")
    assert set(verdicts(checked(tmp_path, text, *BOTH)).values()) == {"agrees"}


def test_values_taken_apart_carry_a_slip_to_its_line(tmp_path):
    text = TEXT.replace("db = dz.sum(axis=0)", "(first, *rest), k = dz, 1\n        db = first + sum(rest[1:])")
    (wrong,) = checked(tmp_path, text, *BOTH).wrong
    assert wrong.equation == "dLoss_db"
    assert wrong.place.endswith("layers.py:12")


def test_values_of_another_number_are_refused_with_the_line(tmp_path):
    text = TEXT.replace("        return np.maximum", "        a, c, d = x.shape\n        return np.maximum")
    with pytest.raises(GradproofError, match=r"layers.py:5: a, c, d = x.shape: ValueError"):
        checked(tmp_path, text, *BOTH)


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.w, self.b = nn.Parameter(torch.empty(2, 4)), nn.Parameter(torch.empty(2))

    def forward(self, x):
        return torch.relu(x @ self.w.T + self.b)


@pytest.mark.parametrize(
    ("result", "verdict"),
    [("1.0 * dz @ w", "agrees"), ("2.0 * dz @ w", "disagrees"), ("dw @ dw.T", "of no shape that its place has")],
)
def test_unnamed_gradient_has_its_place_among_those_that_stand_at_theirs(tmp_path, result, verdict):
    text = TEXT.replace("return dx, dw, db", f"return {result}, dw, db").replace("dx = dz @ w", "pass")
    module = written(tmp_path, text)
    case = Code(module.forward, module.backward), Reference(Layer, {"x": normal(5, 4)})
    found = verdicts(crosscheck(*case, trials=50, repair=False))
    assert found.get("dLoss_dx", "of no shape that its place has") == verdict

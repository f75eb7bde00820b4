"""The statement of a backward that is wrong: found by running the function with edits of its own text."""

from __future__ import annotations

import cProfile
import importlib
import json

import pytest
import torch
import torch.nn.functional as F
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from gradproof import check_function, normal


class Softmax(Function):
    @staticmethod
    def forward(ctx, x):
        y = torch.softmax(x, -1)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return y * (g - (g * y).mean(-1, keepdim=True))


class RMSNorm(Function):
    @staticmethod
    def forward(ctx, x, w, eps):
        r = torch.rsqrt(x.square().mean(-1, keepdim=True) + eps)
        ctx.save_for_backward(x, w, r)
        return x * r * w

    @staticmethod
    def backward(ctx, g):
        x, w, r = ctx.saved_tensors
        dx = dw = None
        if ctx.needs_input_grad[0]:
            dx = r * g * w - r**2 * x * (g * w * x).mean(-1, keepdim=True)
        if ctx.needs_input_grad[1]:
            dw = (g * x * r).flatten(0, -2).sum(0)
        return dx, dw, None


def made_scan(*, late):
    """A function that is made within another one, and reads what stands around it."""
    step = 0 if late else 1

    class Scan(Function):
        @staticmethod
        def forward(ctx, a, b):
            states = [torch.zeros_like(b[0])]
            for t in range(len(a)):
                states.append(a[t] * states[t] + b[t])
            states = torch.stack(states)
            ctx.save_for_backward(a, states)
            return states[1:]

        @staticmethod
        def backward(ctx, g):
            a, states = ctx.saved_tensors
            da, db = torch.empty_like(a), torch.empty_like(a)
            above = torch.zeros_like(a[0])
            for t in reversed(range(len(a))):
                above = above + g[t]
                da[t] = above * states[t + 1 - step]
                db[t] = above
                above = above + a[t]
            return da, db

    return Scan.apply


def scan(a, b):
    state, states = torch.zeros_like(b[0]), []
    for t in range(len(a)):
        state = a[t] * state + b[t]
        states.append(state)
    return torch.stack(states)


CASES = {
    "a mean for a sum": (
        Softmax.apply,
        lambda x: x.softmax(-1),
        {"x": normal(5, 4)},
        ("return y * (g - (g * y).sum(-1, keepdim=True))", "sum belongs where mean stands"),
    ),
    "another power, in a branch": (
        lambda x, w: RMSNorm.apply(x, w, 1e-6),
        lambda x, w: F.rms_norm(x, x.shape[-1:], w, 1e-6),
        lambda batch, n: {"x": normal(batch, n), "w": normal(n)},
        ("dx = r * g * w - r ** 3 * x * (g * w * x).mean(-1, keepdim=True)", "the power of r should be 3"),
    ),
    "a sum for a product, in a loop of a closure": (
        made_scan(late=False),
        scan,
        lambda steps, n: {"a": normal(steps, n), "b": normal(steps, n)},
        ("above = above * a[t]", "above + a[t] should be above * a[t]"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_wrong_statement_is_named_and_mended(name):
    function, reference, inputs, (after, said) = CASES[name]
    result = check_function(function, reference, inputs, dtypes=["float64"], edges=False)
    assert result.fix is not None, str(result)
    assert (result.fix.after.replace("**", " ** ").replace("  ", " "), result.fix.sentence) == (after, said)
    assert f"+ {result.fix.after[:40]}" in str(result)
    assert json.loads(result.to_json())["fix"]["line"] == result.fix.line


def test_statement_is_mended_where_another_one_is_wrong_too():
    inputs = {"a": normal(6, 3), "b": normal(6, 3)}
    result = check_function(made_scan(late=True), scan, inputs, dtypes=["float64"])
    assert {one.quantity for one in result.wrong} == {"gradient of a", "gradient of b"}
    assert result.fix is not None
    assert "gradient of b" in result.fix.mends
    assert "above = above * a[t]" in result.fix.after


def test_statement_is_looked_for_only_where_something_is_wrong():
    right = check_function(torch.sin, torch.sin, {"x": normal(5, 3)}, dtypes=["float64"])
    assert right.ok
    assert right.fix is None


def test_function_without_a_text_has_no_statement():
    space = {"torch": torch, "Function": Function}
    exec(  # its text lies in no file
        "class Hidden(Function):\n"
        "    forward = staticmethod(lambda ctx, x: 2 * x)\n"
        "    backward = staticmethod(lambda ctx, g: 3 * g)\n",
        space,
    )
    result = check_function(space["Hidden"].apply, lambda x: 2 * x, {"x": normal(5, 3)}, dtypes=["float64"])
    assert not result.ok
    assert result.fix is None


def test_wrong_complex_gradient_is_told():
    class Turned(Function):
        @staticmethod
        def forward(ctx, z, w):
            ctx.save_for_backward(z, w)
            return z @ w

        @staticmethod
        def backward(ctx, g):
            z, w = ctx.saved_tensors
            return g @ w.mH, z.mT @ g

    inputs = {name: torch.randn(3, 3, dtype=torch.complex128) for name in "zw"}
    result = check_function(Turned.apply, torch.matmul, inputs, dtypes=["float64"], trials=2)
    assert {one.quantity for one in result.wrong if not one.configuration} == {"gradient of w"}


def test_statement_of_a_helper_in_another_file_is_mended(tmp_path, monkeypatch):
    (tmp_path / "its_helpers.py").write_text("def slope(x, g):\n    return 3 * x * g\n")
    monkeypatch.syspath_prepend(tmp_path)
    helpers = importlib.import_module("its_helpers")

    class Square(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            return helpers.slope(*ctx.saved_tensors, g)

    result = check_function(Square.apply, torch.square, {"x": normal(4, 3)}, dtypes=["float64"], trials=2)
    assert (result.fix.path.name, result.fix.after) == ("its_helpers.py", "return 2 * x * g")


class MeanForSum(Function):
    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return x @ w.T

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        return g @ w, g.T @ x / len(x)


def linear(x, w):
    return x @ w.T


def test_statement_is_looked_for_under_a_profiler_too():
    with cProfile.Profile() as profile:
        result = check_function(MeanForSum.apply, linear, {"x": normal(5, 3), "w": normal(4, 3)}, dtypes=["float64"])
    assert result.fix is not None
    assert profile.getstats()


def test_statement_is_looked_for_in_bfloat16_too():
    inputs = {"x": normal(5, 3), "w": normal(4, 3)}
    result = check_function(MeanForSum.apply, linear, inputs, dtypes=["bfloat16"], trials=1)
    assert {one.quantity for one in result.wrong} == {"gradient of w"}


def test_search_that_fails_costs_the_fix_alone(monkeypatch):
    def fails(self):
        raise RuntimeError("no such thing")

    monkeypatch.setattr("gradproof.functions.telling.line.Search.fix", fails)
    inputs = {"x": normal(5, 3), "w": normal(4, 3)}
    result = check_function(MeanForSum.apply, linear, inputs, dtypes=["float64"], trials=1)
    assert {one.quantity for one in result.wrong} == {"gradient of w"}
    assert "looking for its wrong statement failed (RuntimeError: no such thing)" in result.notes

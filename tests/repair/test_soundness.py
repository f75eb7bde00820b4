"""What agrees in all trials and is no fix; and that the statement that is shown is the one that is edited."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from gradproof import Reference, crosscheck, normal
from gradproof.check.facts.result import EquationResult
from gradproof.repair.evidence.groups import usable_rows
from gradproof.repair.evidence.soundness import adds_a_size, divides_by_gradient, edited_statements


class _MeanSquare(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x**2).mean()


def _only(equation: Any, model: Any, **inputs: Any) -> EquationResult:
    (one,) = crosscheck([equation], Reference(model=model, inputs=inputs), trials=50).results
    return one


def test_fix_that_agrees_by_chance_of_the_sizes_is_not_given() -> None:
    def dLoss_dx(x: Any) -> Any:
        n = x.size
        return x / n

    one = _only(dLoss_dx, _MeanSquare, x=normal(3, 2))  # x / x.shape[0] is right at these sizes, and wrong at others
    assert "2" in one.fix
    assert not one.fix_one_size
    assert not any("shape" in text or "/ 3" in text for text in (one.fix, *one.alternatives))


def test_fix_of_a_local_variable_shows_the_statement_that_is_edited() -> None:
    def dLoss_dx(dLoss_dY: Any, x: Any) -> Any:
        s = 1 / (1 + np.exp(x))
        return dLoss_dY * (s + x * s * (1 - s))

    (one,) = crosscheck(
        [dLoss_dx], Reference(model=nn.SiLU, inputs={"input": normal(2, 3)}, symbols={"x": "input"}), trials=50
    ).results
    assert (one.fix_before, one.fix) == ("s = 1 / (1 + np.exp(x))", "s = 1 / (1 + np.exp(-x))")
    assert one.fix_place.endswith(f":{dLoss_dx.__code__.co_firstlineno + 1}")


@pytest.mark.parametrize(
    ("after", "divides"),
    [
        ("def f(dLoss_dY, x):\n    return dLoss_dY / x", False),
        ("def f(dLoss_dY, x):\n    return x / dLoss_dY", True),
        ("def f(dLoss_dY, x):\n    return x * (1 + dLoss_dY) ** -2", True),
        ("def f(dLoss_dY, x):\n    x /= dLoss_dY.sum()\n    return x", True),
        ("def f(dLoss_dY, x):\n    return np.divide(x, 2 * dLoss_dY)", True),
    ],
)
def test_division_by_a_gradient_is_seen(after: str, divides: bool) -> None:
    assert divides_by_gradient("def f(dLoss_dY, x):\n    return dLoss_dY * x", after) is divides


def test_division_by_a_gradient_that_was_there_is_no_matter() -> None:
    text = "def f(dLoss_dY, x):\n    return {}x / dLoss_dY"
    assert not divides_by_gradient(text.format(""), text.format("2 * "))


def test_added_size_is_seen() -> None:
    text = "def f(x):\n    return {}"
    assert adds_a_size(text.format("2 * x"), text.format("x.shape[0] * x"), frozenset({2, 5}))
    assert adds_a_size(text.format("x"), text.format("5 * x"), frozenset({2, 5}))
    assert not adds_a_size(text.format("x"), text.format("3 * x"), frozenset({2, 5}))


def test_edited_statements_of_the_last_return_are_none() -> None:
    text = "def f(x):\n    y = {}\n    return {}"
    assert edited_statements(text.format("x", "y"), text.format("x", "2 * y")) == ("", "", 0)
    assert edited_statements(text.format("x", "y"), text.format("3 * x", "y")) == ("y = x", "y = 3 * x", 2)


def test_fix_writes_into_no_input() -> None:
    def dLoss_dx(dLoss_dY: Any) -> Any:
        dx = dLoss_dY * 1.0
        dx[0] *= 0
        return dx

    class Same(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * 1.0

    one = _only(dLoss_dx, Same, x=normal(4))
    assert "dLoss_dY[0]" not in " ".join((one.fix, *one.alternatives))


def test_fix_is_given_where_the_model_cannot_be_built_at_other_sizes() -> None:
    def dLoss_dx(dLoss_dY: Any, W: Any) -> Any:
        return -dLoss_dY @ W

    reference = Reference(
        model=lambda: nn.Linear(4, 3, bias=False), inputs={"input": normal(4)}, symbols={"x": "input", "W": "weight"}
    )
    (one,) = crosscheck([dLoss_dx], reference, trials=50).results
    assert one.fix == "dLoss_dY @ W"
    assert one.fix_one_size


def test_no_fix_is_judged_on_what_rounding_leaves_of_zero() -> None:
    gradients = np.array([[1.0, 2.0], [1e-17, 0.0], [0.0, 0.0], [np.nan, 1.0], [0.5, 1e-17]])
    assert usable_rows({"dLoss_dx": gradients, "k": np.arange(5)}).tolist() == [0, 2, 4]
    assert usable_rows({"Loss": np.full(3, 1e-17)}).tolist() == [0, 1, 2]

"""Backward passes that choose: right ones agree with a resolution near rounding, a factor in one branch is caught."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from gradproof import Reference, crosscheck, normal, one_hot

Array = Any
FACTOR = {"float64": 1 + 1e-9, "float32": 1 + 1e-4}


def model(rule: Callable[..., torch.Tensor], names: str) -> type[nn.Module]:
    space: dict[str, Any] = {"rule": rule}
    exec(f"def forward(self, {names}):\n    return rule({names})", space)
    return type("Model", (nn.Module,), {"forward": space["forward"]})


def max_pool(factor: float) -> Callable[..., Array]:
    def dLoss_dx(dLoss_dY, x):
        m = x.max(axis=1)
        return dLoss_dY[:, None] * (x == m[:, None]) * np.where(x > 0, factor, 1.0)

    return dLoss_dx


def max_pool_of_product(factor: float) -> Callable[..., Array]:
    def dLoss_dx(dLoss_dY, x, w):
        h = x @ w
        dh = dLoss_dY[:, None] * ((x @ w) == h.max(axis=1)[:, None]) * factor
        return dh @ w.T

    return dLoss_dx


def argmax_mask(factor: float) -> Callable[..., Array]:
    def dLoss_dx(dLoss_dY, x):
        h = np.tanh(x)
        place = h.argmax(axis=1)
        dh = np.zeros_like(x)
        dh[np.arange(len(x)), place] = dLoss_dY * factor
        return dh * (1 - h**2)

    return dLoss_dx


def clamp(factor: float) -> Callable[..., Array]:
    def dLoss_dx(dLoss_dY, x):
        y = np.clip(3 * x, -1, 1)
        return dLoss_dY * 3 * (np.abs(y) < 1) * np.where(x < 0, factor, 1.0)

    return dLoss_dx


def absolute(factor: float) -> Callable[..., Array]:
    def dLoss_dx(dLoss_dY, x):
        return dLoss_dY * np.where(np.sign(x) > 0, factor, -1.0)

    return dLoss_dx


def hinge(factor: float) -> Callable[..., Array]:
    def dLoss_dx(x, t):
        margins = np.maximum(0, x - (x * t).sum(axis=1, keepdims=True) + 1) * (1 - t)
        on = (margins > 0) * factor
        return (on - t * on.sum(axis=1, keepdims=True)) / len(x)

    return dLoss_dx


def huber(factor: float) -> Callable[..., Array]:
    def dLoss_dx(dLoss_dY, x):
        return dLoss_dY * np.where(np.abs(x) <= 1, x * factor, np.sign(x))

    return dLoss_dx


def top_k(factor: float) -> Callable[..., Array]:
    def dLoss_dx(dLoss_dY, x):
        h = np.exp(x)
        smallest = np.sort(h, axis=1)[:, -2:-1]
        return dLoss_dY[:, None] * (h >= smallest) * h * factor

    return dLoss_dx


def hinge_loss(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    return (torch.relu(x - (x * t).sum(1, keepdim=True) + 1) * (1 - t)).sum() / len(x)


XY = {"x": normal(5, 4)}
CASES = {
    "max_pool": (max_pool, lambda x: x.max(dim=1).values, XY),
    "max_pool_of_product": (max_pool_of_product, lambda x, w: (x @ w).amax(1), {"x": normal(5, 4), "w": normal(4, 3)}),
    "argmax_mask": (argmax_mask, lambda x: torch.tanh(x).max(dim=1).values, XY),
    "clamp": (clamp, lambda x: (3 * x).clamp(-1, 1), XY),
    "absolute": (absolute, torch.abs, XY),
    "hinge": (hinge, hinge_loss, {"x": normal(5, 4), "t": one_hot(5, classes=4)}),
    "huber": (huber, lambda x: torch.nn.functional.huber_loss(x, 0 * x, reduction="none"), XY),
    "top_k": (top_k, lambda x: torch.exp(x).topk(2, dim=1).values.sum(1), XY),
}


def checked(name: str, factor: float, dtype: str, scale: float = 1.0) -> Any:
    make, rule, inputs = CASES[name]
    reference = Reference(model=model(rule, ", ".join(inputs)), inputs=inputs)
    result = crosscheck([make(factor)], reference, trials=400, dtype=dtype, scale=scale, repair=False)
    return result.results[0]


@pytest.mark.parametrize("dtype", FACTOR)
@pytest.mark.parametrize("name", CASES)
def test_right_choice_agrees_near_rounding(name, dtype):
    one = checked(name, 1.0, dtype)
    assert one.verdict == "agrees"
    assert one.resolution < (1e-13 if dtype == "float64" else 1e-4)


@pytest.mark.parametrize("dtype", FACTOR)
@pytest.mark.parametrize("name", CASES)
def test_factor_in_one_branch_is_caught(name, dtype):
    assert checked(name, FACTOR[dtype], dtype).verdict == "disagrees"


@pytest.mark.parametrize("scale", [1e-3, 30.0])
@pytest.mark.parametrize("name", CASES)
def test_right_choice_is_not_accused_where_values_round_together(name, scale):
    assert checked(name, 1.0, "float32", scale).verdict != "disagrees"

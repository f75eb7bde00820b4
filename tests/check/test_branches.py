"""Backward passes that choose: right ones agree with a resolution near rounding, a factor in one branch is caught."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from gradproof import Reference, crosscheck, normal, one_hot
from gradproof.check.compare import Tally
from gradproof.check.judging import OWN
from gradproof.check.verdicts import Evidence, results_of

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


class Pooled(nn.Module):
    """Y (batch,) = the largest entry of each row of H (batch, n) = GELU(x)."""

    def __init__(self) -> None:
        super().__init__()
        self.H, self.Y = nn.Identity(), nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.Y(self.H(0.5 * x * (1 + torch.erf(x / 2**0.5))).max(dim=1).values)


def _erf(x):
    return np.frompyfunc(math.erf, 1, 1)(x).astype(x.dtype)


def pooled(factor: float) -> Any:
    def H(x):
        return 0.5 * x * (1 + _erf(x / np.sqrt(2)))

    def Y(H):
        return H.max(axis=1)

    def dLoss_dH(dLoss_dY, H, Y):
        return factor * dLoss_dY[:, None] * (Y[:, None] == H)

    def dLoss_dx(dLoss_dH, x):
        return dLoss_dH * (0.5 * (1 + _erf(x / np.sqrt(2))) + x * np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi))

    reference = Reference(Pooled, inputs={"x": normal(5, 4)}, output="Y", symbols={"H": "H"})
    result = crosscheck([H, Y, dLoss_dH, dLoss_dx], reference, trials=60, repair=False)
    return {one.equation: one.verdict for one in result.results}


def test_mask_by_a_maximum_that_is_read_is_judged_and_what_reads_it_inherits() -> None:
    assert set(pooled(1.0).values()) == {"agrees"}
    found = pooled(2.0)
    assert (found["dLoss_dH"], found["dLoss_dx"]) == ("disagrees", "inherits")


def test_equation_that_true_inputs_cannot_tell_of_is_the_root_of_what_reads_it(monkeypatch) -> None:
    def blind(evidence: Evidence) -> Any:
        own = {(OWN, "dLoss_dH"): Tally(trials=60, edges=60), (OWN, "dLoss_dx"): Tally(trials=60)}
        return results_of(replace(evidence, tallies={**evidence.tallies, **own}))

    monkeypatch.setattr("gradproof.run.trials.results_of", blind)
    found = pooled(2.0)
    assert (found["dLoss_dH"], found["dLoss_dx"]) == ("disagrees", "inherits")

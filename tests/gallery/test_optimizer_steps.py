"""Optimizers over many steps: the derivation carries its own state along beside torch.optim, from the same start."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from harness import PROJECT, Variant, planted
from torch import nn

from gradproof import Reference, crosscheck, integers, log_uniform, normal, uniform

CASES = ("sgd", "sgd_nesterov", "rmsprop", "adagrad", "adam", "adamw")
STEPS = 100
TRIALS = 300
ULPS = 10_000
"""So many units of the largest parameter 100 steps of rounding may add up to; a wrong step is off by more in one."""


def parted(case: str, project=PROJECT, dtype: str = "float64") -> np.ndarray:
    """The largest difference after each step, in units of the largest parameter."""
    result = crosscheck(case, project=project, trials=TRIALS, steps=STEPS, dtype=dtype, repair=False)
    trajectory = result.trajectory
    unit = np.finfo(dtype).eps * np.maximum(1.0, trajectory.largest_parameter)
    return np.array(trajectory.max_difference) / unit


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("case", CASES)
def test_trajectory_of_right_steps_stays_within_rounding(case: str, dtype: str) -> None:
    apart = parted(case, dtype=dtype)
    assert len(apart) == STEPS
    assert apart.max() < ULPS


@pytest.mark.parametrize(
    "variant",
    [
        Variant("sgd", "the buffer is not kept", "return mu * v + (1", "return (1", "v_new"),
        Variant("adam", "steps are counted twice", "return t + 1", "return t + 2", "t_new"),
        Variant("adagrad", "the steps are not counted", "return t + 1", "return t", "t_new"),
        Variant("rmsprop", "epsilon under the root", "(np.sqrt(S) + epsilon)", "np.sqrt(S + epsilon)", "W_new"),
    ],
    ids=lambda variant: variant.label,
)
def test_trajectory_of_wrong_steps_parts(variant: Variant, tmp_path) -> None:
    project, _ = planted(variant, tmp_path)
    assert not parted(variant.case, project).max() < 100 * ULPS


class LeastSquares(nn.Module):
    """X (5, 2), T (5, 3) -> half the squared error, the mean over the batch."""

    def __init__(self) -> None:
        super().__init__()
        self.W = nn.Parameter(torch.zeros(3, 2))

    def forward(self, X: torch.Tensor, T: torch.Tensor) -> torch.Tensor:
        return ((X @ self.W.T - T) ** 2).sum() / (2 * len(X))


def gradient(W, X, T):
    return (X @ W.T - T).T @ X / X.shape[0]


def root(s, epsilon):
    return np.sqrt(s) + epsilon


OPTIONS = {
    "SGD, maximize": (
        torch.optim.SGD,
        {"maximize": True},
        {},
        {"W_new": lambda W, eta, dLoss_dW: W + eta * dLoss_dW},
    ),
    "RMSprop, centered, momentum": (
        torch.optim.RMSprop,
        {"alpha": 0.9, "eps": 0.1, "momentum": 0.8, "centered": True},
        {"square_avg": uniform(1.5, 2.5, symbol="s"), "grad_avg": uniform(-1, 1, symbol="g"), "momentum_buffer": 0.0},
        {
            "s_W_new": lambda s_W, dLoss_dW: 0.9 * s_W + 0.1 * dLoss_dW**2,
            "g_W_new": lambda g_W, dLoss_dW: 0.9 * g_W + 0.1 * dLoss_dW,
            "momentum_buffer_W_new": lambda momentum_buffer_W, dLoss_dW, s_W_new, g_W_new: (
                0.8 * momentum_buffer_W + dLoss_dW / root(s_W_new - g_W_new**2, 0.1)
            ),
            "W_new": lambda W, eta, momentum_buffer_W_new: W - eta * momentum_buffer_W_new,
        },
    ),
    "Adagrad, weight decay": (
        torch.optim.Adagrad,
        {"weight_decay": 0.1, "eps": 0.01},
        {"sum": uniform(0.1, 1.0, symbol="s")},
        {
            "s_W_new": lambda s_W, dLoss_dW, W: s_W + (dLoss_dW + 0.1 * W) ** 2,
            "W_new": lambda W, eta, dLoss_dW, s_W_new: W - eta * (dLoss_dW + 0.1 * W) / root(s_W_new, 0.01),
        },
    ),
    "Adam, amsgrad, coupled weight decay": (
        torch.optim.Adam,
        {"betas": (0.9, 0.95), "eps": 0.01, "weight_decay": 0.1, "amsgrad": True},
        {
            "exp_avg": normal(symbol="m"),
            "exp_avg_sq": uniform(0.1, 1.0, symbol="v"),
            "max_exp_avg_sq": uniform(0.5, 1.0, symbol="top"),
            "step": integers(1, 20, symbol="t"),
        },
        {
            "t_new": lambda t: t + 1,
            "m_W_new": lambda m_W, dLoss_dW, W: 0.9 * m_W + 0.1 * (dLoss_dW + 0.1 * W),
            "v_W_new": lambda v_W, dLoss_dW, W: 0.95 * v_W + 0.05 * (dLoss_dW + 0.1 * W) ** 2,
            "top_W_new": lambda top_W, v_W_new: np.maximum(top_W, v_W_new),
            "W_new": lambda W, eta, m_W_new, top_W_new, t_new: (
                W - eta * m_W_new / (1 - 0.9**t_new) / root(top_W_new / (1 - 0.95**t_new), 0.01)
            ),
        },
    ),
}


@pytest.mark.parametrize("options", OPTIONS)
def test_trajectory_with_other_options_stays_within_rounding(options: str) -> None:
    optimizer, given, state, steps = OPTIONS[options]
    reference = Reference(
        model=LeastSquares,
        inputs={"X": normal(5, 2), "T": normal(5, 3)},
        optimizer=optimizer,
        hyperparameters={"lr": log_uniform(1e-3, 0.1, symbol="eta"), **given},
        state=state,
    )
    result = crosscheck({"dLoss_dW": gradient, **steps}, reference, trials=TRIALS, steps=STEPS, repair=False)
    assert {one.verdict for one in result.results} == {"agrees"}
    trajectory = result.trajectory
    assert len(trajectory.max_difference) == STEPS
    largest = np.maximum(1.0, trajectory.largest_parameter)
    assert (np.array(trajectory.max_difference) / (np.finfo(float).eps * largest)).max() < ULPS

"""Optimizers over many steps: the derivation carries its own state along beside torch.optim, from the same start."""

from __future__ import annotations

import numpy as np
import pytest
from harness import PROJECT, Variant, planted

from gradproof import crosscheck

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

"""The optimizers of the gallery as a reader would use them: called in a loop by hand, from zero, beside torch.optim."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from harness import PROJECT

Array = Any
Step = Callable[[int], Array]
STEPS = 200
ETA, BETA1, BETA2, EPSILON = 0.05, 0.9, 0.99, 1e-3
RNG = np.random.default_rng(3)
START = RNG.normal(size=(3, 2))
BATCHES = [(RNG.normal(size=(5, 2)), RNG.normal(size=(5, 3))) for _ in range(STEPS)]


def by_equations(case: str, state: dict[str, Array], given: dict[str, float]) -> Step:
    """Steps by the functions of an equation file: what `NAME_new` gives is NAME in the next step."""
    functions = {n: f for n, f in runpy.run_path(str(PROJECT.manual_path(case))).items() if hasattr(f, "__code__")}
    values = {"W": START.copy(), **state, **given}

    def step(k: int) -> Array:
        X, T = BATCHES[k]
        now = {**values, "X": X, "T": T}
        for name, function in functions.items():
            now[name] = function(
                *(now[argument] for argument in function.__code__.co_varnames[: function.__code__.co_argcount])
            )
        values.update({name.removesuffix("_new"): now[name] for name in functions if name.endswith("_new")})
        return values["W"]

    return step


def rmsprop() -> Step:
    """The function that updates in place, by its own name and order of arguments."""
    train_step = runpy.run_path(str(PROJECT.manual_path("rmsprop")))["train_step"]
    W, S = START.copy(), np.zeros_like(START)
    return lambda k: train_step(*BATCHES[k], W, S, ETA, BETA2, EPSILON)[0]


def adamw() -> Step:
    """The class, with its state on itself."""
    made = runpy.run_path(str(PROJECT.manual_path("adamw")))["AdamW"](START.copy(), ETA, BETA1, BETA2, EPSILON, 0.1)

    def step(k: int) -> Array:
        made.backward(*BATCHES[k])
        made.step()
        return made.W

    return step


ZERO = np.zeros_like(START)
RUNS: dict[str, tuple[Callable[[], Step], type[torch.optim.Optimizer], dict[str, Any]]] = {
    "sgd": (
        lambda: by_equations("sgd", {"v": ZERO}, {"eta": ETA, "mu": BETA1, "tau": 0.0, "lam": 0.1}),
        torch.optim.SGD,
        {"momentum": BETA1, "weight_decay": 0.1},
    ),
    "sgd_nesterov": (
        lambda: by_equations("sgd_nesterov", {"v": ZERO}, {"eta": ETA, "mu": BETA1, "lam": 0.1}),
        torch.optim.SGD,
        {"momentum": BETA1, "weight_decay": 0.1, "nesterov": True},
    ),
    "rmsprop": (rmsprop, torch.optim.RMSprop, {"alpha": BETA2, "eps": EPSILON}),
    "adagrad": (
        lambda: by_equations("adagrad", {"S": ZERO, "t": 0}, {"eta": ETA, "gamma": 0.01, "epsilon": EPSILON}),
        torch.optim.Adagrad,
        {"lr_decay": 0.01, "eps": EPSILON},
    ),
    "adam": (
        lambda: by_equations(
            "adam",
            {"m": ZERO, "v": ZERO, "t": 0},
            {"eta": ETA, "beta1": BETA1, "beta2": BETA2, "epsilon": EPSILON},
        ),
        torch.optim.Adam,
        {"betas": (BETA1, BETA2), "eps": EPSILON},
    ),
    "adamw": (adamw, torch.optim.AdamW, {"betas": (BETA1, BETA2), "eps": EPSILON, "weight_decay": 0.1}),
}


def by_torch(optimizer: type[torch.optim.Optimizer], options: dict[str, Any]) -> Step:
    """Steps of the real optimizer on autograd's gradient."""
    W = torch.nn.Parameter(torch.from_numpy(START.copy()))
    made = optimizer([W], lr=ETA, **options)

    def step(k: int) -> Array:
        X, T = map(torch.from_numpy, BATCHES[k])
        made.zero_grad()
        (((X @ W.T - T) ** 2).sum() / (2 * len(X))).backward()
        made.step()
        return W.detach().numpy()

    return step


@pytest.mark.parametrize("case", RUNS)
def test_template_called_by_hand_trains_like_torch(case: str) -> None:
    manual, optimizer, options = RUNS[case]
    mine, theirs = manual(), by_torch(optimizer, options)
    for k in range(STEPS):
        np.testing.assert_allclose(mine(k), theirs(k), rtol=1e-11, atol=1e-12, err_msg=f"step {k + 1}")


@pytest.mark.parametrize("case", RUNS)
def test_template_beside_another_weight_decay_parts(case: str) -> None:
    manual, optimizer, options = RUNS[case]
    mine, theirs = manual(), by_torch(optimizer, {**options, "weight_decay": 0.2})
    assert not all(np.allclose(mine(k), theirs(k), rtol=1e-11, atol=1e-12) for k in range(5))

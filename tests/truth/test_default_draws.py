"""How parameters are drawn that the reference does not speak of."""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import nn

from gradproof import Reference, normal
from gradproof.truth.binding import Binding
from gradproof.truth.default_draws import default_draws


def spread(reference: Reference) -> dict[str, float]:
    binding = Binding(reference, "here", torch.float64)
    return {name: binding.leaves[name].std for name in binding.parameters}


def test_small_model_is_drawn_from_the_standard_normal() -> None:
    shapes = {"a.weight": (3, 32), "a.bias": (3,), "b.weight": (2, 3, 3, 3), "gain": (500,)}
    assert default_draws(shapes) == {name: normal(*shape) for name, shape in shapes.items()}


def test_wide_layer_is_drawn_smaller_and_its_bias_as_ever() -> None:
    draws = default_draws({"weight": (10, 784), "bias": (10,), "kernel": (8, 16, 3, 3)})
    assert [draw.std for draw in draws.values()] == [math.sqrt(2 / 784), 1.0, math.sqrt(2 / 144)]


def test_deep_model_is_drawn_smaller() -> None:
    draws = default_draws({f"layer{k}": (8, 8) for k in range(9)})
    assert {draw.std for draw in draws.values()} == {0.5}


def test_what_the_reference_says_stands() -> None:
    plain = Reference(model=lambda: nn.Linear(100, 2), inputs={"input": normal(100)})
    assert spread(plain) == {"weight": math.sqrt(2 / 100), "bias": 1.0}
    assert spread(replace(plain, parameters=normal())) == {"weight": 1.0, "bias": 1.0}
    assert spread(replace(plain, parameters={"bias": normal(std=3)})) == {"weight": math.sqrt(2 / 100), "bias": 3.0}

"""Draws that were made smaller for a model's size are told, with the way out."""

from __future__ import annotations

from torch import nn

from gradproof import Reference, crosscheck, normal


def Y(X, W, b):
    return X @ W.T + b


def checked(width: int, **options):
    reference = Reference(
        model=lambda: nn.Linear(width, 2),
        inputs={"input": normal(3, width)},
        symbols={"X": "input", "W": "weight", "b": "bias"},
        **options,
    )
    return crosscheck(Y, reference, trials=20)


def test_wide_model_says_that_its_weights_are_drawn_smaller() -> None:
    result = checked(100)
    assert result.choice.startswith("weight drawn by fan-in, as wide or deep models need; Reference(parameters=...)")
    assert result.ok


def test_small_model_and_one_that_says_how_have_nothing_to_say() -> None:
    assert checked(4).choice == ""
    assert checked(100, parameters=normal(std=0.1)).choice == ""
    assert checked(100, parameters={"weight": normal(std=1.0)}).choice == ""

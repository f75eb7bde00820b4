"""Two plain NumPy functions under `check_function`: results alone, proved where they can be."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gradproof import GradproofError, check_function, normal, uniform


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def book(x):
    return np.exp(x) / (1 + np.exp(x))


def wrong(x):
    return np.exp(x) / (2 + np.exp(x))


def product(x, w):
    return x @ w.T


def rare(x):
    return np.where(x > 3, 0.0, x)


def same_value(x):
    return x + 0.0


def test_the_same_function_agrees_and_is_proved() -> None:
    result = check_function(sigmoid, book, {"x": normal(5)})
    assert result.ok, str(result)
    assert str(result).startswith("sigmoid: gives the same as its reference")
    assert "PROVED for all inputs" in result.notes[0]
    assert {one.bound for one in result.findings} == {"rigorous"}


def test_another_function_disagrees_with_its_worst_entry() -> None:
    result = check_function(wrong, book, {"x": normal(5)})
    assert not result.ok
    (finding,) = result.wrong
    assert (finding.quantity, finding.dtype, finding.wrong, finding.entries) == ("output", "float64", 15, 15)
    assert abs(finding.computed - finding.truth) > finding.allowed
    assert not result.notes


def test_difference_that_few_trials_draw_is_refuted_by_an_input_that_can_be_drawn() -> None:
    result = check_function(rare, same_value, {"x": normal(2)}, trials=1, seed=1)
    assert not result.ok
    assert "not the same at x=" in result.wrong[0].sentence


def test_difference_that_cannot_be_drawn_decides_nothing() -> None:
    assert check_function(rare, same_value, {"x": uniform(0, 1, 4)}).ok


def test_arguments_go_by_position_and_shapes_count() -> None:
    inputs = {"x": normal(5, 3), "w": normal(4, 3)}
    assert check_function(product, lambda a, b: np.einsum("ni,mi->nm", a, b), inputs).ok
    result = check_function(product, lambda a, b: np.einsum("ni,mi->mn", a, b), inputs)
    assert (result.wrong[0].kind, result.wrong[0].sentence) == (
        "shape",
        "it has the shape (5, 4), the reference (4, 5)",
    )


def test_code_without_a_bound_is_inconclusive_not_right() -> None:
    result = check_function(lambda x: np.array([float(one) for one in x.tolist()]), same_value, {"x": normal(3)})
    assert not result.ok
    assert "its rounding has no bound" in str(result)
    assert not result.wrong


def test_function_that_works_on_both_is_compared_in_torch() -> None:
    result = check_function(lambda x: x * x, lambda x: x**2, {"x": normal(3)}, trials=1)
    assert result.gradients
    assert any(one.quantity == "gradient of x" for one in result.findings)


@pytest.mark.parametrize("options", [{"wrt": ["x"]}, {"double_backward": True}, {"kwargs": {"a": 1}}])
def test_what_is_about_gradients_is_refused(options) -> None:
    with pytest.raises(GradproofError, match=f"{next(iter(options))} is about gradients in torch"):
        check_function(sigmoid, book, {"x": normal(3)}, **options)


def test_numpy_on_one_side_only_says_what_to_do() -> None:
    with pytest.raises(GradproofError, match=r"the reference book computes with NumPy.*write it in torch"):
        check_function(torch.sigmoid, book, {"x": normal(3)})
    with pytest.raises(GradproofError, match=r"raises in every dtype: its forward.*checked by crosscheck") as caught:
        check_function(sigmoid, torch.sigmoid, {"x": normal(3)})
    assert str(caught.value).count("its forward raises") == 1

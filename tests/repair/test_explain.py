"""From the difference of two formulas to the class of the slip and a sentence in the field's words."""

from __future__ import annotations

import pytest
from repair_setup import formula

from gradproof.repair.explain.diagnosis import Diagnosis, joined
from gradproof.repair.explain.explain import Setting, explain

NAMES = (
    "P5, Y3, Y4, W35, W35_new, eta, Z1, A1, Z2, dLoss_dW35, dLoss_dZ2, dLoss_dA1, dLoss_di, i, zi, f, dY5_dY3, "
    "dLoss_dY5, W, b, X, T, c"
)
ACTIVATIONS = {"A1": "Z1", "i": "zi"}


def explained(old: str, new: str, quantity: str = "dLoss_dX") -> Diagnosis:
    return explain(formula(old, NAMES), formula(new, NAMES), Setting(quantity, ACTIVATIONS))


@pytest.mark.parametrize(
    ("quantity", "old", "new", "kind", "sentence"),
    [
        (
            "W35_new",
            "W35 + eta * dLoss_dW35",
            "W35 - eta * dLoss_dW35",
            "sign",
            "the step has the wrong sign: it climbs the loss",
        ),
        ("W35_new", "-W35 - eta * dLoss_dW35", "W35 - eta * dLoss_dW35", "sign", "the sign of the term W35 is wrong"),
        ("W35_new", "W35 - dLoss_dW35", "W35 - eta * dLoss_dW35", "missing factor", "the factor eta is missing"),
        ("dLoss_dY5", "1 - P5", "P5 - 1", "sign", "the sign of (1 - P5) is wrong"),
        ("dLoss_dA1", "Y3 * W + b * X", "Y3 * W - b * X", "sign", "the sign of the term b * X is wrong"),
        ("dLoss_dW35", "dLoss_dY5 * Y4", "dLoss_dY5 * Y3", "index", "Y4 should be Y3"),
        ("dLoss_dX", "dLoss_dZ2 @ c", "dLoss_dZ2 @ W", "name", "c should be W"),
        (
            "dLoss_dY3",
            "dLoss_dY5 * W35_new",
            "dLoss_dY5 * W35",
            "ordering",
            "W35_new (already updated) where the old W35 is meant",
        ),
        ("dLoss_dZ1", "dLoss_dA1", "dLoss_dA1 * (Z1 > 0)", "mask", "the mask Z1 > 0 is missing"),
        ("dLoss_dZ1", "dLoss_dA1 * (Z1 < 0)", "dLoss_dA1 * (Z1 > 0)", "mask", "< should be > in Z1 < 0"),
        (
            "dLoss_dZ1",
            "dLoss_dA1 * A1",
            "dLoss_dA1 * (Z1 > 0)",
            "activation",
            "the activation A1 stands where its derivative Z1 > 0 belongs",
        ),
        (
            "dLoss_dzi",
            "dLoss_di * zi * (1 - zi)",
            "dLoss_di * i * (1 - i)",
            "activation",
            "derivative of the activation taken at its argument zi, not at the value i",
        ),
        (
            "dLoss_dZ1",
            "dLoss_dA1 * (1 - np.tanh(A1)**2)",
            "dLoss_dA1 * (1 - np.tanh(Z1)**2)",
            "activation",
            "derivative of the activation taken at the activated value A1, not at Z1",
        ),
        ("dLoss_dW", "A1", "A1 * dLoss_dZ2", "missing factor", "the upstream gradient dLoss_dZ2 is forgotten"),
        ("dLoss_dY3", "dLoss_dY5", "dLoss_dY5 * dY5_dY3", "missing factor", "the derivative dY5_dY3 is forgotten"),
        ("dLoss_dW", "A1 * Y3 / W", "A1 * Y3", "extra factor", "the factor 1/W is too much"),
        ("dLoss_dW", "A1 * 2", "A1", "constant factor", "the factor 2 is too much"),
        ("dLoss_dZ2", "P5 - T", "(P5 - T) / T.shape[0]", "missing factor", "the factor 1/T.shape[0] is missing"),
        ("dLoss_db", "dLoss_dZ2.mean(axis=0)", "dLoss_dZ2.sum(axis=0)", "mean/sum", "mean where a sum belongs"),
        (
            "dLoss_db",
            "dLoss_dZ2.sum(axis=1)",
            "dLoss_dZ2.sum(axis=0)",
            "axis",
            "the sum is over axis 1, it should be over axis 0",
        ),
        (
            "dLoss_db",
            "dLoss_dZ2",
            "dLoss_dZ2.sum(axis=0)",
            "missing sum",
            "the sum over axis 0 of dLoss_dZ2 is missing",
        ),
        ("dLoss_db", "dLoss_dZ2.sum(axis=0)", "dLoss_dZ2", "extra sum", "the sum over axis 0 of dLoss_dZ2 is too much"),
        (
            "dLoss_db",
            "b.sum(axis=0)",
            "b.sum(axis=0, keepdims=True)",
            "keepdims",
            "the sum should keep the reduced axis",
        ),
        ("dLoss_dW", "A1 @ dLoss_dZ2", "A1.T @ dLoss_dZ2", "transposed", "A1 should be transposed"),
        ("dLoss_dW", "A1.T @ dLoss_dZ2", "A1 @ dLoss_dZ2", "transposed", "A1 should not be transposed"),
        ("dLoss_dW", "dLoss_dZ2.T @ A1", "A1.T @ dLoss_dZ2", "transposed", "dLoss_dZ2.T @ A1 should be transposed"),
        ("Y", "X @ W", "X @ W + b", "missing term", "the term + b is missing"),
        ("Y", "X @ W + b - c", "X @ W + b", "extra term", "the term - c is too much"),
        ("Y", "X @ W + 1", "X @ W", "constant offset", "the term + 1 is too much"),
        ("Y", "np.log(X)", "np.exp(X)", "function", "log where exp belongs"),
        ("Y", "X", "np.maximum(X, 0)", "missing function", "the ReLU of X is missing"),
        ("Y", "np.exp(X)", "X", "extra function", "exp of X is too much"),
        ("Y", "X / c", "X * c", "operator", "/ should be * in X / c"),
        ("Y", "(X / c) * W", "W / c * (1 / X)", "subexpression", "X should be 1 / X"),
        ("Y", "X - c / W", "(X - c) / W", "parentheses", "parentheses: X - c / W should be (X - c) / W"),
        ("Y", "X**2", "X**3", "constant", "the constant 2 should be 3"),
        ("Y", "f * X + f * W", "i * X + i * W", "name", "f should be i, everywhere"),
        ("Y", "X @ W", "X @ W", "same", "the formula is the same"),
        ("Y", "X.shape[1] * c", "X.shape[0] * c", "axis", "the size X.shape[1] should be X.shape[0]"),
        ("Y", "c / X.shape[0]", "c / X.size", "axis", "the size X.shape[0] should be X.size"),
    ],
)
def test_explain_names_the_slip(quantity: str, old: str, new: str, kind: str, sentence: str) -> None:
    assert explained(old, new, quantity) == Diagnosis(kind, sentence)


def test_explain_two_slips_are_both_said() -> None:
    found = explained("X @ W35_new + c * Y4", "X @ W35 + c * Y3")
    assert found.kind == "several"
    assert found.sentence == "W35_new (already updated) where the old W35 is meant; Y4 should be Y3"


def test_explain_same_slip_in_several_terms_has_one_kind() -> None:
    found = explained("X @ W + T @ b", "X @ W.T + T @ b.T")
    assert found == Diagnosis("transposed", "W should be transposed; b should be transposed")


def test_explain_climbing_is_said_of_updates_only() -> None:
    assert explained("W + X", "W - X", "dLoss_dA1").sentence == "the sign of the term X is wrong"


def test_explain_step_that_should_climb_is_not_called_climbing() -> None:
    found = explained("W35 - eta * dLoss_dW35", "W35 + eta * dLoss_dW35", "W35_new")
    assert "climbs" not in found.sentence


def test_explain_other_name_is_no_activation_point_without_a_derivative_of_one() -> None:
    assert explained("dLoss_di * zi", "dLoss_di * i", "dLoss_dzi") == Diagnosis("name", "zi should be i")


def test_explain_of_forward_quantities_never_speaks_of_derivatives() -> None:
    assert explained("1 - zi", "1 - i", "Y").kind == "name"


def test_explain_swapped_operands_of_a_product_that_does_not_commute() -> None:
    assert explained("W @ X", "X @ W").kind == "swapped"


def test_explain_ends_on_formulas_that_only_share_an_inverse_factor() -> None:
    assert explained("-X / (2 * c**3)", "X / (2 * c)").kind


def test_joined_equal_parts_are_said_once() -> None:
    part = Diagnosis("sign", "the sign is wrong")
    assert joined([part, part]) == part

"""Planted mistakes: nearly all are caught, and what is not is the same function."""

from __future__ import annotations

from click.testing import CliRunner

from gradproof.check.case import load_case
from gradproof.cli import main
from gradproof.repair.evidence.strata import stratified
from gradproof.studies.mutants import VALUE_KINDS, Values, mutants, mutate_case


def test_mutants_are_single_edits_and_never_the_equation_itself(write_layer):
    equation = load_case("layer", project=write_layer()).derivation.by_name["W_new"]
    texts = [text for text, _ in mutants(equation)]
    assert "return W + eta * dLoss_dW" in texts
    assert "return W - eta * W" in texts
    assert "return W - 2 * (eta * dLoss_dW)" not in texts
    assert "return W - eta * dLoss_dW" not in texts
    assert len(texts) == len(set(texts))


def test_mutate_right_derivation_catches_every_mistake_that_changes_a_value(write_layer):
    results = mutate_case(load_case("layer", project=write_layer()), 0)
    assert sum(one.planted for one in results) > 60
    assert [text for one in results for text in one.survivors] == ["return dLoss_dA * (1 - (-A) ** 2)"]


def test_mutate_same_function_survives_and_is_named(write_layer):
    project = write_layer(manual=("return np.tanh(Z)", "return np.tanh(Z) * np.ones(2)"))
    one = next(one for one in mutate_case(load_case("layer", project=project), 0) if one.equation == "A")
    assert "return np.tanh(Z) / np.ones(2)" in one.survivors
    assert "return np.tanh(Z)" in one.survivors


def test_mutate_helper_without_truth_says_why(write_layer):
    manual = (
        "def dLoss_dZ(dLoss_dA, A):\n    return dLoss_dA * (1 - A**2)",
        "def slope(A):\n    return 1 - A**2\n\ndef dLoss_dZ(dLoss_dA, slope):\n    return dLoss_dA * slope",
    )
    results = {one.equation: one for one in mutate_case(load_case("layer", project=write_layer(manual=manual)), 0)}
    assert results["slope"].reason == "the reference has no such quantity"
    assert results["dLoss_dZ"].reason.startswith("it reads a quantity")


def test_check_mutate_prints_the_counts(write_layer, monkeypatch):
    monkeypatch.chdir(write_layer().root)
    result = CliRunner().invoke(main, ["check", "layer", "--trials", "200", "--mutate"])
    assert result.exit_code == 0
    assert "planted mistakes caught" in result.stdout
    assert "resolution " in result.stdout


def test_mutate_values_of_a_right_derivation_cannot_be_wrong_unseen(write_layer):
    case = load_case("layer", project=write_layer())
    values = Values(case, case.derivation.by_name["A"], stratified(case, 0))
    assert [kind for kind in VALUE_KINDS if values.sees(kind) is False] == []
    assert sum(values.sees(kind) is True for kind in VALUE_KINDS) > 6


def test_mutate_wrong_equation_gets_no_mistakes_in_its_value(write_layer):
    case = load_case("layer", project=write_layer(manual=("return np.tanh(Z)", "return np.tanh(2 * Z)")))
    values = Values(case, case.derivation.by_name["A"], stratified(case, 0))
    assert {values.sees(kind) for kind in VALUE_KINDS} == {None}

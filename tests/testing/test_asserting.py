"""`assert_agrees` in a test of one's own."""

from __future__ import annotations

import pytest
from small_projects import Write

import gradproof
from gradproof import Disagreement, GradproofError, assert_agrees
from gradproof.case.project import Project
from gradproof.check.case import load_case


def test_assert_agrees_accepts_what_is_right_and_returns_the_outcome(write: Write, project: Project) -> None:
    write("neuron")
    result = assert_agrees("neuron", trials=50, project=project)
    assert result.trials == 50
    assert result.ok


def test_assert_agrees_catches_a_wrong_equation_with_its_fix(write: Write, project: Project) -> None:
    write("neuron", {"return dLoss_dZ * x": "return dLoss_dZ + x"})
    with pytest.raises(Disagreement) as caught:
        assert_agrees("neuron", trials=50, seed=4, project=project)
    text = str(caught.value)
    assert text.startswith("neuron: 1 of 9 equations wrong: dLoss_dw; 1 inherits\n\nmanual/neuron.py:20: dLoss_dw")
    assert "  fix        dLoss_dw = dLoss_dZ * x" in text
    assert "  replay     gradproof replay neuron dLoss_dw --trial " in text
    assert isinstance(caught.value, AssertionError)


def test_assert_agrees_accepts_declared_errata_and_catches_mended_ones(write: Write, project: Project) -> None:
    declared = '\nKNOWN_ERRATA = ("dLoss_dw",)\n'
    write("neuron", {"return dLoss_dZ * x": "return dLoss_dZ + x"}, end=declared)
    assert assert_agrees("neuron", trials=50, project=project).wrong
    write("neuron", end=declared)
    with pytest.raises(Disagreement, match="declared as errata but not wrong: dLoss_dw"):
        assert_agrees("neuron", trials=50, project=project)


def test_assert_agrees_takes_functions_with_a_reference(write: Write, project: Project) -> None:
    write("neuron")
    reference = load_case("neuron", project=project).references

    def dLoss_db(dLoss_dZ: float) -> float:
        return -dLoss_dZ

    functions = {"dLoss_db": dLoss_db}
    with pytest.raises(Disagreement, match="dLoss_db = -dLoss_dZ"):
        assert_agrees(functions, reference, trials=50)


def test_assert_agrees_broken_case_is_no_disagreement(project: Project) -> None:
    with pytest.raises(GradproofError, match="there is no case 'nothing'"):
        assert_agrees("nothing", project=project)


def test_assert_agrees_is_a_public_name() -> None:
    assert "assert_agrees" in gradproof.__all__

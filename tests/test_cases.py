"""The document's cases: every form agrees, its printed errata show, and nothing else does."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradproof import crosscheck
from gradproof.case.derivation import Derivation, equations_of
from gradproof.case.project import Project
from gradproof.check.case import load_case

PROJECT = Project(Path(__file__).resolve().parent.parent)
DOCUMENT = ("parameter_update_2", "parameter_update_2_as_printed")
"""The others are the gallery, with tests of its own."""

PRINTED_WITH_PLUS = {"W13_new", "W23_new", "W14_new", "W24_new", "b3_new", "b4_new"}
PARAMETERS = ["W13", "W23", "b3", "W14", "W24", "b4", "W35", "W45", "b5", "W36", "W46", "b6", "W37", "W47", "b7"]


def check(name, **settings):
    return crosscheck(name, project=PROJECT, **{"trials": 20_000, **settings})


@pytest.mark.parametrize("name", DOCUMENT)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_document_is_as_its_author_says(name, dtype):
    result = check(name, dtype=dtype, trials=5000).raise_on_disagreement()
    assert {one.verdict for one in result.results} <= {"agrees", "disagrees"}


@pytest.mark.parametrize("scale", [1.0, 100.0, 1e-6])
def test_document_all_forms_agree_at_every_scale(scale):
    result = check("parameter_update_2", scale=scale)
    assert result.count("agrees") == len(result.results) == 92
    assert max(one.undefined_trials for one in result.results) > 0 if scale == 100.0 else True


def test_document_has_every_printed_gradient_and_update():
    names = {equation.name for equation in load_case("parameter_update_2", project=PROJECT).derivation.equations}
    assert {f"dLoss_d{name}" for name in PARAMETERS} <= names
    assert {f"dLoss_d{name}__chain" for name in PARAMETERS} <= names
    assert {f"{name}_new" for name in PARAMETERS} <= names


def test_document_as_printed_shows_exactly_six_errata():
    result = check("parameter_update_2_as_printed")
    assert {one.equation for one in result.wrong} == PRINTED_WITH_PLUS
    assert result.count("agrees") == 92 - 6
    assert result.ok


def test_document_read_step_by_step_is_seen_to_disagree():
    """The hidden updates with the output layer's weights already updated: the reading that is not meant."""
    case = load_case("parameter_update_2", project=PROJECT)
    functions = {equation.name: equation.function for equation in case.derivation.equations}
    source = {name: case.derivation.by_name[name].source for name in ("W13_new", "b4_new")}
    space = dict(functions["W13_new"].__globals__)
    for name, text in source.items():
        head, body = text.split("\n", 1)
        for weight in ("W35", "W36", "W37", "W45", "W46", "W47"):
            head, body = head.replace(weight, f"{weight}_new"), body.replace(weight, f"{weight}_new")
        exec(compile(f"{head}\n{body}", str(case.derivation.by_name[name].path), "exec"), space)
        functions[name] = space[name]
    sequential = Derivation("sequential", equations_of(functions))
    result = crosscheck(sequential, case.references, trials=5000)
    assert {one.equation for one in result.wrong} == {"W13_new", "b4_new"}
    assert all(one.disagreeing_trials > 1000 for one in result.wrong)


@pytest.mark.parametrize("name", [f"dLoss_d{name}" for name in PARAMETERS])
def test_document_relative_error_of_1e_12_in_one_gradient_is_caught(name):
    case = load_case("parameter_update_2", project=PROJECT)
    functions = {equation.name: equation.function for equation in case.derivation.equations}
    right = case.derivation.by_name[name]
    space = {"right": right.function}
    exec(f"def {name}({', '.join(right.inputs)}):\n    return right({', '.join(right.inputs)}) * (1 + 1e-12)", space)
    functions[name] = space[name]
    result = crosscheck(Derivation("planted", equations_of(functions)), case.references)
    assert [one.equation for one in result.wrong] == [name]


def test_document_trains_like_torch():
    run = check("parameter_update_2", trials=100, steps=50).trajectory
    assert run.max_difference[0] < 1e-15 * 10
    assert run.max_difference[-1] < 1e-9

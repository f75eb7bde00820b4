"""Suites in the usual styles: each test's diagnosis is right, and none of the good ones is accused."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import BESIDE, RUN_HERE, STRANGE
from expected import EXPECTED

from gradproof.mutation import SuiteResult

Suites = tuple[Path, SuiteResult]
LINEAR = ("Linear, w", "Linear, b")
pytestmark = pytest.mark.xdist_group("suites")  # one process makes the fixture
CASES = [(suite, name, code) for suite in RUN_HERE for name, code in EXPECTED[suite].items()]


@pytest.mark.parametrize(("suite", "name", "code"), CASES, ids=[f"{suite}-{name}" for suite, name, _ in CASES])
def test_diagnosis_is_the_right_one(suites: Suites, suite: str, name: str, code: str) -> None:
    _, result = suites
    tests = [one for one in result.tests if one.nodeid.partition("[")[0] == f"test_{suite}.py::{name}"]
    assert tests
    assert {one.left_out or one.code for one in tests} == {code}


def test_every_gradient_has_a_resolution(suites: Suites) -> None:
    _, result = suites
    resolutions = {one.name: one.resolution for one in result.gradients}
    assert resolutions.keys() == {
        *("Softmax, x", "Swish, x", "Square, x", "RMSNorm, weight", "RMSNorm, x", *LINEAR),
        *("Cube, x", "sin, x", "Dense.backward, self.grads[W]", "Dense.backward, returned", "loss_and_grads, W"),
    }
    assert 1e-9 < resolutions["Swish, x"] < 1e-6  # an absolute 1e-8 on entries around 1
    assert resolutions["RMSNorm, x"] == 5e-7  # the checksum: an absolute 1e-6 on a sum of 12 entries around 1
    assert {resolutions[name] for name in LINEAR} == {float("inf")}  # compared with itself alone


def test_the_line_is_that_of_the_fact(suites: Suites) -> None:
    folder, result = suites
    places = {one.nodeid.rpartition("::")[2]: one.words_line for one in result.tests}
    lines = (folder / "test_all_ones.py").read_text().splitlines()
    assert "backward" in lines[places["test_swish_of_a_sum"] - 1]
    lines = (folder / "test_self_comparison.py").read_text().splitlines()
    assert "own - own" in lines[places["test_difference_with_itself"] - 1]


def test_a_plant_that_never_ran_is_no_survivor(suites: Suites) -> None:
    _, result = suites
    square = next(one for one in result.gradients if one.target == "ops:Square")
    assert {"half precision", "detached", "transposed"} <= set(square.never_ran)
    assert "upstream ignored" in square.no_difference  # its cotangent is all ones
    assert square.survivors == ()


def test_nothing_of_the_project_is_written(suites: Suites) -> None:
    folder, _ = suites
    names = {path.name for path in folder.iterdir()}
    assert names == {f"test_{name}.py" for name in RUN_HERE + STRANGE} | {*BESIDE, "latest.json"}


def test_what_the_tests_themselves_write_is_written_by_plain_runs_only(suites: Suites) -> None:
    folder, result = suites
    writer = next(one for one in result.tests if one.nodeid.endswith("written_anew_each_time"))
    assert writer.left_out == "writes"
    assert "1.7012673187" in (folder / "latest.json").read_text()

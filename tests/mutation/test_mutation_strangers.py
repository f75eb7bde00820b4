"""Suites in styles of their own: traced operators, `vmap`, gradients in dictionaries, tests of second derivatives."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradproof.mutation import SuiteResult

Suites = tuple[Path, SuiteResult]
pytestmark = pytest.mark.xdist_group("suites")  # one process makes the fixture


def test_gradients_in_dictionaries_are_found_and_the_loss_is_none(suites: Suites) -> None:
    assert [one.name for one in suites[1].gradients if one.target.startswith("layers:")] == [
        "Dense.backward, self.grads[W]",
        "Dense.backward, returned",
        "loss_and_grads, W",
    ]
    codes = {
        test.nodeid.partition("::")[2]: test.code for test in suites[1].tests if "test_dictionaries" in test.nodeid
    }
    assert codes == {"test_stored": "", "test_in_a_tuple": "", "test_printed_only": "not compared"}


def test_transforms_and_tracing_are_watched_without_failing(suites: Suites) -> None:
    said = {test.nodeid.partition("::")[2]: (test.left_out, test.code) for test in suites[1].tests}
    assert said["test_vmap"] == said["test_second"] == said["test_sin"] == ("", "")
    (cube,) = (one for one in suites[1].gradients if one.name == "Cube, x")
    assert cube.resolution is not None
    assert cube.resolution <= 1e-6

"""Small projects with tests of gradients, and one run of `gradproof mutate` over a few of the suites."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gradproof.mutation import SuiteResult, mutate_tests

SUITES = Path(__file__).with_name("suites")
RUN_HERE = ("all_ones", "missing_abs", "self_comparison", "snapshot")
"""Suites that the tests run; `benchmarks/mutation.py battery` runs all of them."""

Project = Callable[..., Path]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Write a project: file name -> text, beside `ops.py`."""

    def write(**files: str) -> Path:
        shutil.copy(SUITES / "ops.py", tmp_path)
        for name, text in files.items():
            path = tmp_path / f"{name.replace('__', '/')}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path

    return write


@pytest.fixture(scope="session")
def suites(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SuiteResult]:
    """The folder of several suites, and the outcome over all of them in one run."""
    folder = tmp_path_factory.mktemp("suites")
    for name in RUN_HERE:
        shutil.copy(SUITES / f"{name}.py", folder / f"test_{name}.py")
    for name in ("ops.py", "snapshot.json"):
        shutil.copy(SUITES / name, folder)
    return folder, mutate_tests(".", folder=folder, budget=600.0, drafts=False)

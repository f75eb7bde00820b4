"""One run of `gradproof mutate` over a few of the suites: most of what a run costs is to import torch, twice."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gradproof.mutation import SuiteResult, mutate_tests

SUITES = Path(__file__).with_name("suites")
RUN_HERE = ("all_ones", "missing_abs", "self_comparison", "snapshot")
"""Suites with an expected diagnosis; `benchmarks/mutation.py battery` runs all of them."""

STRANGE = ("dictionaries", "transforms")
BESIDE = ("ops.py", "layers.py", "snapshot.json")
"""Suites in styles of their own; what all of them import or read."""


@pytest.fixture(scope="session")
def suites(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SuiteResult]:
    """The folder of several suites, and the outcome over all of them in one run."""
    folder = tmp_path_factory.mktemp("suites")
    for name in RUN_HERE + STRANGE:
        shutil.copy(SUITES / f"{name}.py", folder / f"test_{name}.py")
    for name in BESIDE:
        shutil.copy(SUITES / name, folder)
    functions = ("layers:Dense.backward", "layers:loss_and_grads")
    return folder, mutate_tests(".", functions=functions, folder=folder, budget=600.0, drafts=False)

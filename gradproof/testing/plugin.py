"""The pytest plugin: with `--gradproof` every equation of every case is a test.

It is installed with the package and does nothing until it is asked. Neither torch nor pandas is loaded before a
case runs.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from gradproof import defaults
from gradproof.case.project import find_project
from gradproof.errors import GradproofError
from gradproof.testing.items import CHECKS, CaseFile, Checks, Draws


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the command line and of the configuration file."""
    group = parser.getgroup("gradproof", "hand-derived gradients")
    group.addoption("--gradproof", action="store_true", help="test every equation of every case in manual/")
    group.addoption(
        "--gradproof-trials",
        type=int,
        metavar="N",
        help=f"random trials of each case (default: {defaults.TRIALS}, and fewer of a large one)",
    )
    group.addoption(
        "--gradproof-seed",
        type=int,
        default=defaults.SEED,
        metavar="S",
        help=f"where the random numbers start (default: {defaults.SEED})",
    )
    group.addoption(
        "--gradproof-dtype",
        choices=defaults.DTYPES,
        default=defaults.DTYPE,
        help=f"the number type of both sides (default: {defaults.DTYPE})",
    )
    parser.addini("gradproof", "test every equation of every case in manual/", type="bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    """Note how cases are checked; where no paths were given, `manual/` is one of those that are collected."""
    config.addinivalue_line("markers", "gradproof: a test of an equation, made by gradproof.")
    options = config.option
    if options.gradproof_trials is not None and options.gradproof_trials < 1:
        raise pytest.UsageError(f"--gradproof-trials: at least one trial, not {options.gradproof_trials}")
    if not 0 <= options.gradproof_seed < 2**64:
        raise pytest.UsageError(f"--gradproof-seed: from 0 to 2**64 - 1, not {options.gradproof_seed}")
    draws = Draws(options.gradproof_trials, options.gradproof_seed, options.gradproof_dtype)
    config.stash[CHECKS] = Checks(draws)
    if _enabled(config) and config.args_source is pytest.Config.ArgsSource.TESTPATHS:
        try:
            manual = find_project(config.rootpath).root / "manual"
        except GradproofError as error:
            raise pytest.UsageError(str(error)) from error
        if str(manual) not in config.args:
            config.args.append(str(manual))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A file of `manual/` is a case, if that is asked for."""
    folder = file_path.parent
    is_case = folder.name == "manual" and file_path.suffix == ".py" and not file_path.name.startswith("_")
    if not is_case or not _enabled(parent.config):
        return None
    found: pytest.Collector = CaseFile.from_parent(parent, path=file_path)
    return found


def _enabled(config: pytest.Config) -> bool:
    return bool(config.option.gradproof or config.getini("gradproof"))

"""Small projects on disk, and the command line in them."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, settings
from layer_project import MANUAL, REFERENCE, Writer
from small_projects import NEURON, NEURON_REFERENCE, ROOT, Run, Write

from gradproof.case.project import Project
from gradproof.cli import main

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler import LoadScopeScheduling

# A loaded machine draws slowly: no time decides whether a test passes.
settings.register_profile("gradproof", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("gradproof")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Deal out test by test, but the files of one `xdist_group` to one process.

    pytest-xdist 3.8 does not under pytest 9.2: it marks the tests of a group in an attribute that is no longer read.
    """
    from xdist.scheduler import LoadScopeScheduling  # there only where tests run in several processes

    class Groups(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(config.rootpath / nodeid.partition("::")[0]) or nodeid

    return Groups(config, log)


@cache
def group_of(file: Path) -> str:
    """The `xdist_group` that a file's text names for all of its tests; empty where there is none."""
    named = re.search(r'xdist_group\("(.+?)"\)', file.read_text(encoding="utf-8"))
    return named[1] if named else ""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty project."""
    (tmp_path / "manual").mkdir()
    (tmp_path / "reference").mkdir()
    return Project(tmp_path)


@pytest.fixture
def write(project: Project) -> Write:
    """Write a case: `write("neuron")`, with pieces of the derivation replaced: `write("neuron", {"a": "b"})`."""

    def write_case(
        name: str,
        changes: dict[str, str] | None = None,
        *,
        manual: str = NEURON,
        reference: str = NEURON_REFERENCE,
        end: str = "",
    ) -> None:
        for old, new in (changes or {}).items():
            assert manual.count(old) == 1, f"{old!r} stands {manual.count(old)} times in the derivation"
            manual = manual.replace(old, new)
        text = dedent(manual).lstrip() + dedent(end)
        (project.root / "manual" / f"{name}.py").write_text(text, encoding="utf-8")
        (project.root / "reference" / f"{name}.py").write_text(dedent(reference).lstrip(), encoding="utf-8")

    return write_case


@pytest.fixture
def write_layer(tmp_path: Path) -> Writer:
    """Write a case; `manual` and `reference` are (old, new) replacements in the texts above, or whole texts."""

    def writer(manual: object = (), reference: object = (), name: str = "layer") -> Project:
        for folder, text, change in (("manual", MANUAL, manual), ("reference", REFERENCE, reference)):
            if isinstance(change, str):
                text = dedent(change)
            elif isinstance(change, tuple) and change:
                old, new = change
                assert old in text
                text = text.replace(old, new)
            (tmp_path / folder).mkdir(exist_ok=True)
            (tmp_path / folder / f"{name}.py").write_text(text, encoding="utf-8")
        return Project(tmp_path)

    return writer


@pytest.fixture
def plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """80 columns, no colour, whatever the tests themselves run in."""
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def run(project: Project, monkeypatch: pytest.MonkeyPatch, plain_terminal: None) -> Run:
    """Run `gradproof` with words in the project's folder."""
    monkeypatch.chdir(project.root)
    return lambda *words: CliRunner().invoke(main, list(words), prog_name="gradproof")


@pytest.fixture
def run_here(monkeypatch: pytest.MonkeyPatch, plain_terminal: None) -> Run:
    """Run `gradproof` in this repository, which is a project itself."""
    monkeypatch.chdir(ROOT)
    return lambda *words: CliRunner().invoke(main, list(words), prog_name="gradproof")

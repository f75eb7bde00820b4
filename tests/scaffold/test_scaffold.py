"""`gradproof new`: what it writes works at once, and nothing is overwritten."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from small_projects import ROOT, Run, Write, flat

from gradproof.case.project import Project, find_project
from gradproof.cli import main
from gradproof.run import crosscheck
from gradproof.scaffold import write_starter

PROJECT_FILES = {
    "README.md",
    "pyproject.toml",
    "manual/layer.py",
    "reference/layer.py",
    "tests/test_layer.py",
    "reports/.gitkeep",
}


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(folder: Path) -> set[str]:
    """All files below a folder, hidden folders at its top left out."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not path.relative_to(folder).parts[0].startswith(".")
    }


def new(*words: str):
    """Run `gradproof new` where we are."""
    return CliRunner().invoke(main, ["new", *words], prog_name="gradproof")


def test_new_in_an_empty_folder_writes_a_project_that_passes(empty: Path) -> None:
    assert new("layer").exit_code == 0
    assert files(empty) == PROJECT_FILES
    checked = CliRunner().invoke(main, ["check", "--trials", "400"])
    assert checked.exit_code == 0, checked.output
    assert "ok: 11 of 11 equations agree" in checked.output


def test_new_project_passes_its_own_tests(empty: Path) -> None:
    new("layer")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=empty,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout


def test_new_ignores_hidden_entries_of_a_folder(empty: Path) -> None:
    (empty / ".git").mkdir()
    assert new("layer").exit_code == 0
    assert files(empty) == PROJECT_FILES


def test_new_in_a_project_writes_the_case_only(write: Write, run: Run, project: Project) -> None:
    write("neuron")
    before = files(project.root)
    outcome = run("new", "layer")
    assert outcome.exit_code == 0
    assert files(project.root) - before == {"manual/layer.py", "reference/layer.py", "tests/test_layer.py"}


def test_new_from_a_folder_inside_a_project_writes_to_its_root(
    write: Write, run: Run, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("neuron")
    monkeypatch.chdir(project.root / "reference")
    outcome = run("new", "layer")
    assert outcome.stdout.startswith(f"wrote the case layer in {project.root}:")
    assert (project.root / "manual/layer.py").is_file()


def test_new_says_what_it_wrote_and_what_to_do_next(empty: Path) -> None:
    outcome = new("layer")
    wrote, _, then = outcome.stdout.partition("next:")
    assert {line.strip() for line in wrote.splitlines()[1:]} == PROJECT_FILES
    assert "gradproof check layer" in then
    assert "change a sign in manual/layer.py" in then


def test_new_twice_overwrites_nothing(empty: Path) -> None:
    new("layer")
    changed = empty / "manual/layer.py"
    changed.write_text("my work")
    outcome = new("layer")
    assert outcome.exit_code == 2
    assert flat(outcome.stderr).startswith(
        "error: manual/layer.py, reference/layer.py, tests/test_layer.py exist already and would be overwritten"
    )
    assert changed.read_text() == "my work"


def test_new_where_one_file_exists_writes_none(write: Write, run: Run, project: Project) -> None:
    (project.root / "tests").mkdir()
    (project.root / "tests/test_layer.py").write_text("mine")
    outcome = run("new", "layer")
    assert outcome.exit_code == 2
    assert "tests/test_layer.py exists already" in outcome.stderr
    assert files(project.root) == {"tests/test_layer.py"}


@pytest.mark.parametrize("name", ["two words", "class", "2nd", "_hidden", "a-b", "../up", ""])
def test_new_impossible_name_is_refused(empty: Path, name: str) -> None:
    outcome = new(name)
    assert outcome.exit_code == 2
    assert outcome.stderr.startswith(f"error: {name!r} cannot be the name of a case")
    assert files(empty) == set()


def test_new_in_a_folder_with_other_things_is_refused(empty: Path) -> None:
    (empty / "notes.txt").write_text("mine")
    outcome = new("layer")
    assert outcome.exit_code == 2
    assert "is neither in a project nor empty (it has notes.txt); make a new folder" in outcome.stderr
    assert files(empty) == {"notes.txt"}


# What it teaches -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new_text", "wrong"),
    [
        ("return W - eta * dLoss_dW", "return W + eta * dLoss_dW", "W_new"),
        ("return dLoss_dZ.sum(axis=0)", "return dLoss_dZ.mean(axis=0)", "dLoss_db"),
        ("return dLoss_dA * (1 - A**2)", "return dLoss_dA * (1 - A)", "dLoss_dZ__chain"),
        ("return dLoss_dZ.T @ X", "return X.T @ dLoss_dZ", "dLoss_dW"),
    ],
)
def test_starter_changed_line_is_named_and_no_other(empty: Path, old: str, new_text: str, wrong: str) -> None:
    write_starter("layer", empty)
    path = empty / "manual/layer.py"
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new_text))
    result = crosscheck("layer", trials=200, project=find_project(empty))
    assert [one.equation for one in result.wrong] == [wrong]


def test_starter_sizes_are_distinct_and_larger_than_one(empty: Path) -> None:
    write_starter("layer", empty)
    result = crosscheck("layer", trials=50, project=find_project(empty))
    shapes = {one.equation: one.shape for one in result.results}
    assert shapes["dLoss_dW"] == "(2, 3); (3, 4)"
    assert shapes["Z"] == "(5, 2); (2, 3)"


def test_starter_leaves_no_trace_of_the_template(empty: Path) -> None:
    write_starter("my_net", empty)
    assert not [name for name in files(empty) if "starter" in (empty / name).read_text() + name]

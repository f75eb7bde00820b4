"""`gradproof list`, the help texts, and what the group itself does."""

from __future__ import annotations

from pathlib import Path

from small_projects import Run, Write, flat

import gradproof
from gradproof.cli import COMMANDS


def test_list_names_cases_with_sizes_and_titles(write: Write, run: Run) -> None:
    write("neuron")
    write("erratum", end='\nKNOWN_ERRATA = ("b_new", "w_new")\n')
    outcome = run("list")
    assert outcome.exit_code == 0
    assert outcome.stdout == (
        "erratum: 9 equations, 2 known errata\n  One neuron with a sigmoid under half the squared error.\n"
        "neuron: 9 equations\n  One neuron with a sigmoid under half the squared error.\n"
    )


def test_list_broken_case_is_said_and_the_others_are_listed(write: Write, run: Run) -> None:
    write("a_broken", {"return w * x + b": "return w * x +"})
    write("neuron")
    outcome = run("list")
    assert outcome.exit_code == 2
    assert outcome.stderr.startswith("error: manual/a_broken.py:6: this is not Python")
    assert "neuron: 9 equations" in outcome.stdout


def test_list_needs_no_reference(write: Write, run: Run) -> None:
    write("neuron", reference="raise RuntimeError")
    assert run("list").exit_code == 0


def test_list_existing_code_is_named_and_not_run(write: Write, run: Run) -> None:
    write("neuron")
    Path("manual/layer.py").write_text('"""A layer.\n\nMore."""\nraise RuntimeError\n')
    Path("reference/layer.py").write_text("code = Code(forward)\n")
    outcome = run("list")
    assert outcome.exit_code == 0
    assert outcome.stdout.startswith("layer: existing code\n  A layer.\nneuron: 9 equations\n")


def test_list_existing_code_that_is_not_python_is_said(write: Write, run: Run) -> None:
    write("neuron")
    Path("manual/layer.py").write_text("def forward(:\n")
    Path("reference/layer.py").write_text("code = Code(forward)\n")
    outcome = run("list")
    assert outcome.exit_code == 2
    assert "manual/layer.py:1: this is not Python" in outcome.stderr


def test_list_project_without_cases_says_what_to_do(run: Run) -> None:
    outcome = run("list")
    assert outcome.exit_code == 2
    assert "has no cases; `gradproof new NAME` writes a first one" in outcome.stderr


def test_help_lists_every_command_in_full(run: Run) -> None:
    text = run("--help").stdout
    commands = text.partition("Commands:")[2]
    assert [line.split()[0] for line in commands.splitlines() if line] == list(COMMANDS)
    assert "..." not in commands


def test_help_of_check_says_what_is_written_and_the_exit_statuses(run: Run) -> None:
    text = flat(run("check", "--help").stdout)
    assert "without this option nothing is written" in text
    assert "Exit status: 0 where all is as expected, 1 where an equation disagrees" in text
    assert "by default 10,000, and fewer of a large case" in text


def test_version_is_the_package_version(run: Run) -> None:
    assert run("--version").stdout.startswith(f"gradproof {gradproof.__version__} (torch ")


def test_misspelt_command_is_refused(run: Run) -> None:
    outcome = run("chekc")
    assert outcome.exit_code == 2
    assert "there is no command 'chekc' (did you mean check?)" in flat(outcome.stderr)


def test_help_after_every_command_was_loaded_is_the_same(write: Write, run: Run) -> None:
    write("neuron")
    before = run("--help").stdout
    run("list")
    assert run("--help").stdout == before

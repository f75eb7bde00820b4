"""What a GitHub workflow is told: annotations, escaped as its commands need, and the job's summary."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from report_results import INHERITS, RIGHT, WRONG, outcome
from small_projects import Run, Write

from gradproof.errors import GradproofError
from gradproof.report import github


def test_wrong_equation_is_an_error_at_its_line() -> None:
    (line,) = github.workflow_commands(outcome(RIGHT, WRONG, INHERITS), "maths/")
    head, _, message = line[2:].partition("::")
    assert head == "error file=maths/manual/demo.py,line=9,title=dLoss_dw is wrong"
    assert message.startswith("dLoss_dw = dLoss_dZ * x | mask%0Adisagrees in 990 of 1,000 trials%0Adiagnosis: ")
    assert "%0Afix: -dLoss_dZ * x%0Areplay: gradproof replay demo dLoss_dw --trial 12 --seed 3" in message


def test_known_erratum_is_a_notice() -> None:
    (line,) = github.workflow_commands(outcome(replace(WRONG, known_erratum=True)))
    assert line.startswith("::notice file=manual/demo.py,line=9,title=dLoss_dw (known erratum) is wrong::")


def test_known_erratum_that_is_not_wrong_is_an_error() -> None:
    (line,) = github.workflow_commands(outcome(replace(RIGHT, known_erratum=True)))
    assert line.startswith("::error file=manual/demo.py,line=5,title=Z (known erratum) is not wrong::")


def test_command_escapes_what_would_end_it() -> None:
    name = "a%b,c:d\r\n::error::x"
    (line,) = github.workflow_commands(outcome(replace(WRONG, equation=name, place="manual/a,b:c.py:7")))
    assert "\n" not in line
    assert "\r" not in line
    assert line.startswith(
        "::error file=manual/a%2Cb%3Ac.py,line=7,title=a%25b%2Cc%3Ad%0D%0A%3A%3Aerror%3A%3Ax is wrong::"
    )


def test_summary_has_fixes_and_escapes_markdown() -> None:
    text = github.summary([outcome(RIGHT, WRONG, case="de<b>mo")])
    assert "## de\\<b\\>mo" in text
    assert "`dLoss_dZ * x \\| mask`<br>`-dLoss_dZ * x`" in text
    assert "the sign of the product is wrong" in text


def test_summary_is_added_to_the_file_and_never_longer_than_github_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "summary.md"
    path.write_text("before\n", encoding="utf-8")
    monkeypatch.setattr(github, "SUMMARY_LIMIT", 600)
    github.write_summary([outcome(RIGHT, WRONG)] * 9, path)
    text = path.read_text(encoding="utf-8")
    assert text.startswith("before\n# gradproof\n")
    assert text.endswith("Cut here: GitHub takes no longer summary.\n")
    assert len(text) <= 607


def test_summary_that_cannot_be_written_is_the_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(GradproofError, match="GITHUB_STEP_SUMMARY names"):
        github.write_summary([outcome(RIGHT)], tmp_path)


def test_folder_is_counted_from_the_workspace(tmp_path: Path) -> None:
    inside = tmp_path / "maths/one"
    environment = {"GITHUB_WORKSPACE": str(tmp_path)}
    assert github.folder_in_workspace(inside, environment) == "maths/one/"
    assert github.folder_in_workspace(tmp_path, environment) == ""
    assert github.folder_in_workspace(tmp_path.parent, environment) == ""
    assert github.folder_in_workspace(inside, {}) == ""


def test_check_tells_github(run: Run, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write("neuron", {"return dLoss_dZ * x": "return dLoss_dZ + x"})
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    done = run("check", "--trials", "80", "--github")
    assert done.exit_code == 1
    assert "::error file=manual/neuron.py,line=20,title=dLoss_dw is wrong::" in done.output
    assert "| `dLoss_dw` | `manual/neuron.py:20` |" in (tmp_path / "summary.md").read_text(encoding="utf-8")


def test_check_outside_github_says_so_before_it_runs(run: Run, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("neuron")
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    done = run("check", "--github")
    assert done.exit_code == 2
    assert "GITHUB_STEP_SUMMARY" in done.output
    assert "neuron" not in done.output


def test_check_figures_without_reports_is_wrong_usage(run: Run, write: Write) -> None:
    write("neuron")
    done = run("check", "--figures")
    assert done.exit_code == 2
    assert "--reports DIR" in done.output

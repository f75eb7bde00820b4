"""Functions as cases of a project: checked, reported, listed, collected, annotated."""

from __future__ import annotations

import json
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from click.testing import CliRunner

from gradproof import crosscheck
from gradproof.case.project import Project
from gradproof.cli import main
from gradproof.errors import GradproofError

LINEAR = '''"""A linear layer with a backward of its own."""
from torch.autograd import Function


class Linear(Function):
    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return x @ w.T

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        return g @ w, g.T @ x
'''

REFERENCE = """
import torch.nn.functional as F
from gradproof import FunctionReference, normal

reference = FunctionReference(F.linear, {"x": normal(5, 3), "w": normal(4, 3)}, dtypes=["float64"]OPTIONS)
"""

pytest_plugins = ["pytester"]

INSTALLED = any(entry.value == "gradproof.testing.plugin" for entry in entry_points(group="pytest11"))
COLLECTED = (*(() if INSTALLED else ("-p", "gradproof.testing.plugin")), "--gradproof", "manual")


def write_case(root: Path, text: str = LINEAR, options: str = "") -> Project:
    for folder, content in (("manual", text), ("reference", REFERENCE.replace("OPTIONS", options))):
        (root / folder).mkdir(exist_ok=True)
        (root / folder / "layer.py").write_text(content, encoding="utf-8")
    return Project(root)


WRONG = LINEAR.replace("g.T @ x\n", "2 * g.T @ x\n")


def test_right_function_is_a_case_that_passes_with_a_record_for_each_result(tmp_path):
    result = crosscheck("layer", project=write_case(tmp_path))
    assert result.ok, str(result)
    assert [one.equation for one in result.results] == ["output", "gradient of x", "gradient of w"]
    assert {one.verdict for one in result.results} == {"agrees"}


def test_wrong_function_is_named_at_the_line_of_its_backward(tmp_path):
    result = crosscheck("layer", project=write_case(tmp_path, WRONG))
    (wrong,) = result.wrong
    assert (wrong.equation, wrong.place) == ("gradient of w", "manual/layer.py:11")
    assert "2 times the true value" in wrong.diagnosis
    assert not result.ok


def test_declared_erratum_of_a_function_passes_and_a_mended_one_does_not(tmp_path):
    declared = '\nKNOWN_ERRATA = ["gradient of w"]\n'
    assert crosscheck("layer", project=write_case(tmp_path, WRONG + declared)).ok
    assert not crosscheck("layer", project=write_case(tmp_path, LINEAR + declared)).ok


def test_erratum_of_no_result_is_told(tmp_path):
    project = write_case(tmp_path, LINEAR + '\nKNOWN_ERRATA = ["dLoss_dw"]\n')
    with pytest.raises(GradproofError, match="what is compared is output, gradient of x, gradient of w"):
        crosscheck("layer", project=project)


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        (LINEAR + "\n\nclass Second(Linear):\n    pass\n", "", "it has Linear, Second: name the one that is meant"),
        (LINEAR, ', function="Linaer"', "no function 'Linaer'"),
        (LINEAR, ", trails=3", "unexpected keyword argument 'trails'"),
        ('"""Nothing."""\n', "", "it has none"),
    ],
)
def test_case_that_cannot_be_run_says_why(tmp_path, text, options, words):
    with pytest.raises(GradproofError, match=words):
        crosscheck("layer", project=write_case(tmp_path, text, options))


def test_one_of_several_functions_is_meant_by_its_name(tmp_path):
    text = WRONG + "\n\nclass Right(Linear):\n" + LINEAR.partition("class Linear(Function):\n")[2]
    assert crosscheck("layer", project=write_case(tmp_path, text, ', function="Right"')).ok


def test_command_checks_lists_reports_and_annotates_a_function(tmp_path, monkeypatch):
    write_case(tmp_path, WRONG)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    done = CliRunner().invoke(main, ["check", "--github", "--reports", "reports"])
    assert done.exit_code == 1, done.output
    assert "1 of 3 results wrong: gradient of w" in done.output
    assert "::error file=manual/layer.py,line=11,title=gradient of w is wrong::" in done.output
    assert "2 times the true value" in (tmp_path / "summary.md").read_text(encoding="utf-8")
    report = tmp_path / "reports"
    assert "gradient of w" in (report / "layer" / "agreement.html").read_text(encoding="utf-8")
    assert "layer" in (report / "index.md").read_text(encoding="utf-8")
    assert json.loads((report / "layer" / "result.json").read_text(encoding="utf-8"))["ok"] is False
    assert "layer: a function" in CliRunner().invoke(main, ["list"]).output


@pytest.mark.parametrize("verb", ["show", "prove", "fix"])
def test_commands_for_equations_refuse_a_function_and_say_what_is_for_it(tmp_path, monkeypatch, verb):
    write_case(tmp_path)
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, [verb, "layer"])
    assert done.exit_code != 0
    assert "`gradproof check layer`" in done.output


def test_plugin_collects_a_function_and_fails_it_with_what_is_wrong(pytester):
    write_case(pytester.path, WRONG)
    run = pytester.runpytest_inprocess(*COLLECTED)
    run.assert_outcomes(failed=1)
    run.stdout.fnmatch_lines(["*gradient of w*"])
    write_case(pytester.path)
    pytester.runpytest_inprocess(*COLLECTED).assert_outcomes(passed=1)

"""`gradproof fix`: a patch on standard output, written only when asked for."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from gradproof.cli import main

MANUAL = '''"""A line."""

import numpy as np


def Z(w, X, b):
    return np.dot(w, X) + b  # the line itself


def Loss(Z, T):
    return (Z - T) ** 2


def dLoss_dZ(Z, T):
    return Z - T  # {comment}


def dLoss_dw(dLoss_dZ, X):
    return dLoss_dZ * X


def dLoss_db(dLoss_dZ):
    return dLoss_dZ


def w_new(w, eta, dLoss_dw):
    return w - eta * dLoss_dw


def b_new(b, eta, dLoss_db):
    return b + eta * dLoss_db
'''

REFERENCE = """
import torch
from torch import nn
from gradproof import Reference, log_uniform, normal


class Line(nn.Module):
    def __init__(self):
        super().__init__()
        self.w, self.b = nn.Parameter(torch.zeros(3)), nn.Parameter(torch.zeros(()))
        self.Z = nn.Identity()

    def forward(self, X, T):
        return (self.Z(self.w @ X + self.b) - T) ** 2


reference = Reference(
    Line,
    {"X": normal(3), "T": normal()},
    {"Z": "Z"},
    optimizer=torch.optim.SGD,
    hyperparameters={"lr": log_uniform(1e-3, 1.0, symbol="eta")},
)
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A case with two mistakes, in the working directory."""
    for folder, text in (("manual", MANUAL), ("reference", REFERENCE)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "line.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(main, arguments)


def test_fix_prints_the_diff_alone_and_writes_nothing(project):
    result = run("fix", "line", "--trials", "500")
    assert result.exit_code == 0
    assert result.stdout.startswith("--- a/manual/line.py\n+++ b/manual/line.py\n")
    assert "-    return b + eta * dLoss_db\n+    return b - eta * dLoss_db\n" in result.stdout
    assert "diagnosis: the step has the wrong sign: it climbs the loss" in result.stderr
    assert "agrees in all of 64" not in result.stdout
    assert (project / "manual" / "line.py").read_text() == MANUAL


def test_fix_write_mends_the_file_and_keeps_comments(project):
    result = run("fix", "line", "--trials", "500", "--write")
    assert result.exit_code == 0
    text = (project / "manual" / "line.py").read_text()
    assert "# the line itself" in text
    assert "# {comment}" in text
    assert "return b - eta * dLoss_db" in text
    assert "written: manual/line.py; checked again: 7 of 7 equations agree" in result.stderr
    assert run("check", "line", "--trials", "500").exit_code == 0


def test_fix_of_a_right_case_says_so(project):
    run("fix", "line", "--trials", "500", "--write")
    result = run("fix", "line", "--trials", "500")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "nothing to mend" in result.stderr


def test_fix_of_a_loop_changes_one_line_of_it_and_names_that(project):
    path = project / "manual" / "line.py"
    loop = "out = []\n    for x in X:\n        out.append(dLoss_dZ + x)\n    return np.array(out)"
    path.write_text(path.read_text().replace("return dLoss_dZ * X", loop))
    result = run("fix", "line", "--trials", "500")
    assert result.exit_code == 0
    assert "-        out.append(dLoss_dZ + x)\n+        out.append(dLoss_dZ * x)\n" in result.stdout
    assert "diagnosis: at manual/line.py:21: + should be * in dLoss_dZ + x" in result.stderr
    assert "fix: out.append(dLoss_dZ * x)" in result.stderr


def test_fix_of_code_that_no_edit_mends_says_what_the_values_show(project):
    path = project / "manual" / "line.py"
    loop = "out = []\n    for x in X:\n        out.append(3 * dLoss_dZ * x)\n    return 7 * np.array(out)"
    path.write_text(path.read_text().replace("return dLoss_dZ * X", loop))
    result = run("fix", "line", "--trials", "500")
    assert result.exit_code == 1
    part = result.stderr.split("dLoss_dw = ")[1].split("manual/")[0]
    assert "21 times" in part
    assert "fix:" not in part


def test_check_names_mistake_and_fix_of_each_wrong_equation(project):
    result = run("check", "line", "--trials", "500")
    assert result.exit_code == 1
    assert "diagnosis: the step has the wrong sign" in result.stdout
    assert "agrees in all of" in result.stdout
    assert "fix: b - eta * dLoss_db" in result.stdout
    assert "REFUTED" in result.stdout

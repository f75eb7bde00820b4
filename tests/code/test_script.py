"""One step of a script: read like a function, without running the rest of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from gradproof import Code
from gradproof.case.project import Project
from gradproof.check.loading import load_derivation
from gradproof.cli import main
from gradproof.code.script import Piece
from gradproof.errors import GradproofError

SCRIPT = '''"""A net of two layers, trained."""
import numpy as np


def nonlin(x, deriv=False):
    if deriv:
        return x * (1 - x)
    return 1 / (1 + np.exp(-x))


X = open("data that is nowhere").read()
y = np.array(X)
n, d = X.shape
W1 = np.random.random((3, 4))
W2 = np.random.random((4, 1))
rate = 0.5

for step in range(60000):
    hidden = nonlin(X @ W1)
    out = nonlin(hidden @ W2)
    err = y - out
    if step % 10000 == 0:
        print("error", np.abs(err).mean())
    loss = 0.5 * (err ** 2).sum() / n
    delta2 = err * nonlin(out, deriv=True) / n
    delta1 = delta2 @ W2.T * nonlin(hidden, deriv=True)
    W2 += rate * (hidden.T @ delta2)
    W1 += rate * (X.T @ delta1)
'''
REFERENCE = """
import torch
from torch import nn
from gradproof import Code, Reference, normal, uniform


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.W1 = nn.Parameter(torch.zeros(3, 4))
        self.W2 = nn.Parameter(torch.zeros(4, 1))

    def forward(self, X, y):
        out = torch.sigmoid(torch.sigmoid(X @ self.W1) @ self.W2)
        return 0.5 * ((y - out) ** 2).sum() / len(X)


inputs = {"X": normal(5, 3), "y": uniform(0, 1, 5, 1)}
reference = Reference(Net, inputs=inputs, optimizer=lambda p: torch.optim.SGD(p, lr=0.5))
code = Code.script(%s)
"""


def written(project: Project, script: str = SCRIPT, lines: str = "") -> Path:
    path = project.root / "manual" / "net.py"
    path.write_text(script, encoding="utf-8")
    (project.root / "reference" / "net.py").write_text(REFERENCE % lines, encoding="utf-8")
    return path


@pytest.mark.parametrize("lines", ["", "19, 28"])
def test_step_of_a_script_agrees_and_the_script_is_not_run(
    project: Project, lines: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.root)
    written(project, lines=lines)
    result = CliRunner().invoke(main, ["check", "net", "--trials", "60"])
    assert result.exit_code == 0, result.output
    assert "3 of 3 equations agree" in result.output
    assert "error 0." not in result.output


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("nonlin(hidden, deriv=True)", "nonlin(hidden)"),
        ("delta2 @ W2.T", "2 * delta2 @ W2.T"),
    ],
)
def test_mistake_in_a_script_is_mended_in_its_file(
    project: Project, right: str, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.root)
    path = written(project, SCRIPT.replace(right, wrong))
    result = CliRunner().invoke(main, ["check", "net", "--trials", "60"])
    assert result.exit_code == 1
    assert "1 of 3 equations wrong: W1_new" in result.output
    CliRunner().invoke(main, ["fix", "net", "--write", "--trials", "60"])
    assert path.read_text(encoding="utf-8") == SCRIPT


@pytest.mark.parametrize(
    ("script", "lines", "said"),
    [
        (SCRIPT, "2, 3", "no whole statement"),
        (SCRIPT + "\nfor k in range(3):\n    print(k)\n", "", "has 2 loops"),
        ("import numpy as np\n", "", "no statements"),
        ("import numpy as np\nx = (\n", "", "no Python"),
        (SCRIPT.replace("import numpy as np", "import no_such_library as np"), "", "no_such_library"),
    ],
)
def test_piece_that_is_none_is_said_with_the_way_out(project: Project, script: str, lines: str, said: str) -> None:
    written(project, script, lines)
    with pytest.raises(GradproofError, match=said.replace("no Python", "not Python")):
        load_derivation(project, "net")


@pytest.mark.parametrize("lines", [(3,), (0, 4), (9, 4), ("a", "b")])
def test_lines_that_are_none_are_refused(lines: tuple[object, ...]) -> None:
    with pytest.raises(GradproofError, match="line"):
        Code.script(*lines)  # type: ignore[arg-type]


def test_list_that_a_script_fills_as_it_goes_begins_anew(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.root)
    script = SCRIPT.replace("rate = 0.5\n", "rate = 0.5\nlosses = []  # by step\n")
    written(project, script.replace("    delta2 =", "    losses.append(loss)\n    delta2 ="))
    result = CliRunner().invoke(main, ["check", "net", "--trials", "60"])
    assert "3 of 3 equations agree" in result.output


def test_piece_is_given_what_it_reads_first_and_returns_what_it_changes() -> None:
    made = Piece(Path("net.py"), 0, 0).function(SCRIPT)
    assert {one.arg for one in made.args.args} == {"X", "W1", "W2", "y", "rate"}

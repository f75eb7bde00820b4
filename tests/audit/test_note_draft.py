"""`gradproof new NAME --from NOTE`: the reference that a note's forward equations make, and the audit against it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from gradproof.audit.auditing import audit_note
from gradproof.case.project import Project
from gradproof.cli import main

NOTE = r"""
# A layer

$$a = W x + b, \quad h = \tanh(a)$$

$$p_k = \frac{e^{h_k}}{\sum_{j=1}^{K} e^{h_j}}, \quad L = -\sum_{k=1}^{K} y_k \log p_k$$

with $\sum_k y_k = 1$.

$$\delta = \frac{\partial L}{\partial a} = (p - y) \odot (1 - h \odot h)$$

$$\frac{\partial L}{\partial W} = \delta x^T, \quad \frac{\partial L}{\partial b} = \delta$$
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with the note in it."""
    (tmp_path / "manual").mkdir()
    (tmp_path / "note.md").write_text(NOTE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_draft_is_a_torch_module_with_the_notes_symbols_and_says_what_is_open(project: Path) -> None:
    done = CliRunner().invoke(main, ["new", "layer", "--from", "note.md"])
    assert done.exit_code == 0, done.output
    text = (project / "reference" / "layer.py").read_text(encoding="utf-8")
    assert "a = self.a(W @ x + b)" in text
    assert "return -(y * torch.log(p)).sum(0)" in text
    assert '"y": simplex(' in text
    assert "the shapes are guessed" in done.output


def test_audit_against_the_draft_accepts_the_note_and_catches_a_slip(project: Path) -> None:
    assert CliRunner().invoke(main, ["new", "layer", "--from", "note.md", "--shape", "W=4x3"]).exit_code == 0
    assert "nn.Parameter(torch.zeros(4, 3))" in (project / "reference" / "layer.py").read_text(encoding="utf-8")
    right = audit_note(NOTE, "layer", project=Project(project), trials=8, proof_seconds=0.0)
    assert {verdict.status for verdict in right.verdicts} == {"holds"}
    slip = NOTE.replace(r"\delta x^T", r"h x^T")
    wrong = audit_note(slip, "layer", project=Project(project), trials=8, proof_seconds=0.0)
    assert [verdict.line for verdict in wrong.verdicts if verdict.status == "WRONG"] == [12]


def test_note_that_differentiates_nothing_is_refused_with_the_way_out(project: Path) -> None:
    (project / "note.md").write_text("$$a = W x$$", encoding="utf-8")
    done = CliRunner().invoke(main, ["new", "layer", "--from", "note.md"])
    assert done.exit_code != 0
    assert "write the loss as an equation" in " ".join(done.output.split())


def test_shape_that_is_not_understood_is_refused(project: Path) -> None:
    done = CliRunner().invoke(main, ["new", "layer", "--from", "note.md", "--shape", "W"])
    assert "write it as W=4x3" in " ".join(done.output.split())


def test_shape_without_a_note_is_refused() -> None:
    done = CliRunner().invoke(main, ["new", "layer", "--shape", "W=4x3"])
    assert done.exit_code == 2
    assert "--from NOTE.md" in done.output

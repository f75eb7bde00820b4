"""`gradproof audit` and `gradproof show`: the note as printed against the reference, and the code as LaTeX."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner

from gradproof.audit.auditing import audit_note, read_note
from gradproof.case.project import Project
from gradproof.cli import main
from gradproof.errors import GradproofError

ROOT = Path(__file__).resolve().parents[2]
NOTE = ROOT / "manual" / "parameter_update_2.md"


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)


def run(*arguments):
    return CliRunner().invoke(main, arguments)


def audit(text, name="parameter_update_2", **settings):
    return audit_note(text, name, project=Project(ROOT), **{"proof_seconds": 60.0, **settings})


def test_audit_document_finds_the_six_errata_and_nothing_else():
    found = audit(NOTE.read_text())
    assert (len(found.statements), len(found.verdicts)) == (49, 72)
    assert (found.count("holds"), found.count("WRONG")) == (66, 6)
    assert [verdict.mend.wording for verdict in found.wrong] == ["printed +, should be -"] * 6
    assert [verdict.proof for verdict in found.verdicts].count("PROVED") == 66
    assert [verdict.proof for verdict in found.verdicts].count("REFUTED") == 6
    assert all(verdict.proof == ("PROVED" if verdict.status == "holds" else "REFUTED") for verdict in found.verdicts)


def test_audit_matrix_note_holds_and_is_proved():
    found = audit((ROOT / "manual" / "softmax_mlp.md").read_text(), "softmax_mlp")
    assert {verdict.status for verdict in found.verdicts} == {"holds"}
    assert {verdict.proof for verdict in found.verdicts} == {"PROVED"}


PLANTED = {
    "transpose": (r"\right)^{\top} A^{(1)}", r"\right) A^{(1)}"),
    "divisor": (r"= \frac{1}{N} (P - T)" + "$$", "= P - T$$"),
    "sign": (r"W^{(2)} - \eta", r"W^{(2)} + \eta"),
    "mask": (r"\odot \mathbf{1}\left[Z^{(1)} > 0\right]", ""),
    "sum": (r"\sum_{k} T_{nk}", r"\sum_{k} 2 T_{nk}"),
}


def test_audit_each_mistake_planted_in_the_matrix_note_is_found_in_its_line():
    text = (ROOT / "manual" / "softmax_mlp.md").read_text()
    lines = set()
    for old, new in PLANTED.values():
        assert old in text
        lines.add(text[: text.index(old)].count("\n") + 1)
        text = text.replace(old, new, 1)
    found = audit(text, "softmax_mlp", proof_seconds=0.0)
    assert len(lines) == len(PLANTED)
    assert {verdict.line for verdict in found.wrong} == lines


def test_audit_command_prints_verdict_caret_and_mended_equation():
    result = run("audit", str(NOTE))
    assert result.exit_code == 1
    assert "49 statements, 72 equalities: 66 holds, 6 WRONG; 66 proved, 6 refuted" in result.stdout
    assert "printed +, should be -" in result.stdout
    assert "mended: W_{13} = W_{13} - " in result.stdout
    lines = result.stdout.splitlines()
    place = next(k for k, line in enumerate(lines) if line.strip() == "^")
    assert lines[place - 1][lines[place].index("^")] == "+"


def test_audit_writes_annotated_note_errata_and_tables(tmp_path):
    outputs = [tmp_path / "note.md", tmp_path / "errata.md"]
    result = run(
        "audit", str(NOTE), "--annotate", str(outputs[0]), "--erratum", str(outputs[1]), "--reports", str(tmp_path)
    )
    assert result.exit_code == 1
    assert outputs[0].read_text().count("should be -") >= 6
    assert outputs[1].read_text().startswith("# Errata of parameter_update_2.md\n\n6 errata in 72 equalities")
    rows = list(csv.DictReader(StringIO((tmp_path / "parameter_update_2" / "audit.csv").read_text())))
    assert [row["verdict"] for row in rows].count("WRONG") == 6
    assert "## All equalities" in (tmp_path / "parameter_update_2" / "audit.md").read_text()
    again = audit(outputs[0].read_text(), proof_seconds=0.0)
    assert (again.count("holds"), again.count("WRONG")) == (66, 6)


def test_audit_erratum_to_standard_output_is_the_list_alone():
    result = run("audit", str(NOTE), "--no-proof", "--erratum", "-")
    assert result.stdout.startswith("# Errata of parameter_update_2.md\n\n6 errata in 72 equalities")
    assert "against reference" not in result.stdout


def test_audit_note_that_lies_in_no_project_is_judged_by_that_of_the_working_directory(tmp_path):
    note = tmp_path / "other.tex"
    note.write_text(r"\[ Loss = -\log P_5 \]")
    result = run("audit", str(note), "--reference", "parameter_update_2")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "1 statement, 1 equality: 1 holds; 1 proved" in result.stdout


def test_audit_never_writes_over_the_note(tmp_path):
    note = tmp_path / "other.md"
    note.write_text("$Loss = P_5$")
    for option in ("--annotate", "--erratum"):
        result = run("audit", str(note), "--reference", "parameter_update_2", option, str(note))
        assert result.exit_code == 2
        assert "would overwrite the note itself" in result.stderr
    assert note.read_text() == "$Loss = P_5$"


@pytest.mark.parametrize("text", ["no maths here", "$a = b$", r"$a = \int b$"])
def test_audit_in_which_nothing_was_judged_is_no_success(text, tmp_path):
    note = tmp_path / "other.md"
    note.write_text(text)
    result = run("audit", str(note), "--reference", "parameter_update_2")
    assert result.exit_code == 2
    assert "nothing in other.md could be judged" in result.stderr


def test_audit_name_that_means_nothing_is_followed_by_how_to_declare_it(tmp_path):
    note = tmp_path / "other.md"
    note.write_text(r"$L = -\log P_5$ and $P_5 = P_5$")
    result = run("audit", str(note), "--reference", "parameter_update_2")
    assert "line 1, column 2: not judged: no quantity is declared for L" in result.stdout
    assert 'latex={"Loss": ["Loss", "L"]}' in result.stdout


def test_audit_side_that_is_not_read_has_its_line_column_and_caret(tmp_path):
    note = tmp_path / "other.md"
    note.write_text("$P_5 = P_5$\n\n$$P_5 =\n  \\int P_6$$\n")
    result = run("audit", str(note), "--reference", "parameter_update_2")
    assert "line 4, column 3: not read: '\\int' is not understood here" in result.stdout
    lines = result.stdout.splitlines()
    place = next(k for k, line in enumerate(lines) if line.strip() == "^")
    assert lines[place - 1][lines[place].index("^") :].startswith(r"\int")


def test_audit_derivative_that_no_path_leads_to_is_zero():
    found = audit(
        r"$\frac{dW_{13}}{dW_{23}} = 0$ $\frac{dW_{13}}{dW_{13}} = 1$ $\frac{dLoss}{dLoss} = 1$"
        r"$\frac{dLoss}{dW_{13}} = \frac{dLoss}{dY_3} \frac{dW_{13}}{dY_3}$"
    )
    assert [verdict.status for verdict in found.verdicts] == ["holds", "holds", "holds", "WRONG"]
    assert [verdict.proof for verdict in found.verdicts] == ["PROVED", "PROVED", "PROVED", "REFUTED"]
    assert found.wrong[0].mend.latex == r"\frac{dLoss}{dW_{13}} = \frac{dLoss}{dY_3} \frac{dY_{3}}{dW_{13}}"


def test_audit_same_seed_same_output():
    words = ("audit", str(ROOT / "manual" / "softmax_mlp.md"), "--seed", "5")
    first = run(*words).stdout
    assert "proved" in first
    assert run(*words).stdout == first


def test_audit_without_an_optimizer_or_a_quantity_is_not_judged_and_says_why(tmp_path):
    found = audit(r"$$Q_9 = P_5$$ $$\frac{dLoss}{d\eta} = 3$$")
    assert {verdict.status for verdict in found.verdicts} == {"not judged"}
    assert all(verdict.reason for verdict in found.verdicts)


def test_audit_constant_that_float64_does_not_have_is_no_error():
    found = audit(r"$$0.1 \cdot P_5 = \frac{P_5}{10}$$")
    assert [verdict.status for verdict in found.verdicts] == ["holds"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("audit", "nowhere.md"), "there is no note nowhere.md"),
        (("audit", str(NOTE), "--reference", "parameter_update_3"), "reference/parameter_update_3.py"),
        (("show", "parameter_update_3", "--latex"), "there is no case 'parameter_update_3'"),
    ],
)
def test_audit_mistake_is_one_message(arguments, words):
    result = run(*arguments)
    assert result.exit_code == 2
    assert words in result.stderr


def test_read_note_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "note.md"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(GradproofError, match="UTF-8"):
        read_note(path)


def test_show_latex_of_the_document_reads_back_as_the_same_equations():
    result = run("show", "parameter_update_2", "--latex")
    assert result.exit_code == 0
    lines = [line for line in result.stdout.splitlines() if not line.startswith("%")]
    shown = "\n".join(line for line in lines if r"\max" not in line or "Y_" in line)
    found = audit(shown, proof_seconds=0.0)
    assert found.count("WRONG") == 0
    assert found.count("holds") >= 60
    assert found.count("not read") == 0


def test_show_code_has_every_equation_with_its_line():
    result = run("show", "softmax_mlp")
    assert "manual/softmax_mlp.py:17  Z1 = X @ W1.T + b1" in result.stdout


def test_show_latex_of_arrays_reads_back_as_the_same_equations(tmp_path):
    for case in ("softmax_mlp", "bce_with_logits"):
        shown = run("show", case, "--latex").stdout
        found = audit(shown, case, proof_seconds=0.0)
        assert (found.count("WRONG"), found.count("not read")) == (0, 0)
        assert found.count("holds") >= 1


def test_audit_of_a_case_whose_model_returns_an_array_reads_its_cotangent_as_a_derivative():
    found = audit(
        r"$$\frac{dLoss}{dX} = \frac{dLoss}{dY} W$$ $$\frac{dLoss}{dW} = X^{\top} \frac{dLoss}{dY}$$", "linear"
    )
    assert [verdict.status for verdict in found.verdicts] == ["holds", "WRONG"]
    assert found.verdicts[0].proof == "PROVED"

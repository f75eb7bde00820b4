"""`gradproof prove` and `gradproof same`."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from gradproof.case.project import Project
from gradproof.check.case import load_case
from gradproof.cli import main
from gradproof.proof.proving import prove_case

ROOT = Path(__file__).resolve().parents[2]
RIGHT, PRINTED = "manual/parameter_update_2.py", "manual/parameter_update_2_as_printed.py"


def run(*arguments):
    return CliRunner().invoke(main, arguments)


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)


def test_prove_document_every_equation_of_every_form():
    proofs = prove_case(load_case("parameter_update_2", project=Project(ROOT)), seed=1)
    assert {one.verdict for one in proofs.equations} == {"PROVED"}
    assert max(one.error_probability for one in proofs.equations) < 1e-20


def test_prove_document_as_printed_refutes_exactly_the_six():
    case = load_case("parameter_update_2_as_printed", project=Project(ROOT))
    proofs = prove_case(case, seed=1)
    assert proofs.refuted == case.derivation.known_errata
    assert proofs.count("PROVED") == 86
    for one in proofs.equations:
        if one.verdict == "REFUTED":
            assert abs(one.witness.expected - one.witness.found) > one.witness.bound


def test_prove_matrix_form_at_all_its_equations():
    proofs = prove_case(load_case("softmax_mlp", project=Project(ROOT)), seed=1)
    assert {one.verdict for one in proofs.equations} == {"PROVED"}


def test_prove_command_exit_status_is_that_of_the_declared_errata():
    result = run("prove", "parameter_update_2", "parameter_update_2_as_printed", "--seed", "7")
    assert result.exit_code == 0
    assert "92 PROVED of 92 equations" in result.stdout
    assert "86 PROVED, 6 REFUTED of 92 equations" in result.stdout
    assert "seed 7" in result.stdout


def test_prove_same_seed_same_output():
    assert run("prove", PRINTED[7:-3], "--seed", "3").stdout == run("prove", PRINTED[7:-3], "--seed", "3").stdout


def test_prove_unknown_case_is_one_message():
    result = run("prove", "parameter_update_3")
    assert result.exit_code == 2
    assert "did you mean parameter_update_2" in result.stderr


def test_same_two_forms_of_one_quantity_are_proved_equal():
    result = run("same", f"{RIGHT}:dLoss_dY5", f"{RIGHT}:dLoss_dY5__expanded")
    assert result.exit_code == 0
    assert result.stdout.startswith("PROVED")


def test_same_shows_where_two_formulas_differ():
    result = run("same", f"{RIGHT}:b3_new", f"{PRINTED}:b3_new", "--seed", "1")
    assert result.exit_code == 1
    assert result.stdout.startswith("REFUTED")
    assert "at " in result.stdout


def test_same_takes_shapes_from_the_case_or_from_the_command_line(tmp_path):
    file = tmp_path / "two.py"
    file.write_text("def a(X, Y):\n    return (X @ Y).T\n\ndef b(X, Y):\n    return Y.T @ X.T\n")
    assert run("same", f"{file}:a", f"{file}:b", "--shape", "X=2,3", "--shape", "Y=3,4").exit_code == 0
    result = run("same", "manual/softmax_mlp.py:dLoss_db1", "manual/softmax_mlp.py:dLoss_db1")
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((f"{RIGHT}:dLoss_dY55", f"{RIGHT}:dLoss_dY5"), "has no function 'dLoss_dY55' (did you mean"),
        (("nowhere.py:a", f"{RIGHT}:dLoss_dY5"), "there is no Python file 'nowhere.py'"),
        ((RIGHT, f"{RIGHT}:dLoss_dY5"), "is not of the form FILE:FUNCTION"),
        ((f"{RIGHT}:dLoss_dY5", f"{RIGHT}:dLoss_dY5", "--shape", "P5=a"), "is not of the form NAME=2,3"),
        ((f"{RIGHT}:dLoss_dY5", f"{RIGHT}:dLoss_dY5", "--shape", "P5=0"), "is not of the form NAME=2,3"),
    ],
)
def test_same_mistake_is_one_message(arguments, words):
    result = run("same", *arguments)
    assert result.exit_code == 2
    assert words in result.stderr

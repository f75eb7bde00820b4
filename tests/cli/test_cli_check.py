"""`gradproof check`: what it prints and with which status it ends."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from small_projects import MATRIX, MATRIX_REFERENCE, NEURON_REFERENCE, Run, Write, flat

from gradproof import defaults
from gradproof.case.project import Project
from gradproof.truth.passes import DTYPES

LOG_OF_ZERO = "(0 * self.sigmoid(self.linear(x[None]))[0] * t).abs().log()"
WRONG = {"return dLoss_dZ * x": "return dLoss_dZ + x"}
FLIPPED = {"return b - eta * dLoss_db": "return b + eta * dLoss_db"}


def test_check_right_case_succeeds(write: Write, run: Run) -> None:
    write("neuron")
    outcome = run("check", "neuron", "--trials", "200")
    assert outcome.exit_code == 0, outcome.output
    assert "ok: 9 of 9 equations agree" in outcome.stdout
    assert "200 trials, seed 0, float64" in outcome.stdout
    assert outcome.stderr == ""


def test_check_counts_verdicts_by_kind(write: Write, run: Run) -> None:
    write("neuron", WRONG)
    lines = run("check", "--trials", "200").stdout.splitlines()
    rows = {
        line.split()[0]: line.split()[1:4] for line in lines if line.startswith(("kind", "forw", "deriv", "update"))
    }
    assert rows["kind"] == ["agrees", "disagrees", "inherits"], lines
    assert rows["forward"] == ["3", "0", "0"]
    assert rows["derivative"] == ["3", "1", "0"]
    assert rows["update"] == ["1", "0", "1"]


def test_check_wrong_equation_is_named_with_place_text_and_numbers(write: Write, run: Run) -> None:
    write("neuron", WRONG)
    outcome = run("check", "--trials", "200")
    assert outcome.exit_code == 1
    text = flat(outcome.stdout)
    assert "FAILED: 1 of 9 equations wrong: dLoss_dw; 1 inherits" in text
    assert "manual/neuron.py:20 dLoss_dw = dLoss_dZ + x disagrees in 200 of 200 trials; worst in trial" in text
    assert re.search(r"manual -?\d\S+ truth -?\d\S+ difference \S+, of which rounding explains \S+ at most", text)
    assert re.search(r"inputs dLoss_dZ=-?\d\S*, x=-?\d\S*", text)
    assert "inherits w_new: wrong only because of dLoss_dw" in text


def test_check_replay_command_shows_the_same_numbers(write: Write, run: Run) -> None:
    write("neuron", WRONG)
    checked = run("check", "--trials", "200", "--seed", "7", "--dtype", "float32", "--scale", "2.5").stdout
    (command,) = re.findall(r"^ *(gradproof replay .*)$", checked, re.M)
    words = shlex.split(command)[1:]
    assert words[-6:] == ["--seed", "7", "--dtype", "float32", "--scale", "2.5"]
    replayed = run(*words)
    assert replayed.exit_code == 0, replayed.output
    for name, shown in (("manual", r"manual, on true inputs = (\S+)"), ("truth", r"^truth = (\S+)")):
        (in_check,) = re.findall(rf"^ +{name} +(\S+)$", checked, re.M)
        (in_replay,) = re.findall(shown, replayed.stdout, re.M)
        assert float(in_replay) == pytest.approx(float(in_check), rel=1e-6)


def test_check_worst_entry_of_an_array_is_named(write: Write, run: Run) -> None:
    write("layer", {"return dLoss_dY.T @ X": "return -dLoss_dY.T @ X"}, manual=MATRIX, reference=MATRIX_REFERENCE)
    outcome = run("check", "--trials", "50")
    assert outcome.exit_code == 1
    assert re.search(r"worst in trial \d+, entry \[[01], [012]\]:", outcome.stdout)


def test_check_declared_erratum_succeeds_and_is_marked(write: Write, run: Run) -> None:
    write("neuron", FLIPPED, end='\nKNOWN_ERRATA = ("b_new",)\n')
    outcome = run("check", "--trials", "200")
    assert outcome.exit_code == 0
    assert "ok: 1 known erratum disagrees, as declared: b_new" in flat(outcome.stdout)
    assert "manual/neuron.py:29 known erratum b_new = b + eta * dLoss_db" in flat(outcome.stdout)


def test_check_declared_erratum_that_agrees_fails(write: Write, run: Run) -> None:
    write("neuron", end='\nKNOWN_ERRATA = ("b_new",)\n')
    outcome = run("check", "--trials", "200")
    assert outcome.exit_code == 1
    assert "FAILED: declared as errata but not wrong: b_new" in flat(outcome.stdout)


def test_check_says_why_an_equation_is_unchecked(write: Write, run: Run) -> None:
    write("neuron", end="\ndef half(A):\n    return A / 2\n")
    outcome = run("check", "--trials", "200")
    assert outcome.exit_code == 0
    assert "9 of 10 equations agree; 1 unchecked" in outcome.stdout
    assert re.search(r"^unchecked  half: \S", outcome.stdout, re.M)


def test_check_says_why_an_equation_is_undefined(write: Write, run: Run) -> None:
    of_nothing = NEURON_REFERENCE.replace("(self.sigmoid(self.linear(x[None]))[0] - t) ** 2 / 2", LOG_OF_ZERO)
    write("log", {"return (A - t) ** 2 / 2": "return np.log(0 * A)"}, reference=of_nothing)
    text = run("check", "--trials", "50").stdout
    assert "undefined  Loss: the truth is not finite in any of 50 trials" in text


def test_check_says_what_only_the_proof_could_tell(write: Write, run: Run) -> None:
    without_x = NEURON_REFERENCE.replace("self.linear(x[None])", "self.linear(x.detach()[None] + 0 * x)")
    write("neuron", end="\ndef dLoss_dx(dLoss_dZ, w):\n    return dLoss_dZ * w * 0\n", reference=without_x)
    text = flat(run("check", "--trials", "50").stdout)
    assert "agrees dLoss_dx: proved; the trials alone: zero in all 50 trials: a wrong factor would not show" in text


def test_check_all_cases_run_although_one_is_broken(write: Write, run: Run) -> None:
    write("a_broken", {"def A(Z)": "def A(Zz)"})
    write("b_right")
    write("c_wrong", WRONG)
    outcome = run("check", "--trials", "100")
    assert outcome.exit_code == 2
    assert outcome.stderr.startswith("error: manual/a_broken.py:8: A takes 'Zz'")
    assert "ok: 9 of 9 equations agree" in outcome.stdout
    assert "FAILED: 1 of 9 equations wrong: dLoss_dw" in outcome.stdout
    last = flat(outcome.stdout).rpartition("inherits w_new")[2]
    assert "1 case as expected; 1 not as expected: c_wrong; 1 broken: a_broken" in last


def test_check_one_wrong_case_among_right_ones_fails(write: Write, run: Run) -> None:
    write("a_right")
    write("b_wrong", WRONG)
    write("c_right")
    outcome = run("check", "--trials", "100")
    assert outcome.exit_code == 1
    assert outcome.stdout.endswith("2 cases as expected; 1 not as expected: b_wrong\n")


def test_check_of_many_cases_gives_each_a_line_and_mistakes_in_full(write: Write, run: Run) -> None:
    for letter in "abcde":
        write(f"{letter}_right")
    write("f_wrong", WRONG)
    outcome = run("check", "--trials", "60")
    assert outcome.exit_code == 1
    lines = outcome.stdout.splitlines()
    assert lines[:3] == [
        "6 cases, 60 trials each, seed 0, float64",
        "",
        "ok      a_right  9 of 9 equations agree",
    ]
    assert "FAILED  f_wrong  1 of 9 equations wrong: dLoss_dw; 1 inherits" in lines
    assert "  fix: dLoss_dZ * x" in lines
    assert lines[-1] == "5 cases as expected; 1 not as expected: f_wrong"


def test_check_named_cases_only(write: Write, run: Run) -> None:
    write("right")
    write("wrong", WRONG)
    outcome = run("check", "right", "right", "--trials", "100")
    assert outcome.exit_code == 0
    assert outcome.stdout.count("9 of 9 equations agree") == 1


def test_check_misspelt_case_gives_close_matches_without_traceback(write: Write, run: Run) -> None:
    write("neuron")
    outcome = run("check", "neurone")
    assert outcome.exit_code == 2
    assert outcome.stderr.startswith("error: there is no case 'neurone'")
    assert "did you mean neuron?" in outcome.stderr
    assert "Traceback" not in outcome.output


def test_check_outside_a_project_says_what_to_do(run: Run, tmp_path: Path) -> None:
    (tmp_path / "manual").rmdir()
    outcome = run("check")
    assert outcome.exit_code == 2
    assert outcome.stderr.startswith("error: no project here")
    assert "`gradproof new NAME` writes one" in outcome.stderr


def test_check_project_without_cases_says_what_to_do(run: Run) -> None:
    outcome = run("check")
    assert outcome.exit_code == 2
    assert "has no cases; `gradproof new NAME` writes a first one" in outcome.stderr


def test_check_works_from_a_folder_inside_the_project(
    write: Write, run: Run, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("neuron")
    monkeypatch.chdir(project.root / "manual")
    assert run("check", "--trials", "50").exit_code == 0


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--trials", "0", "0 is not in the range x>=1"),
        ("--seed", "-1", "-1 is not in the range"),
        ("--dtype", "float16", "'float16' is not one of 'float64', 'float32'"),
        ("--steps", "-3", "-3 is not in the range x>=0"),
        ("--scale", "0", "a scale is positive and finite, not 0.0"),
    ],
)
def test_check_impossible_option_is_refused(write: Write, run: Run, option: str, value: str, message: str) -> None:
    write("neuron")
    outcome = run("check", option, value)
    assert outcome.exit_code == 2
    assert message in outcome.stderr


def test_check_dtype_choices_are_those_that_can_run() -> None:
    assert tuple(DTYPES) == defaults.DTYPES


def test_check_steps_shows_how_training_parts(write: Write, run: Run) -> None:
    write("neuron")
    outcome = run("check", "--trials", "100", "--steps", "30")
    assert outcome.exit_code == 0, outcome.output
    after = outcome.stdout.partition("trained by both sides")[2]
    assert [line.split()[0] for line in after.splitlines() if re.match(r" *\d", line)] == [
        "1",
        "2",
        "5",
        "10",
        "20",
        "30",
    ]


def test_check_twice_prints_the_same(write: Write, run: Run) -> None:
    write("neuron", WRONG)
    assert run("check", "--trials", "300").output == run("check", "--trials", "300").output


def test_check_another_seed_prints_another_worst_trial(write: Write, run: Run) -> None:
    write("neuron", WRONG)
    assert run("check", "--trials", "300").output != run("check", "--trials", "300", "--seed", "1").output


# Stopped by the user ---------------------------------------------------------------------------------------------


CTRL_C_ONCE = """
    _sizes = []

    def dLoss_dt(A, t):
        before, now = sum(_sizes), np.size(t)
        _sizes.append(now)
        if before <= 100_000 < before + now:
            raise KeyboardInterrupt
        return t - A
"""


def test_check_interrupted_reports_what_is_done(write: Write, run: Run, project: Project) -> None:
    write("a_long", end=CTRL_C_ONCE)
    write("b_next")
    outcome = run("check", "--trials", "1000000", "--reports", "reports")
    assert outcome.exit_code == 130
    assert re.search(r"^interrupted after [1-9][\d,]+ trials, seed 0, float64$", outcome.stdout, re.M)
    assert "ok: 10 of 10 equations agree" in outcome.stdout
    assert "1 not run: b_next" in outcome.stdout
    assert "no reports written: the run was interrupted" in outcome.stderr
    assert list((project.root / "reports").iterdir()) == []


def test_check_interrupted_before_any_trial_has_no_verdict(write: Write, run: Run) -> None:
    write("neuron", end="\ndef dLoss_dt(A, t):\n    raise KeyboardInterrupt\n")
    outcome = run("check")
    assert outcome.exit_code == 130
    assert "interrupted before the verdict on neuron" in outcome.stderr
    assert "agree" not in outcome.stdout


# Reports ---------------------------------------------------------------------------------------------------------


def test_check_writes_nothing_unless_asked(write: Write, run: Run, project: Project) -> None:
    write("neuron")
    run("check", "--trials", "50")
    assert sorted(path.name for path in project.root.iterdir()) == ["manual", "reference"]


def test_check_reports_are_written_where_asked(write: Write, run: Run, project: Project) -> None:
    write("neuron")
    outcome = run("check", "--trials", "50", "--reports", "out/reports")
    assert "reports written to out/reports" in outcome.stdout
    assert (project.root / "out/reports/neuron/agreement.md").is_file()
    assert (project.root / "out/reports/index.md").is_file()


def test_check_folder_that_cannot_be_written_is_refused_before_the_run(
    write: Write, run: Run, project: Project
) -> None:
    write("neuron")
    (project.root / "taken").write_text("a file")
    outcome = run("check", "--reports", "taken/reports")
    assert outcome.exit_code == 2
    assert outcome.stderr.startswith("error: reports cannot be written to taken/reports: Not a directory")
    assert outcome.stdout == ""


@pytest.mark.parametrize("memory", ["12", "x GB", "0MB", "-1GB"])
def test_check_memory_that_is_none_is_refused(write: Write, run: Run, memory: str) -> None:
    write("neuron")
    outcome = run("check", "--memory", memory)
    assert outcome.exit_code == 2
    assert "is no amount of memory: write it as 512MB or 1.5GB" in outcome.stderr


def test_check_memory_does_not_change_what_is_found(write: Write, run: Run) -> None:
    write("neuron")
    assert run("check", "--memory", "0.02MB").stdout == run("check", "--memory", "2gb").stdout

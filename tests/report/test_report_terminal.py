"""What the terminal shows of an outcome, and how numbers are worded."""

from __future__ import annotations

from dataclasses import replace

import pytest
from report_results import INHERITS, RIGHT, TRAINING, WRONG, outcome
from rich.console import Console

from gradproof.check.facts.measured import ScalePoint, ScaleSweep, SideErrors
from gradproof.check.facts.result import CheckResult
from gradproof.report import wording
from gradproof.report.terminal.progress import progress_bar
from gradproof.report.terminal.scales import print_scales
from gradproof.report.terminal.tables import print_brief, print_result, print_summary


def shown(result: CheckResult, width: int = 80) -> str:
    """What `print_result` prints at a width."""
    console = Console(width=width, highlight=False, markup=False, color_system=None)
    with console.capture() as capture:
        print_result(console, result)
    return capture.get()


def test_wrong_equation_shows_all_that_is_known_of_it() -> None:
    text = shown(outcome(RIGHT, WRONG, INHERITS))
    assert text.endswith(
        "\nmanual/demo.py:9\n"
        "  dLoss_dw = dLoss_dZ * x | mask\n"
        "  disagrees in 990 of 1,000 trials; worst in trial 12, entry [1, 2]:\n"
        "    manual      0.1\n"
        "    truth       -0.30000000000000004\n"
        "    difference  0.4, of which rounding explains 2e-16 at most\n"
        "    inputs      dLoss_dZ=0.1, x=1.0\n"
        "  diagnosis: the sign of the product is wrong\n"
        "  fix: -dLoss_dZ * x\n"
        "    agrees in all of 64 picked trials and 256 fresh ones\n"
        "    also right: -x * dLoss_dZ\n"
        "  proof: REFUTED\n"
        "  gradproof replay demo dLoss_dw --trial 12 --seed 3\n"
        "\n"
        "inherits  w_new: wrong only because of dLoss_dw\n"
        "\n"
    )


def test_slip_that_several_equations_have_is_told_once() -> None:
    one = replace(WRONG, fix="db += dz[i]", fix_place="layers.py:15")
    text = shown(outcome(RIGHT, one, replace(one, equation="dLoss_db"), replace(one, equation="Q", fix_place="x.py:1")))
    assert text.count("  fix: db += dz[i]\n") == 2
    shared = text[text.index("  dLoss_db = ") :].split("gradproof replay")[0]
    told = "disagrees in 990 of 1,000 trials: the slip that dLoss_dw has; the fix there mends this one too"
    assert " ".join(shared.split()) == f"dLoss_db = dLoss_dZ * x | mask {told} proof: REFUTED"
    assert text.count("worst in trial") == 1
    assert "\nlayers.py:15  the slip of manual/demo.py:9\n  dLoss_dw = " in text


def test_brief_outcome_is_a_line_where_all_is_as_expected() -> None:
    known = replace(WRONG, known_erratum=True)
    for result, sentence in (
        (outcome(RIGHT), "1 of 1 equations agree; no gradient among these"),
        (outcome(RIGHT, known), "1 known erratum disagrees, as declared: dLoss_dw"),
    ):
        console = Console(width=100, highlight=False, markup=False, color_system=None)
        with console.capture() as capture:
            print_brief(console, result, 6)
        assert capture.get() == f"ok      demo    {sentence}\n"


def test_brief_outcome_shows_undeclared_mistakes_in_full_and_wraps_under_itself() -> None:
    console = Console(width=44, highlight=False, markup=False, color_system=None)
    with console.capture() as capture:
        print_brief(console, outcome(RIGHT, WRONG, INHERITS), 6)
    lines = capture.get().splitlines()
    assert lines[:2] == ["FAILED  demo    1 of 3 equations wrong:", "                dLoss_dw; 1 inherits"]
    assert "  fix: -dLoss_dZ * x" in lines


def test_scales_without_anything_finite_show_a_dash() -> None:
    nothing = SideErrors(float("nan"), float("nan"), float("nan"), 1.0)
    console = Console(width=100, highlight=False, markup=False, color_system=None)
    with console.capture() as capture:
        print_scales(console, ScaleSweep((ScalePoint(10.0, nothing, nothing, 0.5),), ("Z",), 9))
    assert capture.get().splitlines()[-2].split() == ["10", "\N{EN DASH}", "\N{EN DASH}", "100%", "100%", "50%"]


@pytest.mark.parametrize(
    ("some", "text"),
    [
        ([], ""),
        (list("ab"), "a, b"),
        (list("abcdefg"), "a, b, c, d, e, f, g"),
        (list("abcdefgh"), "a, b, c, d, e, f and 2 more"),
    ],
)
def test_names_of_a_long_list_are_cut(some: list[str], text: str) -> None:
    assert wording.names(some) == text


def test_wrong_equation_without_diagnosis_has_no_empty_lines_for_it() -> None:
    text = shown(outcome(RIGHT, replace(WRONG, diagnosis="", fix="", proof="")))
    assert not [label for label in ("diagnosis:", "fix:", "proof:") if label in text]


def test_equation_that_cannot_be_compared_says_why_and_can_be_replayed() -> None:
    misfit = replace(
        WRONG, equation="other", trials=0, disagreeing_trials=0, worst_trial=-1, diagnosis="its shape is (3,)"
    )
    text = shown(outcome(RIGHT, misfit))
    assert "  cannot be compared in any trial\n  diagnosis: its shape is (3,)" in text
    assert "gradproof replay demo other --trial 0 --seed 3" in text


def test_brackets_are_printed_as_they_are() -> None:
    assert "dLoss_dw = [bold]X[0, 0]" in shown(outcome(replace(WRONG, written="[bold]X[0, 0]")))


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_but_a_command_is_wider_than_the_terminal(width: int) -> None:
    long = replace(WRONG, written=" + ".join(f"term_{k} * factor_{k}" for k in range(30)))
    text = shown(outcome(RIGHT, long, INHERITS, trajectory=TRAINING), width)
    assert [line for line in text.splitlines() if len(line) > width and "gradproof replay" not in line] == []


def test_word_longer_than_a_line_is_left_whole() -> None:
    assert "x" * 200 in shown(outcome(replace(WRONG, written="x" * 200)), 60)


def test_command_is_one_line_however_narrow_the_terminal() -> None:
    assert "\n  gradproof replay demo dLoss_dw --trial 12 --seed 3\n" in shown(outcome(WRONG), 30)


def test_verdict_that_no_equation_has_gets_no_column() -> None:
    header = next(line for line in shown(outcome(RIGHT, INHERITS)).splitlines() if line.startswith("kind"))
    assert header.split()[:4] == ["kind", "agrees", "disagrees", "inherits"]
    assert "undefined" not in header


def test_proofs_are_counted_where_there_are_any() -> None:
    lines = shown(outcome(replace(RIGHT, proof="PROVED"), replace(WRONG, proof="REFUTED"))).splitlines()
    cells = {line.split()[0]: line.split()[1:4] for line in lines if line.startswith(("kind", "forward", "derivative"))}
    assert cells == {
        "kind": ["agrees", "disagrees", "proved"],
        "forward": ["1", "0", "1"],
        "derivative": ["0", "1", "0"],
    }
    assert "proved" not in shown(outcome(RIGHT))


def test_largest_errors_are_those_of_equations_that_agree() -> None:
    assert "25% of bound" in shown(outcome(RIGHT, replace(WRONG, kind="forward")))


def test_left_out_trials_of_a_right_equation_are_noted() -> None:
    noted = replace(RIGHT, diagnosis="left out: 3 trials whose truth is not finite (0 finite here)")
    assert "\nagrees  Z: left out: 3 trials whose truth is not finite" in shown(outcome(noted))


def test_interrupted_run_says_how_far_it_came() -> None:
    assert "interrupted after 1,000 trials, seed 3" in shown(replace(outcome(RIGHT), interrupted=True))


def test_nothing_compared_is_a_failure() -> None:
    unchecked = replace(RIGHT, verdict="unchecked", trials=0)
    assert "FAILED: 0 of 1 equations agree; 1 unchecked" in shown(outcome(unchecked))


def test_summary_of_one_case_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    print_summary(Console(), [outcome(RIGHT)], [], [])
    assert capsys.readouterr().out == ""


def test_summary_names_what_is_not_as_expected(capsys: pytest.CaptureFixture[str]) -> None:
    results = [outcome(RIGHT), outcome(WRONG, case="bad")]
    print_summary(Console(width=100), results, ["broken"], ["left"])
    assert capsys.readouterr().out == (
        "1 case as expected; 1 not as expected: bad; 1 broken: broken; 1 not run: left\n"
    )


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0%"), (0.004, "<1%"), (0.43, "43%"), (1.0, "100%"), (2.5e14, "2.5e+14 times"), (float("inf"), "inf times")],
)
def test_percent_of_bound_reads_well_at_every_size(share: float, text: str) -> None:
    assert wording.percent(share) == text


@pytest.mark.parametrize(("steps", "shown_ones"), [(1, [1]), (7, [1, 2, 5, 7]), (100, [1, 2, 5, 10, 20, 50, 100])])
def test_shown_steps_are_few_and_include_the_last(steps: int, shown_ones: list[int]) -> None:
    assert wording.shown_steps(steps) == shown_ones


def test_progress_bar_is_silent_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str], plain_terminal: None
) -> None:
    with progress_bar("demo", 100) as advance:
        advance(60)
    assert capsys.readouterr() == ("", "")


def test_progress_bar_shows_on_a_terminal_and_leaves_no_trace(
    capsys: pytest.CaptureFixture[str], plain_terminal: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress_bar("demo", 100) as advance:
        advance(60)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "demo" in captured.err
    assert "60/100" in captured.err
    assert captured.err.endswith("\x1b[2K")  # the line is erased

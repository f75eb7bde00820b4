"""`agreement.md` and `index.md` as they read in a pull request."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from report_results import INHERITS, RIGHT, TRAINING, WRONG, outcome

from gradproof.check.facts.result import CheckResult
from gradproof.report.markdown import agreement, escape, index, table
from gradproof.report.summaries import CaseSummary


def rows(text: str) -> list[list[str]]:
    """The cells of the last table whose first column is headed `equation`, split at pipes that are not escaped."""
    lines = text.rpartition("| equation |")[2].splitlines()[2:]
    body = lines[: next((k for k, line in enumerate(lines) if not line.startswith("|")), len(lines))]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in body]


def test_agreement_says_the_verdict_first() -> None:
    lines = agreement(outcome(RIGHT, WRONG, INHERITS)).splitlines()
    assert lines[0] == "# demo"
    assert lines[2] == "**FAILED: 1 of 3 equations wrong: dLoss_dw; 1 inherits**"


def test_agreement_erratum_has_text_numbers_and_replay() -> None:
    text = agreement(outcome(RIGHT, WRONG))
    section = text.partition("### `dLoss_dw`")[2].partition("## All equations")[0]
    assert "`manual/demo.py:9`: disagrees in 990 of 1,000 trials." in section
    assert "```python\ndLoss_dw = dLoss_dZ * x | mask\n```" in section
    for line in (
        "- diagnosis: the sign of the product is wrong",
        "- fix: `-dLoss_dZ * x`, agrees in all of 64 picked trials and 256 fresh ones",
        "- also right: `-x * dLoss_dZ`",
        "- worst trial: 12, entry \\[1, 2\\]",
        "- manual: `0.1`",
        "- truth: `-0.3`",
        "- difference: 0.4",
        "- replay: `gradproof replay demo dLoss_dw --trial 12 --seed 3`",
    ):
        assert f"\n{line}\n" in section, line


def test_agreement_marks_known_errata() -> None:
    text = agreement(outcome(RIGHT, replace(WRONG, known_erratum=True)))
    assert "**ok: 1 known erratum disagrees, as declared: dLoss_dw**" in text
    assert "### `dLoss_dw` (known erratum)" in text
    assert rows(text)[1][2] == "disagrees, known erratum"


def test_agreement_lists_every_equation_in_order() -> None:
    cells = rows(agreement(outcome(replace(RIGHT, resolution=3e-15), WRONG, INHERITS)))
    assert [row[0] for row in cells] == ["`Z`", "`dLoss_dw`", "`w_new`"]
    assert cells[0][1:6] == ["forward", "agrees", "1,000", "0", "1e-12"]


def test_agreement_has_a_proof_column_only_where_there_are_proofs() -> None:
    assert "| proof |" in agreement(outcome(RIGHT, WRONG))
    assert "| proof |" not in agreement(outcome(RIGHT))


def test_agreement_without_errata_has_no_section_for_them() -> None:
    text = agreement(outcome(RIGHT))
    assert "## Wrong" not in text
    assert "## Neither" not in text
    assert "## Training" not in text


def test_agreement_says_why_an_equation_has_no_verdict_of_its_own() -> None:
    assert "- `w_new` inherits: wrong only because of dLoss_dw" in agreement(outcome(WRONG, INHERITS))


def test_agreement_shows_training() -> None:
    assert "| 3 | 0.3 | 0.03 | 2 |" in agreement(outcome(RIGHT, trajectory=TRAINING))


def test_agreement_command_repeats_the_run() -> None:
    result = replace(outcome(RIGHT, trajectory=TRAINING), dtype="float32", scale=30.0)
    assert "`gradproof check demo --trials 1000 --steps 3 --seed 3 --dtype float32 --scale 30.0`" in agreement(result)


def test_table_pipe_in_a_cell_does_not_end_it() -> None:
    assert table(["a", "b"], [["x | y", "two\nlines"]]).splitlines()[2] == "| x \\| y | two lines |"


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("W13_new", "W13_new"),
        ("_Relu", r"\_Relu"),
        ("a * b", r"a \* b"),
        ("[0] <x>", r"\[0\] \<x\>"),
        ("`x`", r"\`x\`"),
    ],
)
def test_escape_keeps_characters_from_being_markdown(text: str, escaped: str) -> None:
    assert escape(text) == escaped


def test_code_with_backticks_stays_one_span() -> None:
    result: CheckResult = outcome(replace(WRONG, fix="f('`')"))
    assert "- fix: ``f('`')``," in agreement(result)


def test_index_counts_by_verdict_and_links_to_the_case() -> None:
    counts = (("agrees", 8), ("disagrees", 1))
    bad = CaseSummary("demo", counts=counts, wrong=("dLoss_dw",), trials=1000, seed=3, dtype="float64")
    good = replace(bad, declared=("dLoss_dw",))
    text = index([bad, good])
    assert "**1 of 2 cases is not as expected.**" in text
    rest = "| 9 | 8 | 1 | 0 | 0 | 0 | 0 | `dLoss_dw` | 1,000 | 3 | float64 |"
    assert text.splitlines()[6:] == [f"| [demo](demo/agreement.md) | {state} {rest}" for state in ("**no**", "yes")]


def test_index_shows_a_report_that_cannot_be_read() -> None:
    broken = CaseSummary("old", "no report")
    line = index([broken]).splitlines()[6]
    assert "| no report |" in line
    assert line.count("|") == 14

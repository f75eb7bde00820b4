"""The index over many cases: which are not as expected, seen first; and what is read back of each."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from report_results import RIGHT, WRONG, outcome

from gradproof.report.html import write as html
from gradproof.report.summaries import CaseSummary, headline, summaries, totals
from gradproof.report.write import write_reports

GOOD = CaseSummary("good", counts=(("agrees", 3), ("disagrees", 0)), trials=10, dtype="float64")
BAD = CaseSummary("bad", counts=(("agrees", 2), ("disagrees", 1)), wrong=("A",), trials=10, dtype="float64")
DECLARED = replace(BAD, case="declared", declared=("A",))


@pytest.mark.parametrize(
    ("summary", "state"),
    [
        (GOOD, ""),
        (BAD, "wrong: A"),
        (DECLARED, ""),
        (replace(GOOD, declared=("A",)), "declared as errata, but not wrong: A"),
        (replace(BAD, declared=("B",)), "wrong: A; declared as errata, but not wrong: B"),
        (replace(GOOD, counts=(("unchecked", 3),)), "nothing could be compared"),
        (CaseSummary("old", "no report"), "no report"),
    ],
)
def test_summary_says_what_is_not_as_declared(summary: CaseSummary, state: str) -> None:
    assert summary.state == state
    assert summary.ok == (state == "")


@pytest.mark.parametrize(
    ("cases", "sentence"),
    [
        ([], "No case has a report here."),
        ([GOOD], "The one case is as expected."),
        ([GOOD, DECLARED], "All 2 cases are as expected."),
        ([GOOD, BAD], "1 of 2 cases is not as expected."),
        ([BAD, BAD, GOOD], "2 of 3 cases are not as expected."),
    ],
)
def test_headline_counts_the_cases(cases: list[CaseSummary], sentence: str) -> None:
    assert headline(cases) == sentence


def test_totals_are_over_all_cases() -> None:
    assert dict(totals([GOOD, BAD, CaseSummary("old", "no report")])) == {
        "agrees": 5,
        "disagrees": 1,
        "inherits": 0,
        "inconclusive": 0,
        "undefined": 0,
        "unchecked": 0,
    }


def test_summary_reads_back_what_a_check_has_written(tmp_path: Path) -> None:
    known = replace(WRONG, known_erratum=True)
    write_reports([outcome(RIGHT, WRONG, case="bad"), outcome(RIGHT, known, case="declared")], tmp_path)
    bad, declared = summaries(tmp_path)
    assert (bad.case, bad.ok, bad.declared) == ("bad", False, ())
    assert (declared.case, declared.ok, declared.declared) == ("declared", True, ("dLoss_dw",))
    assert (declared.trials, declared.seed, declared.dtype) == (1000, 3, "float64")


def test_index_shows_cases_first_that_are_not_as_expected() -> None:
    page = html.index([GOOD, BAD, DECLARED])
    places = [page.index(text) for text in ("Not as expected", ">bad<", "As expected", ">good<", ">declared<")]
    assert places == sorted(places)
    assert page.count(", as declared") == 1


def test_index_without_mistakes_has_no_section_for_them() -> None:
    page = html.index([GOOD, DECLARED])
    assert "Not as expected" not in page
    assert "<h1>All 2 cases are as expected.</h1>" in page

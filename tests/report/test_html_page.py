"""The page of a case: what it says, that nothing in it is taken for markup, that it needs nothing else."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from page_results import HOSTILE, hostile, long
from report_results import INHERITS, RIGHT, WRONG, outcome
from small_projects import Run, Write

from gradproof.case.project import Project
from gradproof.check.facts.result import CheckResult, EquationResult
from gradproof.report.html import write as html
from gradproof.report.html.brief import headline, status
from gradproof.report.summaries import CaseSummary
from gradproof.report.write import write_reports
from gradproof.run import crosscheck

pytestmark = pytest.mark.xdist_group("as printed")


class Reader(HTMLParser):
    """Which elements there are, what they refer to, and whether each is closed."""

    VOID = frozenset({"meta", "br", "img", "link", "input", "wbr"})

    def __init__(self) -> None:
        super().__init__()
        self.tags: dict[str, int] = {}
        self.references: list[str] = []
        self.names: list[str] = []
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] = self.tags.get(tag, 0) + 1
        self.references += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href")]
        self.names += [value or "" for name, value in attrs if name == "id"]
        assert not any(name.startswith("on") for name, _ in attrs)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("script", "style"):
            self.text += data


def read(page: str) -> Reader:
    """A page parsed; it must be well formed."""
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    return reader


def test_page_of_the_document_tells_which_equations_are_wrong_and_how_to_mend_them(
    as_printed: CheckResult, page: str
) -> None:
    first = page[: page.index("Each in full")]
    assert "6 of 92 equations are wrong; the other 86 agree." in first
    assert "exactly the errata that the case declares" in first
    for one in as_printed.wrong:
        assert f">{one.equation}</a>" in first
    assert first.count("the step has the wrong sign") == 6
    assert first.count('class="changed">\N{MINUS SIGN}</mo>') == 6  # what the fix changes, and no more
    assert first.count('class="changed"') == 6


def test_page_has_numbers_and_replay_command_of_every_erratum(as_printed: CheckResult, page: str) -> None:
    text = read(page).text
    for one, worst in zip(as_printed.wrong, [w for w in as_printed.worst if w.verdict == "disagrees"], strict=True):
        assert repr(worst.manual) in text
        assert repr(worst.truth) in text
        assert as_printed.replay_command(one) in text
        assert one.place in text


def test_page_is_one_file_that_needs_no_other(page: str) -> None:
    reader = read(page)
    allowed = re.compile(r"#.+|\.\./index\.html")
    assert [where for where in reader.references if not allowed.fullmatch(where)] == []
    assert "@import" not in page
    assert not re.search(r"url\((?!#)", page)
    assert len(page.encode()) < 1_500_000


def test_page_has_every_name_once(page: str) -> None:
    reader = read(page)
    assert len(reader.names) == len(set(reader.names))
    inside = [where[1:] for where in reader.references if where.startswith("#")]
    assert set(inside) <= set(reader.names)


def test_page_same_data_same_bytes(whole: CheckResult, page: str) -> None:
    assert html.agreement(whole) == page


def test_page_escapes_every_text() -> None:
    result, details = hostile()
    page = html.agreement(result, details)
    reader = read(page)
    assert "<script>alert" not in page
    assert "<b>$x" not in page
    assert reader.tags["script"] == 1
    assert reader.text.count(HOSTILE) >= 8  # name, place, code, diagnosis, title, case: as they are


def test_page_of_300_equations_stays_small() -> None:
    page = html.agreement(*long())
    reader = read(page)
    assert reader.tags["tr"] == 301
    assert len(page.encode()) < 3_000_000


def test_page_without_errata_has_no_section_for_them() -> None:
    page = html.agreement(outcome(RIGHT))
    assert "Each in full" not in page
    assert "The one equation agrees." in page


def test_page_without_fix_shows_what_is_written() -> None:
    page = html.agreement(outcome(RIGHT, replace(WRONG, fix="")))
    assert "no fix found" in page
    assert "<code>dLoss_dw = dLoss_dZ * x | mask</code>" in page


def test_page_marks_a_part_of_plain_code_as_one() -> None:
    text = html.agreement(outcome(replace(WRONG, written="np.fft.fft(b) / len(X)", fix="np.fft.fft(b)")))
    assert "<code>dLoss_dw = np.fft.fft(b)<mark> / len(X)</mark></code>" in text


def test_page_marks_what_a_fix_of_plain_code_changes() -> None:
    text = html.agreement(outcome(replace(WRONG, written="a + np.fft.fft(b)", fix="a - np.fft.fft(b)")))
    assert "<code>dLoss_dw = a <mark>+</mark> np.fft.fft(b)</code>" in text
    assert "<code>dLoss_dw = a <mark>-</mark> np.fft.fft(b)</code>" in text


@pytest.mark.parametrize(
    ("results", "sentence", "state"),
    [
        ((RIGHT,), "The one equation agrees.", "As expected: the case declares no errata."),
        ((RIGHT, RIGHT), "All 2 equations agree.", "As expected: the case declares no errata."),
        (
            (RIGHT, WRONG),
            "1 of 2 equations is wrong; the other one agrees.",
            "Not as expected: dLoss_dw should agree.",
        ),
        (
            (RIGHT, replace(WRONG, known_erratum=True), INHERITS),
            "1 of 3 equations is wrong; one agrees.",
            "As expected: exactly the errata that the case declares.",
        ),
        (
            (RIGHT, replace(RIGHT, equation="A", known_erratum=True)),
            "All 2 equations agree.",
            "Not as expected: A should disagree, as declared.",
        ),
        (
            (replace(RIGHT, verdict="unchecked"),),
            "No equation is known to be right or wrong.",
            "Nothing could be compared.",
        ),
    ],
)
def test_headline_says_the_verdict(results: tuple[EquationResult, ...], sentence: str, state: str) -> None:
    result = outcome(*results)
    assert headline(result) == sentence
    assert status(result) == state


def test_index_links_every_case_and_escapes_names() -> None:
    cases = [
        CaseSummary("neuron", counts=(("agrees", 3), ("disagrees", 1)), wrong=(HOSTILE,), trials=1000, dtype="float64"),
        CaseSummary(HOSTILE, problem="its equations.csv is no report"),
    ]
    page = html.index(cases)
    reader = read(page)
    assert reader.references[0] == "neuron/agreement.html"
    assert "<script>" not in page
    assert reader.text.count(HOSTILE) == 2
    assert "its equations.csv is no report" in reader.text


def test_reports_on_disk_hold_pages_and_pictures(write: Write, project: Project, tmp_path: Path) -> None:
    write("neuron", {"return dLoss_dZ * x": "return dLoss_dZ + x"})
    result = crosscheck("neuron", trials=100, project=project)
    folder = tmp_path / "reports"
    write_reports([result], folder, figures=True)
    pictures = sorted(path.name for path in (folder / "neuron").glob("*.png"))
    assert pictures == ["bounds.png", "graph.png", "values.png"]
    first = {path: path.read_bytes() for path in folder.rglob("*.*") if path.is_file()}
    write_reports([result], folder, figures=True)
    assert {path: path.read_bytes() for path in first} == first
    write_reports([result], folder)
    assert list((folder / "neuron").glob("*.png")) == []  # they were of another run
    assert "neuron/agreement.html" in (folder / "index.html").read_text(encoding="utf-8")


def test_reports_on_disk_hold_scales_if_asked(write: Write, project: Project, tmp_path: Path, run: Run) -> None:
    write("neuron")
    words = ("check", "neuron", "--trials", "60", "--no-proof", "--scales", "--reports", str(tmp_path / "out"))
    assert run(*words).exit_code == 0
    lines = (tmp_path / "out/neuron/scales.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("case,scale,side,max_rel_error")
    assert len(lines) == 21
    assert "lose the same digits at every scale" in (tmp_path / "out/neuron/agreement.html").read_text("utf-8")

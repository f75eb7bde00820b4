"""Reports on disk: their columns, the same bytes for the same seed, and no reader that sees half a file."""

from __future__ import annotations

import csv
import math
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from report_results import RIGHT, TRAINING, WORST, WRONG, outcome
from small_projects import ROOT, Write

from gradproof.case.project import Project
from gradproof.check.facts.result import CheckResult
from gradproof.errors import GradproofError
from gradproof.report.frames import EQUATION_COLUMNS, TRAJECTORY_COLUMNS, WORST_COLUMNS
from gradproof.report.placing import write_atomically
from gradproof.report.summaries import NO_REPORT
from gradproof.report.write import csv_bytes, prepare_folder, write_reports
from gradproof.run import crosscheck

FILES = [
    "agreement.html",
    "agreement.md",
    "equations.csv",
    "equations.parquet",
    "result.json",
    "verdicts.csv",
    "worst_trials.csv",
    "worst_trials.parquet",
]


@pytest.fixture
def check(write: Write, project: Project) -> Callable[..., CheckResult]:
    """Check a small case with a wrong equation."""
    write("neuron", {"return dLoss_dZ * x": "return dLoss_dZ + x"})
    return lambda **options: crosscheck("neuron", project=project, **{"trials": 200, **options})


def table(path: Path) -> list[dict[str, str]]:
    """A CSV file's rows."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_write_makes_all_files(check: Callable[..., CheckResult], tmp_path: Path) -> None:
    written = write_reports([check()], tmp_path / "reports")
    assert sorted(path.name for path in (tmp_path / "reports/neuron").iterdir()) == FILES
    assert sorted(path.name for path in written) == sorted([*FILES, "index.html", "index.md"])
    assert all(path.is_file() for path in written)


def test_write_trajectory_only_with_steps(check: Callable[..., CheckResult], tmp_path: Path) -> None:
    write_reports([check(steps=4)], tmp_path)
    rows = table(tmp_path / "neuron/trajectory.csv")
    assert [row["step"] for row in rows] == ["1", "2", "3", "4"]
    assert list(rows[0]) == list(TRAJECTORY_COLUMNS)
    write_reports([check()], tmp_path)
    assert not (tmp_path / "neuron/trajectory.csv").exists()  # it was of another run


def test_write_columns_are_the_fixed_ones(check: Callable[..., CheckResult], tmp_path: Path) -> None:
    write_reports([check()], tmp_path)
    assert list(table(tmp_path / "neuron/equations.csv")[0]) == list(EQUATION_COLUMNS)
    assert list(table(tmp_path / "neuron/worst_trials.csv")[0]) == list(WORST_COLUMNS)


def test_write_same_seed_same_bytes(check: Callable[..., CheckResult], tmp_path: Path) -> None:
    for folder in ("one", "two"):
        write_reports([check(steps=3)], tmp_path / folder)
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file())
    assert len(files) == 11
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes(), file


def test_write_another_seed_other_bytes(check: Callable[..., CheckResult]) -> None:
    assert csv_bytes(check().worst_trials) != csv_bytes(check(seed=1).worst_trials)


def test_write_names_no_folder_of_the_machine(check: Callable[..., CheckResult], tmp_path: Path) -> None:
    for path in write_reports([check(steps=2)], tmp_path):
        assert str(tmp_path).encode() not in path.read_bytes()


def test_csv_numbers_read_back_to_the_same_bits(check: Callable[..., CheckResult], tmp_path: Path) -> None:
    result = check()
    write_reports([result], tmp_path)
    for row, worst in zip(table(tmp_path / "neuron/worst_trials.csv"), result.worst, strict=True):
        assert (float(row["manual"]), float(row["truth"]), float(row["bound"])) == (
            worst.manual,
            worst.truth,
            worst.bound,
        )


def test_csv_infinity_stays_infinity() -> None:
    frame = pd.DataFrame({"x": [math.inf, 1.0]})
    assert csv_bytes(frame) == b"x\ninf\n1.0\n"


def test_parquet_holds_the_same_as_the_frame(check: Callable[..., CheckResult], tmp_path: Path) -> None:
    result = check()
    write_reports([result], tmp_path)
    path = tmp_path / "neuron/equations.parquet"
    assert pq.read_table(path).column_names == list(EQUATION_COLUMNS)
    pd.testing.assert_frame_equal(pd.read_parquet(path), result.equations)


def test_kept_files_do_not_hang_on_the_last_digits_of_the_machine(tmp_path: Path) -> None:
    """Another machine rounds otherwise: other errors, another worst trial of what agrees, other last digits."""
    right = replace(RIGHT, resolution=3e-15)
    noise = {"max_abs_error": 3e-16, "max_rel_error": 9e-13, "max_ulp_error": 77.0, "bound_share": 0.61}
    there = replace(right, **noise, resolution=4e-15, worst_trial=RIGHT.worst_trial + 1)
    for folder, agreeing, digits in (("here", right, 0.0), ("there", there, 1e-13)):
        apart = replace(WORST, manual=WORST.manual + digits, bound=WORST.bound * (1.25 if digits else 1))
        result = replace(outcome(agreeing, WRONG), find_worst=lambda apart=apart: (apart,))
        write_reports([result], tmp_path / folder)
    kept = ["demo/agreement.md", "demo/verdicts.csv", "index.md"]
    for name in kept:
        assert (tmp_path / "here" / name).read_bytes() == (tmp_path / "there" / name).read_bytes(), name
    for name in ("demo/equations.csv", "demo/worst_trials.csv"):
        assert (tmp_path / "here" / name).read_bytes() != (tmp_path / "there" / name).read_bytes(), name


def test_kept_files_are_those_that_git_is_told_of() -> None:
    kept = [line for line in (ROOT / ".gitignore").read_text().splitlines() if line.startswith("!reports")]
    assert kept == ["!reports/*/agreement.md", "!reports/*/verdicts.csv"]


def test_tables_say_which_errata_are_declared(tmp_path: Path) -> None:
    known = replace(WRONG, equation="known", known_erratum=True)
    write_reports([outcome(RIGHT, WRONG, known)], tmp_path)
    rows = table(tmp_path / "demo/equations.csv")
    assert [(row["verdict"], row["known_erratum"]) for row in rows] == [
        ("agrees", "False"),
        ("disagrees", "False"),
        ("disagrees", "True"),
    ]
    column = pq.read_table(tmp_path / "demo/equations.parquet").column("known_erratum")
    assert (str(column.type), column.to_pylist()) == ("bool", [False, False, True])


def test_parquet_has_no_metadata_of_pandas(check: Callable[..., CheckResult], tmp_path: Path) -> None:
    write_reports([check()], tmp_path)
    assert b"pandas" not in (pq.read_schema(tmp_path / "neuron/equations.parquet").metadata or {})


# The index -------------------------------------------------------------------------------------------------------


def test_index_keeps_cases_of_earlier_runs(tmp_path: Path) -> None:
    write_reports([outcome(RIGHT, case="first")], tmp_path)
    write_reports([outcome(RIGHT, WRONG, case="second")], tmp_path)
    lines = (tmp_path / "index.md").read_text().splitlines()
    assert [line.split("]")[0] for line in lines if line.startswith("| [")] == ["| [first", "| [second"]
    assert "| [second](second/agreement.md) | **no** | 2 | 1 | 1 |" in lines[7]


def test_index_is_the_same_whichever_case_ran_last(tmp_path: Path) -> None:
    for cases in (("a", "b"), ("b", "a")):
        for case in cases:
            write_reports([outcome(RIGHT, case=case)], tmp_path / cases[0])
    assert (tmp_path / "a/index.md").read_bytes() == (tmp_path / "b/index.md").read_bytes()


@pytest.mark.parametrize("text", ["", "no,such,columns\n1,2,3\n", "case,verdict\nx,agrees\n", "\x00"])
def test_index_shows_a_file_that_is_no_report(tmp_path: Path, text: str) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old/verdicts.csv").write_text(text)
    write_reports([outcome(RIGHT)], tmp_path)
    index = (tmp_path / "index.md").read_text()
    assert f"| {NO_REPORT} |" in index
    assert "| [demo](demo/agreement.md) | yes | 1 | 1 |" in index


# The folder ------------------------------------------------------------------------------------------------------


def test_prepare_makes_the_folder_and_leaves_nothing_in_it(tmp_path: Path) -> None:
    prepare_folder(tmp_path / "deep/reports")
    assert list((tmp_path / "deep/reports").iterdir()) == []


def test_prepare_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(
        GradproofError, match=r"reports cannot be written to .*file/reports: Not a directory; give another"
    ):
        prepare_folder(tmp_path / "file/reports")


def test_write_to_a_folder_that_vanished_is_named(tmp_path: Path) -> None:
    (tmp_path / "demo").touch()
    with pytest.raises(GradproofError, match="reports cannot be written to"):
        write_reports([outcome(RIGHT)], tmp_path)


def test_write_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "equations.csv"
    write_atomically(target, b"old")

    def refuse(source: object, destination: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("gradproof.report.placing.os.replace", refuse)
    with pytest.raises(PermissionError):
        write_atomically(target, b"new")
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_write_reader_never_sees_a_part_of_a_file(tmp_path: Path) -> None:
    target = tmp_path / "equations.csv"
    contents = [bytes([k]) * 200_000 for k in range(40)]
    write_atomically(target, contents[0])
    seen: set[bytes] = set()
    finished = threading.Event()

    def read() -> None:
        while not finished.is_set():
            seen.add(target.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for content in contents:
            write_atomically(target, content)
    finally:
        finished.set()
        reader.join()
    assert seen <= set(contents)


def test_trajectory_frame_is_written_in_full_precision(tmp_path: Path) -> None:
    write_reports([outcome(RIGHT, trajectory=TRAINING)], tmp_path)
    assert [float(row["max_difference"]) for row in table(tmp_path / "demo/trajectory.csv")] == [0.1, 0.2, 0.3]


# The reports kept in this repository -----------------------------------------------------------------------------


@pytest.mark.parametrize("case", ["parameter_update_2", "parameter_update_2_as_printed"])
def test_committed_report_has_the_verdicts_of_a_fresh_run(case: str) -> None:
    kept = table(ROOT / "reports" / case / "verdicts.csv")
    fresh = crosscheck(case, project=Project(ROOT), trials=int(kept[0]["trials"]), seed=int(kept[0]["seed"]))
    assert [(row["equation"], row["verdict"]) for row in kept] == [(r.equation, r.verdict) for r in fresh.results]


def test_committed_reports_are_all_in_the_index() -> None:
    index = (ROOT / "reports/index.md").read_text()
    cases = sorted(path.parent.name for path in (ROOT / "reports").glob("*/verdicts.csv"))
    assert cases
    assert [line.split("]")[0].removeprefix("| [") for line in index.splitlines() if line.startswith("| [")] == cases

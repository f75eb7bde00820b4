"""Reports on disk: a folder for each case, and an index over all of them.

All files of a case appear together, so a reader sees the old report or the new one, never a part of one or a mix.
Nothing depends on the clock or the machine's paths: the same results give the same bytes. `agreement.md`,
`verdicts.csv` and the index in Markdown do not depend on the last digits of the machine's arithmetic either, so that
they may lie under version control.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from gradproof.check.facts.failures import Failure, contained
from gradproof.check.facts.result import CheckResult
from gradproof.errors import GradproofError
from gradproof.report import markdown
from gradproof.report.collect import collect, named
from gradproof.report.figures.draw import NAMES, pictures
from gradproof.report.figures.style import png
from gradproof.report.frames import VERDICT_COLUMNS, scales_frame, trajectory_frame
from gradproof.report.html import write as html
from gradproof.report.placing import put_together, write_atomically
from gradproof.report.summaries import summaries

OWN_FILES = frozenset(
    {
        "verdicts.csv",
        "equations.csv",
        "worst_trials.csv",
        "equations.parquet",
        "worst_trials.parquet",
        "agreement.html",
        "agreement.md",
        "result.json",
        "trajectory.csv",
        "scales.csv",
        *(f"{name}.png" for name in NAMES),
    }
)
"""The files that a report of a case may have; what else lies in its folder is not touched."""


def prepare_folder(folder: Path) -> None:
    """Make the folder if need be, and see that files can be written there, before a long run.

    Raises:
        GradproofError: They cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".writable.{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise _unwritable(folder, error) from error


def write_reports(
    results: Sequence[CheckResult], folder: Path, *, figures: bool = False, failures: list[Failure] | None = None
) -> list[Path]:
    """Write the reports of every result, and the index over all cases that have a report in the folder.

    Args:
        results: The outcomes of the checks.
        folder: The reports folder.
        figures: Whether to write the pictures as PNG files too.
        failures: Where it is noted that a picture, or a case's report, could not be made, the others being written;
            without a list the exception is passed on.

    Returns:
        The files written.

    Raises:
        GradproofError: The folder cannot be written.
    """
    made = {result.case: report_contents(result, figures=figures, failures=failures) for result in results}
    return put_reports({case: contents for case, contents in made.items() if contents}, folder)


def put_reports(reports: Mapping[str, Mapping[str, bytes]], folder: Path) -> list[Path]:
    """Put the files of every case's report in their places, and the index over all cases of the folder.

    Args:
        reports: The files by their names, by case.
        folder: The reports folder.

    Returns:
        The files written.

    Raises:
        GradproofError: The folder cannot be written.
    """
    written = []
    try:
        for case, contents in reports.items():
            put_together(folder / case, contents, OWN_FILES)
            written += [folder / case / name for name in contents]
        cases = summaries(folder)
        for name, text in (("index.html", html.index(cases)), ("index.md", markdown.index(cases))):
            write_atomically(folder / name, text.encode())
            written.append(folder / name)
    except OSError as error:
        raise _unwritable(folder, error) from error
    return written


def _unwritable(folder: Path, error: OSError) -> GradproofError:
    reason = error.strerror or str(error)
    return GradproofError(f"reports cannot be written to {folder}: {reason}; give another folder: --reports DIR")


def report_contents(
    result: CheckResult, *, figures: bool = False, failures: list[Failure] | None = None
) -> dict[str, bytes]:
    """All files of a case's report by their names; none where it could not be made, which is noted in `failures`."""
    with contained(failures, f"the report of {result.case}"):
        return _contents(result, figures=figures, failures=failures)
    return {}


def _contents(result: CheckResult, *, figures: bool, failures: list[Failure] | None) -> dict[str, bytes]:
    details = named(result)
    with contained(failures, f"the values that the pictures of {result.case} show"):
        details = collect(result)
    plates, equations, worst_trials = pictures(result, details, failures), result.equations, result.worst_trials
    contents = {
        "verdicts.csv": csv_bytes(equations[VERDICT_COLUMNS]),
        "equations.csv": csv_bytes(equations),
        "worst_trials.csv": csv_bytes(worst_trials),
        "equations.parquet": parquet_bytes(equations),
        "worst_trials.parquet": parquet_bytes(worst_trials),
        "agreement.html": html.agreement(result, details, plates).encode(),
        "agreement.md": markdown.agreement(result).encode(),
        "result.json": result.to_json().encode(),
    }
    if result.trajectory is not None:
        contents["trajectory.csv"] = csv_bytes(trajectory_frame(result))
    if result.scales is not None:
        contents["scales.csv"] = csv_bytes(scales_frame(result))
    for plate in plates if figures else ():
        with contained(failures, f"the picture {plate.name} of {result.case}"):
            contents[f"{plate.name}.png"] = png(plate)
    return contents


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """A frame as CSV; every float is the shortest text that reads back to the same number."""
    return frame.to_csv(index=False, lineterminator="\n").encode()


def parquet_bytes(frame: pd.DataFrame) -> bytes:
    """A frame as Parquet, without the metadata in which pandas notes its version."""
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    buffer = BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()

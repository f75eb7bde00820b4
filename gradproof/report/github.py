"""What a GitHub workflow shows: annotations at the lines of wrong equations, and a summary of the job.

The forms are those of GitHub's documentation: workflow commands (`::error file=...,line=...::message`) and the file
that `GITHUB_STEP_SUMMARY` names.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from gradproof.check.facts.result import CheckResult, EquationResult
from gradproof.check.facts.verdict import Verdict
from gradproof.errors import GradproofError
from gradproof.report import wording
from gradproof.report.markdown import code, escape, table

SUMMARY_LIMIT = 1024 * 1024
"""GitHub refuses a step's summary of more bytes."""


def summary_file(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the job's summary goes.

    Raises:
        GradproofError: This is no step of a GitHub workflow.
    """
    path = environment.get("GITHUB_STEP_SUMMARY")
    if not path:
        raise GradproofError(
            "--github is for a step of a GitHub workflow, where GITHUB_STEP_SUMMARY names the summary's file; "
            "it is not set here"
        )
    return Path(path)


def folder_in_workspace(root: Path, environment: Mapping[str, str] = os.environ) -> str:
    """The project's folder as GitHub counts it, from the workspace: `` or `sub/folder/`."""
    workspace = environment.get("GITHUB_WORKSPACE")
    if not workspace or not root.is_relative_to(Path(workspace).resolve()):
        return ""
    inside = root.relative_to(Path(workspace).resolve()).as_posix()
    return "" if inside == "." else f"{inside}/"


def workflow_commands(result: CheckResult, folder: str = "") -> Iterator[str]:
    """The workflow commands of one case: an error for each unexpected wrong equation, a notice for a known erratum.

    Args:
        result: The case's outcome.
        folder: What comes before `manual/` in the repository, with a slash at its end.
    """
    known = result.known_errata
    for one in result.results:
        if one.verdict == Verdict.DISAGREES:
            level = "notice" if one.equation in known else "error"
            yield _command(level, folder, one, f"{_title(one)} is wrong", _why(result, one))
        elif one.equation in known:
            table = "ACCEPTED" if one.accepted else "KNOWN_ERRATA"
            message = f"{table} of {result.case} declares it wrong, but it {one.verdict}"
            yield _command("error", folder, one, f"{_title(one)} is not wrong", message)


def summary(results: Sequence[CheckResult]) -> str:
    """The job's summary as Markdown: a line for each case, a table of what is wrong."""
    parts = ["# gradproof"]
    for result in results:
        parts.append(f"## {escape(result.case)}\n\n**{escape(wording.verdict_line(result))}**")
        rows = [[code(one.equation), _place(one), _mended(one), escape(one.diagnosis)] for one in result.wrong]
        if rows:
            parts.append(table(["wrong equation", "where", "as written, and mended", "diagnosis"], rows))
        parts.append(f"{code(wording.check_command(result))}: {wording.run_line(result)}")
    return "\n\n".join(parts) + "\n\n"


def write_summary(results: Sequence[CheckResult], path: Path) -> None:
    """Add the summary to the step's; one that GitHub would refuse is cut at a line's end, which it says.

    Raises:
        GradproofError: The file cannot be written.
    """
    text = summary(results)
    if len(text.encode()) > SUMMARY_LIMIT:
        note = "\n\nCut here: GitHub takes no longer summary.\n"
        kept = text.encode()[: SUMMARY_LIMIT - len(note)].decode(errors="ignore")
        text = kept.rpartition("\n")[0] + note
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise GradproofError(
            f"the summary cannot be written to {path}, which GITHUB_STEP_SUMMARY names: {error.strerror}"
        ) from error


def _why(result: CheckResult, one: EquationResult) -> str:
    lines = [f"{one.equation} = {one.written}", wording.disagreement(one)]
    lines += [f"diagnosis: {one.diagnosis}"] if one.diagnosis else []
    lines += [f"fix: {one.fix}"] if one.fix else []
    return "\n".join([*lines, f"replay: {result.replay_command(one)}"])


def _title(one: EquationResult) -> str:
    return f"{one.equation}{f' ({wording.declared(one)})' if one.known_erratum else ''}"


def _place(one: EquationResult) -> str:
    return code(one.place)


def _mended(one: EquationResult) -> str:
    return f"{code(one.written)}<br>{code(one.fix)}" if one.fix else code(one.written)


def _command(level: str, folder: str, one: EquationResult, title: str, message: str) -> str:
    file, _, line = (one.fix_place or one.place).rpartition(":")  # where the mistake is, if that is known
    values = {"file": folder + file, "line": line, "title": title}
    return f"::{level} {','.join(f'{k}={_property(v)}' for k, v in values.items())}::{_data(message)}"


def _data(text: str) -> str:
    """A message as a workflow command holds it: on one line."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """A property, in which colons and commas are marks as well."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")

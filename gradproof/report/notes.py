"""The outcome of an audit: in a terminal, as tables, as the note with remarks, as a list of errata."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, fields
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

from gradproof.audit import Audit, Row, additions, annotate, errata, explain, rows
from gradproof.audit.judging.results import Status
from gradproof.audit.values.evaluation import UNDECLARED
from gradproof.errors import GradproofError
from gradproof.report import wording
from gradproof.report.html.audited import audit_page
from gradproof.report.placing import write_atomically

__all__ = ["audit_csv", "audit_markdown", "errata", "print_audit", "sentence", "write_audit"]

_HOW_TO_DECLARE = (
    'Another printed name for a symbol goes into reference/{case}.py: Reference(..., latex={{"Loss": ["Loss", "L"]}}); '
    'a letter that is a number: constants={{"N": 5}}.'
)
STATUSES: tuple[Status, ...] = ("holds", "WRONG", "not judged", "not read")


def sentence(found: Audit) -> str:
    """The verdict over a note in one sentence."""
    counts = ", ".join(f"{found.count(status)} {status}" for status in STATUSES if found.count(status))
    proofs = Counter(verdict.proof for verdict in found.verdicts)
    told = ", ".join(f"{proofs[word]} {word.lower()}" for word in ("PROVED", "REFUTED", "UNDECIDED") if proofs[word])
    statements, equalities = len(found.statements), len(found.verdicts)
    return (
        f"{wording.count(statements, 'statement')}, {wording.count(equalities, 'equality', 'equalities')}: "
        f"{counts or 'none'}{f'; {told} for all inputs' if told else ''}"
    )


def print_audit(console: Console, note: str, case: str, found: Audit, *, against: str = "") -> None:
    """The verdict over the note, then each equality that does not plainly hold.

    `against`: what knows the truth; by default the reference of the case.
    """
    console.print(Text(f"{note} against {against or f'reference/{case}.py'}", style="bold"), soft_wrap=True)
    style = "bold red" if found.count("WRONG") else "bold green"
    console.print(Text(sentence(found), style=style), soft_wrap=True)
    wrong = set(map(id, found.wrong))
    for verdict in found.verdicts:
        if id(verdict) in wrong or verdict.status in ("not judged", "not read"):
            console.print()
            console.print(Text(explain(found, verdict)), soft_wrap=True)
    noted = [verdict for verdict in found.verdicts if verdict.status == "holds" and verdict.notes]
    if noted:
        console.print()
    for verdict in noted:
        console.print(Text(f"line {verdict.line}: {'; '.join(verdict.notes)}"), soft_wrap=True)
    if told := additions(found):
        console.print()
        console.print(Text("what would judge most:"), soft_wrap=True)
        for one in told:
            way = f"--given '{one.line}'" if against == "itself" else one.line
            console.print(Text(f"  {one.name}: {one.count} more, {way}"), soft_wrap=True)
    if against != "itself" and any(verdict.reason.startswith(UNDECLARED) for verdict in found.verdicts):
        console.print()
        console.print(Text(_HOW_TO_DECLARE.format(case=case)), soft_wrap=True)


def audit_csv(found: Audit) -> str:
    """One row for every verdict, in printed order."""
    out = StringIO()
    writer = csv.DictWriter(out, [field.name for field in fields(Row)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows(found))
    return out.getvalue()


def audit_markdown(found: Audit, case: str) -> str:
    """Verdict, errata, and the table of all equalities."""
    lines = [f"# Audit of {case}", "", f"{sentence(found)}.", "", errata(found), "", "## All equalities", ""]
    lines += ["| line | equality | kind | verdict | proof | remark |", "|---|---|---|---|---|---|"]
    for row in rows(found):
        cells = [str(row.line), f"`{row.equation}`", row.kind, row.verdict, row.proof, row.reason or row.notes]
        lines.append("| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def write_audit(
    found: Audit,
    text: str,
    case: str,
    *,
    note: str,
    annotated: Path | None = None,
    erratum: Path | None = None,
    reports: Path | None = None,
) -> list[Path]:
    """Write what was asked for.

    Returns:
        The files written.

    Raises:
        GradproofError: One of them cannot be written.
    """
    makers: dict[Path, Callable[[], str]] = {}
    if annotated is not None:
        makers[annotated] = lambda: annotate(text, found)
    if erratum is not None and erratum != Path("-"):
        makers[erratum] = lambda: errata(found, note)
    if reports is not None:
        makers[reports / case / "audit.csv"] = lambda: audit_csv(found)
        makers[reports / case / "audit.md"] = lambda: audit_markdown(found, case)
        makers[reports / case / "audit.html"] = lambda: audit_page(found, note)
    for path, make in makers.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, make().encode())
        except OSError as error:
            raise GradproofError(f"{path} cannot be written: {error.strerror or error}") from error
    return list(makers)

"""`gradproof audit`: a verdict for every equation printed in a note."""

from __future__ import annotations

from pathlib import Path

import click

from gradproof import defaults
from gradproof.case.project import Project, find_project
from gradproof.cli.options import reports_option, seed_option
from gradproof.cli.status import AS_EXPECTED, DISAGREEMENT
from gradproof.errors import GradproofError


@click.command("audit", short_help="Judge every equation printed in a note.")
@click.argument("note", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--reference",
    "case",
    metavar="CASE",
    help="Whose reference knows the truth; by default the one of the note's name, else the note itself.",
)
@click.option(
    "--given",
    multiple=True,
    metavar="LATEX",
    help="A line that the note leaves out, for a note that is its own reference: 'P_j = ...'; may be repeated.",
)
@click.option(
    "--function",
    "functions",
    multiple=True,
    metavar="NAME=FUNCTION",
    help="Which function a name is, for a note that is its own reference: 'f=tanh', 'g=gelu'; may be repeated.",
)
@click.option("--section", metavar="TITLE", help="Report one section alone; what stands before it still defines names.")
@seed_option("Where the random numbers start.")
@click.option(
    "--trials",
    type=click.IntRange(min=1, max=4096),
    default=defaults.AUDIT_TRIALS,
    show_default=True,
    metavar="N",
    help="How many random trials judge the note.",
)
@click.option(
    "--proof-seconds",
    type=click.FloatRange(min=0.0),
    default=defaults.AUDIT_PROOF_SECONDS,
    show_default=True,
    metavar="S",
    help="How long proofs for all inputs may take; what is open then is UNDECIDED.",
)
@click.option("--no-proof", is_flag=True, help="Judge by trials alone, without proofs for all inputs.")
@click.option(
    "--annotate",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="OUT",
    help="Write the note to OUT with a remark at each equation and a list of errata at its end.",
)
@click.option(
    "--erratum",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="OUT",
    help="Write the list of errata alone to OUT, ready to send to the author; - prints it.",
)
@reports_option("audit.html, audit.csv and audit.md into DIR/CASE")
@click.pass_context
def command(
    ctx: click.Context,
    note: Path,
    case: str | None,
    given: tuple[str, ...],
    functions: tuple[str, ...],
    section: str | None,
    seed: int,
    trials: int,
    proof_seconds: float,
    no_proof: bool,
    annotate: Path | None,
    erratum: Path | None,
    reports: Path | None,
) -> None:
    """Read the LaTeX of NOTE (.md, .tex, .ipynb, .rst, .html) and judge every `=` in it against autograd.

    Nothing is transcribed into code. Each equality holds, is WRONG, is not judged, or could not be read, the last two
    with the reason. Where there is a reference its symbols are the names, and `Reference(latex=...)` says how the note
    prints them where that is not the usual way. Else the note is its own reference: what it defines is computed, with
    random numbers for what it leaves open, and what it claims is judged by autograd of that.

    Exit status: 0 where all that was judged holds, 1 where something is wrong, 2 for a broken case or note, and where
    nothing in the note could be judged.
    """
    for option, out in (("--annotate", annotate), ("--erratum", erratum)):
        if out is not None and out.resolve() == note.resolve():
            raise GradproofError(f"{option} {out} would overwrite the note itself; give another path")
    from gradproof.audit.auditing import audit_alone, audit_note, read_note
    from gradproof.audit.judging.section import only_section
    from gradproof.report import notes
    from gradproof.report.terminal.tables import stdout
    from gradproof.report.write import prepare_folder

    text = read_note(note)
    name = (Path(case).stem if case.endswith(".py") else case) if case else note.stem
    if reports is not None:
        prepare_folder(reports)
    project = _project_with(note, case, name)
    if project is None:
        found = audit_alone(text, given=given, functions=functions, seed=seed)
    else:
        if functions:
            raise GradproofError(f"--function {functions[0]}: reference/{name}.py says it, in Reference(functions=...)")
        seconds = 0.0 if no_proof else proof_seconds
        found = audit_note(text, name, project=project, seed=seed, trials=trials, proof_seconds=seconds)
    if section is not None:
        found = only_section(found, section)
    against = "itself" if project is None else f"reference/{name}.py"
    if erratum == Path("-"):
        click.echo(notes.errata(found, note.name), nl=False)
    else:
        notes.print_audit(stdout(), note.name, name, found, against=against)
    for path in notes.write_audit(
        found, text, name, note=note.name, annotated=annotate, erratum=erratum, reports=reports
    ):
        click.echo(f"written: {path}", err=True)
    if not found.count("WRONG") and not found.count("holds"):
        none = "" if found.statements else ": it has no formulas, such as $y = x^2$ or \\begin{equation}"
        raise GradproofError(f"nothing in {note.name} could be judged against {against}{none}")
    ctx.exit(DISAGREEMENT if found.count("WRONG") else AS_EXPECTED)


def _project_with(note: Path, case: str | None, name: str) -> Project | None:
    """The project whose reference judges the note; None where the note is its own reference.

    Raises:
        GradproofError: A reference is asked for and there is no project.
    """
    try:
        project = _project_of(note)
        project.reference_path(name)
    except GradproofError:
        if case is not None:
            raise
        return None
    return project


def _project_of(note: Path) -> Project:
    """The project that holds the note, or else the working directory: a note may lie anywhere.

    Raises:
        GradproofError: Neither is in a project.
    """
    try:
        return find_project(note.parent)
    except GradproofError:
        return find_project()

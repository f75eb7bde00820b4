"""`gradproof new`: a working starter case, in a project of its own where there is none."""

from __future__ import annotations

from pathlib import Path

import click

from gradproof.cli.completing import ExampleName
from gradproof.errors import GradproofError


@click.command("new", short_help="Write a starter case, or a whole project.")
@click.argument("name")
@click.option(
    "--from",
    "sources",
    multiple=True,
    metavar="FILE:FUNCTION",
    help="Draft the case for code that exists: a function, or a class with forward and backward; may be repeated. "
    "For a note (.md, .tex, .ipynb, .rst, .html): the reference that its forward equations make.",
)
@click.option("--shape", "shapes", multiple=True, metavar="W=4x3", help="A size that the note of --from leaves out.")
@click.option("--section", metavar="TITLE", default="", help="Of the note of --from the objective of this section.")
@click.option(
    "--example",
    type=ExampleName(),
    metavar="CASE",
    help="Start from a case of gradproof's gallery, such as linear, softmax_cross_entropy, lstm_cell, adam.",
)
def command(name: str, sources: tuple[str, ...], shapes: tuple[str, ...], section: str, example: str | None) -> None:
    """Write a starter case NAME that passes its check, to be turned into your own.

    In a project: manual/NAME.py, reference/NAME.py and tests/test_NAME.py. In an empty folder: a whole project. No
    file is ever overwritten. With --from, the case is a draft for existing code, and says what is left to fill in.
    With --example, it is a copy of a case of the gallery.
    """
    if sources and example:
        raise GradproofError(
            "--from drafts a case for your code, --example copies one of the gallery; give one of them"
        )
    from gradproof.scaffold import NOTES, write_draft, write_note_draft, write_starter

    notes = [source for source in sources if Path(source).suffix.lower() in NOTES]
    if (notes and len(sources) > 1) or (not notes and (shapes or section)):
        raise GradproofError("--shape and --section go with one note: --from NOTE.md; a note is drafted alone")
    if notes:
        noted, open_ = write_note_draft(name, Path(notes[0]), Path.cwd(), shapes, section)
        click.echo(f"drafted {noted.files[0]} from the forward equations of {notes[0]}; what the note leaves open:")
        for line in open_:
            click.echo(f"  {line}")
        click.echo(f"next: gradproof audit {notes[0]} --reference {name}")
        return
    if sources:
        drafted, left = write_draft(name, sources, Path.cwd())
        click.echo(f"drafted the case {name}:")
        for path in drafted.files:
            click.echo(f"  {path}")
        click.echo("left to fill in:")
        for line in left:
            click.echo(f"  {line}")
        return

    written = write_starter(name, Path.cwd(), example or "")
    where = "" if written.root == Path.cwd() else f" in {written.root}"
    click.echo(f"wrote {'a project with ' if written.is_new else ''}the case {name}{where}:")
    for path in written.files:
        click.echo(f"  {path}")
    click.echo(
        f"next:\n"
        f"  gradproof check {name}    every equation agrees with autograd\n"
        f"  change a sign in manual/{name}.py and check again: that equation is named, and no other\n"
        f"  then put your own equations into manual/{name}.py and your model into reference/{name}.py"
    )

"""`gradproof new`: a working starter case, in a project of its own where there is none."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("new", short_help="Write a starter case, or a whole project.")
@click.argument("name")
def command(name: str) -> None:
    """Write a starter case NAME that passes its check, to be turned into your own.

    In a project: manual/NAME.py, reference/NAME.py and tests/test_NAME.py. In an empty folder: a whole project. No
    file is ever overwritten.
    """
    from gradproof.scaffold import write_starter

    written = write_starter(name, Path.cwd())
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

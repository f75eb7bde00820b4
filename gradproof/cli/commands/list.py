"""`gradproof list`: the cases of the project."""

from __future__ import annotations

import click

from gradproof.case.project import find_project
from gradproof.cli import error_text
from gradproof.cli.status import USER_MISTAKE
from gradproof.errors import GradproofError


@click.command("list", short_help="List the cases of the project.")
@click.pass_context
def command(ctx: click.Context) -> None:
    """List the project's cases with their titles and what there is to check in each."""
    project = find_project()
    if not project.cases:
        raise GradproofError(f"{project.root.name}/manual has no cases; `gradproof new NAME` writes a first one")
    from gradproof.check.loading import load_heading
    from gradproof.report.terminal.tables import print_cases, stdout

    headings, broken = [], False
    for name in project.cases:
        try:
            headings.append(load_heading(project, name))
        except GradproofError as error:
            click.echo(error_text(error), err=True)
            broken = True
    print_cases(stdout(), headings)
    if broken:
        ctx.exit(USER_MISTAKE)

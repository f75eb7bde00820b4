"""`gradproof replay`: one trial of one equation with all its numbers."""

from __future__ import annotations

import click

from gradproof.case.project import find_project
from gradproof.cli.options import draw_options


@click.command("replay", short_help="Show one trial of an equation in full.")
@click.argument("case")
@click.argument("equation")
@click.option("--trial", type=click.IntRange(min=0), required=True, metavar="N", help="Which trial, counted from 0.")
@draw_options
def command(case: str, equation: str, trial: int, seed: int, dtype: str, scale: float) -> None:
    """Show one trial of EQUATION in full: its inputs, what it gives, the truth, and how far rounding may go.

    A check prints this command for the worst trial of every wrong equation. The same seed, dtype and scale give the
    same numbers as in the check. All numbers are printed so that they read back to the same bits.
    """
    project = find_project()
    from gradproof.check.case import load_case
    from gradproof.check.replay import replay
    from gradproof.report.terminal.tables import stdout
    from gradproof.report.terminal.trial import print_trial

    loaded = load_case(case, dtype=dtype, project=project)
    values = replay(loaded, equation, trial, seed=seed, scale=scale)
    print_trial(stdout(), values, len(loaded.references))

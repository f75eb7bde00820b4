"""`gradproof replay`: one trial of one equation with all its numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gradproof.case.project import named_cases
from gradproof.cli.completing import CaseName, EquationName
from gradproof.cli.options import MOST_TRIALS, draw_options
from gradproof.errors import GradproofError

if TYPE_CHECKING:
    from gradproof.check.case import Case


@click.command("replay", short_help="Show one trial of an equation in full.")
@click.argument("case", type=CaseName())
@click.argument("equation", type=EquationName())
@click.option(
    "--trial", type=click.IntRange(0, MOST_TRIALS), required=True, metavar="N", help="Which trial, counted from 0."
)
@click.option(
    "--script",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write FILE instead: the mistake in a trial as small as possible, in NumPy and torch, without gradproof.",
)
@draw_options
def command(case: str, equation: str, trial: int, script: Path | None, seed: int, dtype: str, scale: float) -> None:
    """Show one trial of EQUATION in full: its inputs, what it gives, the truth, and how far rounding may go.

    A check prints this command for the worst trial of every wrong equation. The same seed, dtype and scale give the
    same numbers as in the check. All numbers are printed so that they read back to the same bits.

    With --script, the equation, the model and a small trial are put into one file for somebody who does not have
    gradproof; it prints what the equation gives, what torch gives, and the difference.
    """
    project, (case,) = named_cases([case])
    from gradproof.check.case import load_case
    from gradproof.check.replay import replay
    from gradproof.report.terminal.tables import stdout
    from gradproof.report.terminal.trial import print_trial

    loaded = load_case(case, dtype=dtype, project=project)
    if script is not None:
        _write_script(loaded, equation, trial, script, seed, scale)
        return
    values = replay(loaded, equation, trial, seed=seed, scale=scale)
    print_trial(stdout(), values, len(loaded.references))


def _write_script(case: Case, equation: str, trial: int, path: Path, seed: int, scale: float) -> None:
    from gradproof.check.replay import require_equation
    from gradproof.studies.sending import script_of

    require_equation(case, equation)
    if path.exists():
        raise GradproofError(f"{path} exists already; --script writes a new file")
    if not path.parent.is_dir():
        raise GradproofError(f"there is no folder {path.parent} for {path.name}")
    made = script_of(case, equation, trial, seed=seed, scale=scale)
    path.write_text(made.text, encoding="utf-8")
    click.echo(f"wrote {path}; `python {path}` prints")
    click.echo(made.output, nl=False)

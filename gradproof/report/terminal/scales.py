"""Errors by scale as a person sees them in a terminal."""

from __future__ import annotations

import math

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gradproof.check.facts.measured import ScaleSweep
from gradproof.report import wording


def print_scales(console: Console, sweep: ScaleSweep) -> None:
    """A line for each scale: both sides' largest relative errors, and where they are not finite."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for heading in ("scale", "by hand", "by torch", "not finite by hand", "by torch", "in float64"):
        table.add_column(heading, justify="right")
    for point in sweep.points:
        shares = (point.manual.undefined, point.autograd.undefined, point.beyond)
        errors = (point.manual.largest, point.autograd.largest)
        table.add_row(f"{point.scale:g}", *map(_error, errors), *map(wording.percent, shares))
    console.print(
        Text(
            f"largest relative error of both sides in float32, by torch in float64, in "
            f"{wording.count(sweep.trials, 'trial')} at each scale:"
        )
    )
    console.print(table)
    console.print()


def _error(value: float) -> str:
    """An error; a dash where nothing finite could be measured."""
    return wording.short(value) if math.isfinite(value) else "\N{EN DASH}"

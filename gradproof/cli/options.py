"""Options that several subcommands share: which random numbers a trial has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from gradproof import defaults

Command = Callable[..., Any]

_DRAWS = (
    click.option(
        "--seed",
        type=click.IntRange(min=0, max=2**64 - 1),
        default=defaults.SEED,
        show_default=True,
        metavar="S",
        help="Where the random numbers start; the same seed gives the same trials.",
    ),
    click.option(
        "--dtype",
        type=click.Choice(defaults.DTYPES),
        default=defaults.DTYPE,
        show_default=True,
        help="The number type of both sides.",
    ),
    click.option(
        "--scale",
        type=float,
        default=defaults.SCALE,
        show_default=True,
        metavar="X",
        help="A factor on the normal draws of parameters and inputs; large ones reach for overflow.",
    ),
)


def draw_options(command: Command) -> Command:
    """Give a command `--seed`, `--dtype` and `--scale`."""
    for option in reversed(_DRAWS):
        command = option(command)
    return command

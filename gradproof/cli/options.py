"""Options that several subcommands share: which random numbers a trial has."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from gradproof import defaults

Command = Callable[..., Any]
Decorator = Callable[[Command], Command]

MOST_TRIALS = 10**18
"""So many trials have numbers of their own in 64 bits."""


class Bytes(click.ParamType[int]):
    """An amount of memory, such as 512MB or 1.5GB."""

    name = "bytes"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number of bytes."""
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"(\d+(?:\.\d+)?) *([MG])B", value.strip(), re.IGNORECASE)
        amount = float(found[1]) * {"M": 1 << 20, "G": 1 << 30}[found[2].upper()] if found else 0
        if not amount:
            self.fail(f"{value!r} is no amount of memory: write it as 512MB or 1.5GB", param, ctx)
        return int(amount)


class Jobs(click.ParamType[int]):
    """A number of processes, or `auto`."""

    name = "jobs"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number; that of the cores this process may use for `auto`."""
        if value == "auto":
            return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        if not str(value).isdigit() or int(value) < 1:
            self.fail(f"{value!r} is no number of processes: give 1 or more, or auto", param, ctx)
        return int(value)


class Seconds(click.ParamType[float]):
    """A time, such as 60s, 5m or 1h; a bare number is seconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number of seconds."""
        found = re.fullmatch(r"(\d+(?:\.\d+)?) *([smh]?)", str(value).strip())
        amount = float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[found[2]] if found else 0.0
        if not amount:
            self.fail(f"{value!r} is no time: write it as 60s, 5m or 1h", param, ctx)
        return amount


def seed_option(what: str, *, default: int | None = defaults.SEED, most: int = 2**64 - 1) -> Decorator:
    """`--seed S`, with what it decides."""
    span = click.IntRange(min=0, max=most)
    return click.option("--seed", type=span, default=default, show_default=True, metavar="S", help=what)


def trials_option(whose: str) -> Decorator:
    """`--trials N`, where a large case gets fewer by itself."""
    told = f"How many random trials {whose}; by default {defaults.TRIALS:,}, and fewer of a large case."
    return click.option("--trials", type=click.IntRange(min=1), metavar="N", help=told)


_DRAWS = (
    seed_option("Where the random numbers start; the same seed gives the same trials."),
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


def seed_options(command: Command) -> Command:
    """Give a command `--seed` and `--scale`."""
    seed, _, scale = _DRAWS
    return seed(scale(command))


def reports_option(what: str) -> Decorator:
    """`--reports DIR`, with what is written there."""
    folder = click.Path(file_okay=False, path_type=Path)
    return click.option("--reports", type=folder, metavar="DIR", help=f"Write {what}.")


def memory_option(whose: str) -> Decorator:
    """`--memory SIZE` of the numbers of trials."""
    return click.option(
        "--memory",
        type=Bytes(),
        default=f"{defaults.MEMORY >> 20}MB",
        show_default=True,
        metavar="SIZE",
        help=f"What the numbers of trials{whose} may take together: 512MB, 2GB.",
    )


_PROOF = (
    seed_option(
        "64 bits that the random points come from; drawn anew and printed where it is not given.", default=None
    ),
    click.option(
        "--deadline",
        type=click.FloatRange(min=0, min_open=True),
        default=10.0,
        show_default=True,
        metavar="SECONDS",
        help="What is open after so long is UNDECIDED.",
    ),
)


def proof_options(command: Command) -> Command:
    """Give a command `--seed` and `--deadline`."""
    for option in reversed(_PROOF):
        command = option(command)
    return command

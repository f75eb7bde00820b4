"""The `gradproof` command: one module for each subcommand, loaded when it is used.

A subcommand NAME is the value `command` of `gradproof/cli/commands/NAME.py`. Those modules import torch, pandas and
rich inside their functions only, so that a help text appears at once.
"""

from __future__ import annotations

import errno
import importlib
import os
import platform
import sys
from importlib.metadata import version
from typing import Any

import click

from gradproof import __version__
from gradproof.case.depth import room_for_depth
from gradproof.case.project import suggestions
from gradproof.cli.status import INTERRUPTED, USER_MISTAKE
from gradproof.errors import GradproofError, visible

COMMANDS = ("check", "fix", "audit", "prove", "same", "mutate", "campaign", "show", "replay", "list", "new")


class Commands(click.Group):
    """The subcommands, in the order in which a user meets them; a user's mistake is a message, not a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all subcommands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a subcommand."""
        if cmd_name not in COMMANDS:
            close = suggestions(cmd_name, COMMANDS)
            raise click.UsageError(f"there is no command {cmd_name!r}{close}; gradproof --help lists them", ctx)
        command = importlib.import_module(f"gradproof.cli.commands.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run, and turn what stopped the run into a message and an exit status."""
        try:
            with room_for_depth():
                result = super().invoke(ctx)
            sys.stdout.flush()
            return result
        except GradproofError as error:
            click.echo(error_text(error), err=True)
            ctx.exit(USER_MISTAKE)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            ctx.exit(INTERRUPTED)
        except SystemExit as error:
            if isinstance(error.__context__, BrokenPipeError):
                raise  # who reads the output has seen enough: no fault of the case's
            click.echo(f"error: code of the case ends the program: SystemExit({error.code!r})", err=True)
            ctx.exit(USER_MISTAKE)
        except OSError as error:
            if isinstance(error.filename, str | os.PathLike):
                click.echo(f"error: {visible(str(error.filename))}: {error.strerror}", err=True)
                ctx.exit(USER_MISTAKE)
            if error.errno not in (errno.ENOSPC, errno.EIO):
                raise
            sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # what is left is not tried again
            click.echo(f"error: the output cannot be written: {error.strerror}", err=True)
            ctx.exit(USER_MISTAKE)


def error_text(error: GradproofError) -> str:
    """The error as the command line prints it; the lines after the first are indented."""
    return "error: " + "\n       ".join(visible(line) for line in str(error).splitlines())


def _tell_versions(ctx: click.Context, param: click.Parameter, asked: bool) -> None:
    """gradproof's version, and those of what decides its numbers: read from the packages' own files, nothing loaded."""
    if not asked:
        return
    found = [f"{package} {version(package)}" for package in ("torch", "numpy")]
    click.echo(f"gradproof {__version__} ({', '.join(found)}, Python {platform.python_version()})")
    ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_tell_versions,
    help="Show the version, and those of torch, NumPy and Python, and exit.",
)
def main() -> None:
    """Proofread hand-derived gradients: a NumPy derivation side by side with torch.nn, autograd and a real optimizer.

    A case NAME is manual/NAME.py, the equations as functions, and reference/NAME.py, the same computation as a
    torch.nn model. `gradproof new NAME` writes a first one.
    """

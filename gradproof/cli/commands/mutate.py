"""`gradproof mutate`: which wrong gradients would an existing test suite let through."""

from __future__ import annotations

from pathlib import Path

import click

from gradproof import defaults
from gradproof.cli.options import Seconds, reports_option, seed_option
from gradproof.cli.status import AS_EXPECTED, DISAGREEMENT
from gradproof.errors import GradproofError


@click.command("mutate", short_help="Plant mistakes and see which gradient tests notice.")
@click.argument("tests", nargs=-1, required=True, metavar="TESTS...")
@click.option("-k", "expression", metavar="EXPRESSION", help="Only the tests that pytest's -k would choose.")
@click.option(
    "--function",
    "functions",
    multiple=True,
    metavar="MODULE:NAME",
    help="A function, method or torch.nn.Module class whose results are gradients too; FILE:NAME as well. Repeatable.",
)
@click.option(
    "--budget",
    type=Seconds(),
    default=f"{defaults.MUTATION_SECONDS:.0f}s",
    show_default=True,
    metavar="TIME",
    help="How long mistakes are planted, such as 60s or 5m; the most telling ones come first.",
)
@seed_option("Where the random numbers start that the tests do not seed themselves.", most=2**32 - 2)
@click.option(
    "--at-least",
    type=click.FloatRange(min=0, min_open=True),
    metavar="FAULT",
    help="The relative fault that the tests must see in every gradient, such as 1e-3; else the status is 1.",
)
@reports_option("mutation.html, mutation.md, mutation.json and three CSV files into DIR")
@click.pass_context
def command(
    ctx: click.Context,
    tests: tuple[str, ...],
    expression: str | None,
    functions: tuple[str, ...],
    budget: float,
    seed: int,
    at_least: float | None,
    reports: Path | None,
) -> None:
    """Run the pytest suite TESTS, then again and again with one mistake planted in one gradient.

    TESTS are files, folders or node ids, as pytest takes them. Mistakes are planted in every torch.autograd.Function,
    operator of torch.library and backward hook that the tests call. Nothing of yours is written to.

    Exit status: 0 where the run is done and, with --at-least, every gradient is compared as closely; 1 where one is
    not, or the budget was spent before that was known; 2 where the tests cannot be run, or compute no gradient.
    """
    from gradproof.mutation import mutate_tests
    from gradproof.report.mutation import print_mutation, status_line, write_mutation
    from gradproof.report.terminal.tables import stdout
    from gradproof.report.write import prepare_folder

    absent = [one for one in tests if not Path(one.partition("::")[0]).exists()]
    if absent:
        raise GradproofError(f"there is no {', no '.join(absent)}; TESTS are files, folders or node ids, as for pytest")
    if reports is not None:
        prepare_folder(reports)
    chosen = ("-k", expression) if expression is not None else ()
    with status_line() as progress:
        result = mutate_tests(*tests, *chosen, functions=functions, budget=budget, seed=seed, progress=progress)
    print_mutation(stdout(), result, at_least)
    if reports is not None:
        write_mutation(result, reports)
        click.echo(f"reports written to {reports}")
    if not result.gradients:
        raise GradproofError(
            "no test that passes computes a gradient by a torch.autograd.Function, an operator of torch.library or a "
            "backward hook; name plain functions that return gradients: --function MODULE:NAME"
        )
    ctx.exit(AS_EXPECTED if at_least is None or result.reaches(at_least) else DISAGREEMENT)

"""`gradproof fix`: the patch that mends a case."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from gradproof import defaults
from gradproof.case.project import find_project
from gradproof.cli.options import seed_options
from gradproof.cli.status import AS_EXPECTED, DISAGREEMENT
from gradproof.errors import GradproofError

if TYPE_CHECKING:
    from gradproof.check.facts.result import CheckResult
    from gradproof.repair.mending import FilePatch


@click.command("fix", short_help="Print the patch that mends a case, or apply it.")
@click.argument("case")
@click.option("--write", "apply", is_flag=True, help="Put the fixes into the files, and check again.")
@click.option(
    "--trials",
    type=click.IntRange(min=1),
    metavar="N",
    help=f"How many random trials the check gets; by default {defaults.TRIALS:,}, and fewer of a large case.",
)
@click.option(
    "--budget",
    type=click.FloatRange(min=0, min_open=True),
    default=defaults.REPAIR_SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="How much work the search for one equation's fix may do: what an ordinary core does in so long.",
)
@seed_options
@click.pass_context
def command(
    ctx: click.Context, case: str, apply: bool, trials: int | None, budget: float, seed: int, scale: float
) -> None:
    """Print the fixes of all wrong equations of CASE as one unified diff; nothing is written without --write.

    Standard output has the diff alone, so it can be piped into `git apply`. What was wrong is told on standard error.

    With --write the case is checked again after each file: a fix that makes nothing better is taken back.

    Exit status: 0 where every wrong equation has a fix (with --write: where the check passes), else 1; 2 for a broken
    case.
    """
    project = find_project()
    from gradproof.check.case import load_case
    from gradproof.check.facts.failures import Failure
    from gradproof.repair.mending import mend_case, patches, with_repairs
    from gradproof.report.terminal.repairs import print_repairs, stderr
    from gradproof.run import crosscheck

    loaded = load_case(case, project=project)
    result = crosscheck(loaded, trials=trials, seed=seed, scale=scale, repair=False)
    failures: list[Failure] = []
    repairs = mend_case(loaded, result, seed=seed, failures=failures, budget_seconds=budget)
    result = with_repairs(result, repairs, loaded.derivation)
    print_repairs(stderr(), result, repairs)
    for failure in failures:
        click.echo(failure.sentence, err=True)
    found = patches(loaded, repairs)
    for patch in found:
        click.echo(patch.diff, nl=False)
    if not apply:
        ctx.exit(DISAGREEMENT if any(not one.fix for one in result.wrong) else AS_EXPECTED)

    def check() -> CheckResult:
        return crosscheck(case, trials=trials, seed=seed, scale=scale, project=project, repair=False)

    ctx.exit(AS_EXPECTED if _applied(found, result, check).ok else DISAGREEMENT)


def _applied(found: Sequence[FilePatch], before: CheckResult, check: Callable[[], CheckResult]) -> CheckResult:
    """Write patches and check again; a file whose patch made nothing better, or spoilt what was right, is put back.

    Returns:
        What stands at the end.
    """
    from gradproof.repair.mending import put_back, write

    for patch in found:
        if patch.new == patch.old:
            continue
        name = f"{patch.path.parent.name}/{patch.path.name}"
        original = write(patch)
        try:
            after, why = check(), ""
        except GradproofError as error:
            after, why = before, str(error)
        right = {one.equation for one in before.results if one.verdict == "agrees"}
        spoilt = right - {one.equation for one in after.results if one.verdict == "agrees"}
        if not why and spoilt:
            why = f"{', '.join(sorted(spoilt))} would no longer agree"
        elif not why and len(after.wrong) >= len(before.wrong):
            why = "it makes no wrong equation right"
        if why:
            put_back(patch.path, original)
            click.echo(f"not written: {name}: {why}", err=True)
        else:
            before = after
            click.echo(f"written: {name}; checked again: {after.sentence}", err=True)
    return before

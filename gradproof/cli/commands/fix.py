"""`gradproof fix`: the patch that mends a case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gradproof import defaults
from gradproof.case.project import named_cases
from gradproof.cli.completing import CaseName
from gradproof.cli.options import seed_options, trials_option
from gradproof.cli.status import AS_EXPECTED, DISAGREEMENT

if TYPE_CHECKING:
    from gradproof.check.facts.result import CheckResult


@click.command("fix", short_help="Print the patch that mends a case, or apply it.")
@click.argument("case", type=CaseName())
@click.option("--write", "apply", is_flag=True, help="Put the fixes into the files, and check again.")
@trials_option("the check gets")
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

    With --write the case is checked again: fixes that make nothing better, or anything worse, are taken back, and it
    is said which were kept.

    Exit status: 0 where every wrong equation has a fix (with --write: where the check passes), else 1; 2 for a broken
    case.
    """
    project, (case,) = named_cases([case])
    from gradproof.check.case import load_case
    from gradproof.check.facts.failures import Failure
    from gradproof.repair.applying import applied
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

    done = applied(loaded, repairs, result, check)
    for line in done.told:
        click.echo(line, err=True)
    ctx.exit(AS_EXPECTED if done.result.ok else DISAGREEMENT)

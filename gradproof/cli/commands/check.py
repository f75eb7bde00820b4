"""`gradproof check`: run cases, print what was found, write reports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gradproof import defaults
from gradproof.case.project import Project, find_project
from gradproof.check.facts.failures import Failure, failure
from gradproof.cli import error_text
from gradproof.cli.options import Bytes, Seconds, draw_options
from gradproof.cli.status import AS_EXPECTED, DISAGREEMENT, INTERRUPTED, OWN_FAULT, USER_MISTAKE
from gradproof.errors import GradproofError

if TYPE_CHECKING:
    from rich.console import Console

    from gradproof.check.facts.result import CheckResult


IN_FULL = 5
"""So many cases are printed in full; where there are more, each gets a line, and its undeclared mistakes."""


@dataclass(frozen=True)
class Settings:
    """How a case is run."""

    trials: int | None
    budget: float | None
    seed: int
    dtype: str
    scale: float
    memory: int
    steps: int
    proof: bool | None
    mutate: bool
    scales: bool
    strict: bool


@dataclass
class Outcome:
    """What became of the cases of one run.

    Attributes:
        results: Of the cases that ran.
        broken: The names of those that could not.
        crashed: The names of those whose check raised in gradproof itself.
        failures: Why; and what else was left undone over the cases, such as a report.
        interrupted: Whether the user stopped the run.
        left: The names of those that it had not come to.
    """

    results: list[CheckResult] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    crashed: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    interrupted: bool = False
    left: tuple[str, ...] = ()

    @property
    def status(self) -> int:
        """The exit status: an interrupt before a broken case, that before a disagreement."""
        if self.interrupted:
            return INTERRUPTED
        if self.broken:
            return USER_MISTAKE
        if all(result.ok for result in self.results) and not self.failures:
            return AS_EXPECTED
        failed = self.failures or any(result.failures for result in self.results)
        disagree = any(result.unexpected or result.not_shown for result in self.results)
        return OWN_FAULT if failed and not disagree else DISAGREEMENT


@click.command("check", short_help="Check cases and name every wrong equation.")
@click.argument("cases", nargs=-1, metavar="[CASE]...")
@click.option(
    "--trials",
    type=click.IntRange(min=1),
    metavar="N",
    help=f"How many random trials each case gets; by default {defaults.TRIALS:,}, and fewer of a large case.",
)
@click.option(
    "--budget",
    type=Seconds(),
    metavar="TIME",
    help="How long each case goes on, such as 60s, 5m or 1h, in place of a number of trials.",
)
@draw_options
@click.option(
    "--memory",
    type=Bytes(),
    default=f"{defaults.MEMORY >> 20}MB",
    show_default=True,
    metavar="SIZE",
    help="What the numbers of trials may take together: 512MB, 2GB.",
)
@click.option(
    "--steps",
    type=click.IntRange(min=0),
    default=0,
    metavar="K",
    help="Also train both sides for K steps and compare where they get to; needs an update for every parameter.",
)
@click.option(
    "--proof/--no-proof",
    default=None,
    help="Also prove every equation for all inputs; by default where the case is small enough for that to be quick.",
)
@click.option(
    "--mutate",
    is_flag=True,
    help="Also plant single mistakes into every equation and count how many of them the check catches.",
)
@click.option(
    "--scales",
    is_flag=True,
    help="Also measure the errors of both sides in float32 at scales from 1e-6 to 1e3.",
)
@click.option("--strict", is_flag=True, help="An equation that is unchecked fails its case too.")
@click.option(
    "--reports",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write reports into DIR, a folder for each case; without this option nothing is written.",
)
@click.option("--figures", is_flag=True, help="Also write the reports' pictures as PNG files; needs --reports.")
@click.option(
    "--github",
    is_flag=True,
    help="In a GitHub workflow: annotate wrong equations and write the job's summary.",
)
@click.pass_context
def command(
    ctx: click.Context,
    cases: tuple[str, ...],
    trials: int | None,
    budget: float | None,
    seed: int,
    dtype: str,
    scale: float,
    memory: int,
    steps: int,
    proof: bool | None,
    mutate: bool,
    scales: bool,
    strict: bool,
    reports: Path | None,
    figures: bool,
    github: bool,
) -> None:
    """Check cases, all of the project's by default, and name every wrong equation.

    Each equation is compared with autograd, or with the optimizer's step, in many random trials. A difference counts
    when it is larger than rounding can explain. Of more than five cases each gets a line, and in full only the wrong
    equations that it does not declare.

    Exit status: 0 where all is as expected, 1 where an equation disagrees that the case does not declare in
    KNOWN_ERRATA (or a declared one does not), 2 for wrong usage or a broken case, 3 where something failed in
    gradproof itself, 130 after Ctrl-C.
    """
    project = find_project()
    names = tuple(dict.fromkeys(map(project.case_of, cases))) or project.cases
    if not names:
        raise GradproofError(f"{project.root.name}/manual has no cases; `gradproof new NAME` writes a first one")
    if trials is not None and budget is not None:
        raise click.UsageError("--trials and --budget both say when to stop: give one of them")
    if figures and reports is None:
        raise click.UsageError("--figures writes into the reports' folders: give --reports DIR as well")
    summary = _github_summary() if github else None
    if reports is not None:
        from gradproof.report.write import prepare_folder

        prepare_folder(reports)
    settings = Settings(trials, budget, seed, dtype, scale, memory, steps, proof, mutate, scales, strict)
    outcome = _run(project, names, settings)
    _finish(outcome, reports, figures=figures)
    if summary is not None:
        _tell_github(outcome.results, project, summary)
    ctx.exit(outcome.status)


def _run(project: Project, names: Sequence[str], settings: Settings) -> Outcome:
    """Run the cases one after the other and print each as it is done; a broken one does not stop the others."""
    from gradproof.report.terminal.progress import progress_bar
    from gradproof.report.terminal.scales import print_scales
    from gradproof.report.terminal.tables import print_brief, print_result, stdout

    console, outcome = stdout(), Outcome()
    brief = len(names) > IN_FULL and not settings.steps
    if brief:
        click.echo(f"{len(names)} cases, {_extent(settings)} each, seed {settings.seed}, {settings.dtype}\n")
    result: CheckResult | None
    for position, name in enumerate(names):
        try:
            with progress_bar(name, settings.trials) as advance:
                result = _check(project, name, settings, advance)
        except GradproofError as error:
            click.echo(error_text(error), err=True)
            outcome.broken.append(name)
            continue
        except KeyboardInterrupt:
            result = None
        except Exception as error:
            outcome.failures.append(failure(f"the check of {name}", error))
            outcome.crashed.append(name)
            continue
        if result is None or not result.trials:
            click.echo(f"interrupted before the verdict on {name}", err=True)
            outcome.interrupted, outcome.left = True, tuple(names[position:])
            break
        if brief:
            print_brief(console, result, max(map(len, names)))
        else:
            print_result(console, result)
        if result.scales is not None:
            print_scales(console, result.scales)
        if settings.mutate and not result.interrupted:
            _mutate(console, project, result, settings.seed)
        outcome.results.append(result)
        if result.interrupted:
            outcome.interrupted, outcome.left = True, tuple(names[position + 1 :])
            break
    return outcome


def _extent(settings: Settings) -> str:
    """How long each case goes on."""
    if settings.budget is not None:
        return f"{settings.budget:g} s"
    return f"up to {defaults.TRIALS:,} trials" if settings.trials is None else f"{settings.trials:,} trials"


def _check(project: Project, name: str, settings: Settings, advance: Callable[[int], None]) -> CheckResult:
    project.manual_path(name)  # a misspelt name is told before torch is loaded
    from gradproof.check.case import load_case
    from gradproof.proof.proving import is_quick
    from gradproof.run import crosscheck

    case = load_case(name, dtype=settings.dtype, memory=settings.memory, project=project)
    result = crosscheck(
        case,
        trials=settings.trials,
        budget=settings.budget,
        seed=settings.seed,
        scale=settings.scale,
        steps=settings.steps,
        proof=is_quick(case) if settings.proof is None else settings.proof,
        strict=settings.strict,
        progress=advance,
    )
    if not settings.scales or result.interrupted:
        return result
    from gradproof.studies.scales import with_scales

    return with_scales(result)


def _github_summary() -> Path:
    from gradproof.report.github import summary_file

    return summary_file()


def _tell_github(results: Sequence[CheckResult], project: Project, summary: Path) -> None:
    from gradproof.report.github import folder_in_workspace, workflow_commands, write_summary

    folder = folder_in_workspace(project.root)
    for result in results:
        for line in workflow_commands(result, folder):
            click.echo(line)
    write_summary(results, summary)


def _mutate(console: Console, project: Project, result: CheckResult, seed: int) -> None:
    from gradproof.check.case import load_case
    from gradproof.report.terminal.tables import print_mutations
    from gradproof.studies.mutants import mutate_case

    print_mutations(console, result, mutate_case(load_case(result.case, project=project), seed))


def _finish(outcome: Outcome, reports: Path | None, *, figures: bool) -> None:
    """The summary over several cases, and the reports."""
    from gradproof.report.terminal.tables import print_failures, print_summary, stdout

    print_summary(stdout(), outcome.results, [*outcome.broken, *outcome.crashed], outcome.left)
    if reports is not None and outcome.interrupted:
        click.echo("no reports written: the run was interrupted", err=True)
    elif reports is not None and outcome.results:
        from gradproof.report.write import write_reports

        write_reports(outcome.results, reports, figures=figures, failures=outcome.failures)
        click.echo(f"reports written to {reports}")
    print_failures(stdout(), outcome.failures)

"""`gradproof check`: run cases, print what was found, write reports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gradproof import defaults
from gradproof.case.project import Project, named_cases
from gradproof.check.facts.failures import Failure
from gradproof.cli.checking import Finished, Settings, checked, with_extras
from gradproof.cli.completing import CaseName
from gradproof.cli.options import Jobs, Seconds, draw_options, memory_option, reports_option, trials_option
from gradproof.cli.status import AS_EXPECTED, DISAGREEMENT, INTERRUPTED, OWN_FAULT, USER_MISTAKE
from gradproof.errors import GradproofError

if TYPE_CHECKING:
    from rich.console import Console

    from gradproof.check.facts.result import CheckResult


IN_FULL = 5
"""So many cases are printed in full; where there are more, each gets a line, and its undeclared mistakes."""


@dataclass
class Outcome:
    """What became of the cases of one run.

    Attributes:
        results: Of the cases that ran.
        broken: The names of those that could not.
        crashed: The names of those whose check raised in gradproof itself.
        failures: Why; and what else was left undone over the cases, such as a report.
        contents: The files of each case's report.
        interrupted: Whether the user stopped the run.
        left: The names of those that it had not come to.
    """

    results: list[CheckResult] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    crashed: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    contents: dict[str, dict[str, bytes]] = field(default_factory=dict)
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
@click.argument("cases", type=CaseName(), nargs=-1, metavar="[CASE]...")
@trials_option("each case gets")
@click.option(
    "--budget",
    type=Seconds(),
    metavar="TIME",
    help="How long each case goes on, such as 60s, 5m or 1h, in place of a number of trials.",
)
@draw_options
@memory_option("")
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
@click.option(
    "-j",
    "--jobs",
    type=Jobs(),
    default=1,
    metavar="N",
    help="Check so many cases at a time, each in a process of its own; auto: as many as there are cores.",
)
@click.option("--strict", is_flag=True, help="An equation that is unchecked fails its case too.")
@reports_option("reports into DIR, a folder for each case; without this option nothing is written")
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
    jobs: int,
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
    project, names = named_cases(cases)
    names = names or project.cases
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
    extras = {"reports": reports is not None, "figures": figures}
    settings = Settings(trials, budget, seed, dtype, scale, memory, steps, proof, mutate, scales, strict, **extras)
    outcome = _run(project, names, settings, jobs)
    _finish(outcome, reports)
    if summary is not None:
        _tell_github(outcome.results, project, summary)
    ctx.exit(outcome.status)


def _run(project: Project, names: Sequence[str], settings: Settings, jobs: int) -> Outcome:
    """Run the cases and print each as it is done; a broken one does not stop the others."""
    from gradproof.report.terminal.tables import stdout

    console, outcome = stdout(), Outcome()
    brief = len(names) > IN_FULL and not settings.steps
    if brief:
        click.echo(f"{len(names)} cases, {_extent(settings)} each, seed {settings.seed}, {settings.dtype}\n")
    width = max(map(len, names)) if brief else 0
    if jobs > 1 and len(names) > 1:
        _together(project, names, settings, jobs, lambda finished: _take(outcome, finished, console, width), outcome)
    else:
        _one_by_one(project, names, settings, lambda finished: _take(outcome, finished, console, width), outcome)
    return outcome


def _one_by_one(
    project: Project, names: Sequence[str], settings: Settings, take: Callable[[Finished], None], outcome: Outcome
) -> None:
    """In this process; each case is printed before its report is made."""
    from gradproof.report.terminal.progress import progress_bar

    for position, name in enumerate(names):
        finished = None
        try:
            with progress_bar(name, settings.trials) as advance:
                finished = checked(project, name, settings, advance)
            stopped = finished.result is not None and not finished.result.trials
        except KeyboardInterrupt:
            stopped = True
        if stopped or finished is None:
            click.echo(f"interrupted before the verdict on {name}", err=True)
            outcome.interrupted, outcome.left = True, tuple(names[position:])
            return
        take(finished)
        try:
            extras = with_extras(finished, project, settings)
        except KeyboardInterrupt:
            outcome.interrupted, outcome.left = True, tuple(names[position + 1 :])
            return
        _take_extras(outcome, extras)
        if finished.result is not None and finished.result.interrupted:
            outcome.interrupted, outcome.left = True, tuple(names[position + 1 :])
            return


def _together(
    project: Project,
    names: Sequence[str],
    settings: Settings,
    jobs: int,
    take: Callable[[Finished], None],
    outcome: Outcome,
) -> None:
    """In several processes; what is done is told in the order of the cases."""
    from gradproof.cli.processes import Checks
    from gradproof.report.terminal.progress import progress_bar

    checks = Checks(min(jobs, len(names)), project, settings, names)
    taken: list[str] = []

    def told(finished: Finished) -> None:
        taken.append(finished.name)
        take(finished)
        _take_extras(outcome, finished)

    try:
        total = None if settings.trials is None else settings.trials * len(names)
        with progress_bar(f"{len(names)} cases", total) as advance:
            for finished in checks.in_order(advance):
                told(finished)
    except KeyboardInterrupt:
        for finished in checks.done():
            told(finished)
        outcome.interrupted, outcome.left = True, tuple(name for name in names if name not in taken)
    finally:
        checks.kill()


def _take(outcome: Outcome, finished: Finished, console: Console, width: int) -> None:
    """Note what became of a case, and print it: in a line where a width for the names is given, else in full."""
    from gradproof.report.terminal.scales import print_scales
    from gradproof.report.terminal.tables import print_brief, print_result

    result = finished.result
    if result is None:
        if finished.broken:
            click.echo(finished.broken, err=True)
        (outcome.broken if finished.broken else outcome.crashed).append(finished.name)
        return
    outcome.results.append(result)
    if width:
        print_brief(console, result, width)
    else:
        print_result(console, result)
    if result.scales is not None:
        print_scales(console, result.scales)


def _take_extras(outcome: Outcome, finished: Finished) -> None:
    from gradproof.report.terminal.tables import print_mutations, stdout

    outcome.failures += finished.failures
    if finished.contents:
        outcome.contents[finished.name] = finished.contents
    if finished.result is not None and finished.mutations is not None:
        print_mutations(stdout(), finished.result, finished.mutations)


def _extent(settings: Settings) -> str:
    """How long each case goes on."""
    if settings.budget is not None:
        return f"{settings.budget:g} s"
    return f"up to {defaults.TRIALS:,} trials" if settings.trials is None else f"{settings.trials:,} trials"


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


def _finish(outcome: Outcome, reports: Path | None) -> None:
    """The summary over several cases, and the reports of those that came to their end."""
    from gradproof.report.terminal.tables import print_failures, print_summary, stdout

    print_summary(stdout(), outcome.results, [*outcome.broken, *outcome.crashed], outcome.left)
    if reports is not None and outcome.contents:
        from gradproof.report.write import put_reports

        put_reports(outcome.contents, reports)
        click.echo(f"reports written to {reports}")
    if reports is not None and outcome.interrupted:
        done = f"of {len(outcome.contents)} cases that were done" if outcome.contents else "no reports"
        click.echo(f"{done} written: the run was interrupted", err=True)
    print_failures(stdout(), outcome.failures)

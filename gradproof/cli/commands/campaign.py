"""`gradproof campaign`: more trials than one run does, in a store that outlives what runs them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradproof.case.project import named_cases
from gradproof.cli.options import MOST_TRIALS, Jobs, draw_options, memory_option, reports_option
from gradproof.cli.status import AS_EXPECTED, DISAGREEMENT

if TYPE_CHECKING:
    from gradproof.campaign.store import Store
    from gradproof.campaign.tasks import Task


class Trials(click.ParamType[int]):
    """A number of trials, such as 1000000, 1e8 or 1e10."""

    name = "trials"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number."""
        if isinstance(value, int):
            return value
        written = re.fullmatch(r"\d+(?:\.\d+)?(?:e\+?\d+)?", str(value).strip(), re.IGNORECASE)
        count = float(value) if written else 0.0
        if not 1 <= count <= MOST_TRIALS or count != int(count):
            self.fail(f"{value!r} is no number of trials: write it as 1000000 or 1e10, at most 1e18", param, ctx)
        return int(count)


@click.command("campaign", short_help="Run very many trials, resumable and on many machines.")
@click.argument("cases", nargs=-1, metavar="[CASE]...")
@click.option("--trials", type=Trials(), metavar="N", help="At least so many of each case, in whole stretches: 1e10.")
@click.option(
    "--store",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    metavar="DIR",
    help="Where the tallies are kept; the same command goes on where it was stopped.",
)
@click.option("-j", "--jobs", type=Jobs(), default=1, metavar="N", help="So many processes of this machine; auto.")
@click.option("--cluster", metavar="ADDRESS", help="The scheduler of a Dask cluster, such as tcp://host:8786.")
@click.option("--status", is_flag=True, help="Only say how far the campaign is, and what it has found so far.")
@reports_option("reports into DIR at the end, as a check does")
@draw_options
@memory_option(" of a worker")
@click.pass_context
def command(
    ctx: click.Context,
    cases: tuple[str, ...],
    trials: int | None,
    store: Path,
    jobs: int,
    cluster: str | None,
    status: bool,
    reports: Path | None,
    seed: int,
    dtype: str,
    scale: float,
    memory: int,
) -> None:
    """Run very many trials of cases, here, in processes, or on a Dask cluster, and report them like a check.

    The trials are cut into stretches, each of which is done as a whole or not at all. The store keeps what they have
    found; the same command with more trials goes on from there. The same trials give the same bytes whoever ran them.
    """
    from gradproof.campaign.running import run_here, run_in_processes, run_on_cluster
    from gradproof.campaign.store import Store
    from gradproof.campaign.tasks import Settings, files_of, load, stretch, versions
    from gradproof.report.write import prepare_folder

    if status or not cases:
        kept = Store(store)
        _print_status(kept)
        ctx.exit(AS_EXPECTED)
    if trials is None:
        raise click.UsageError("a campaign needs --trials N, such as --trials 1e8")
    if cluster is not None and jobs > 1:
        raise click.UsageError("--cluster and -j both say where tasks run: give one of them")
    project, names = named_cases(cases)
    for name in names:
        project.manual_path(name)
    if reports is not None:
        prepare_folder(reports)
    settings = Settings(files_of(project), versions(), seed, dtype, scale, memory)
    kept = Store(store, settings)
    for name in names:
        kept.want(name, stretch(load(settings, name)), trials)

    def told(task: Task) -> None:
        rows = kept.cases()
        total, done = sum(wanted for _, _, wanted, _ in rows), sum(count for _, _, _, count in rows)
        click.echo(f"{task.case}: trials {task.first:,} to {task.stop:,} done; {done:,} of {total:,} in all", err=True)

    try:
        if cluster is not None:
            run_on_cluster(kept, cluster, told)
        elif jobs > 1:
            run_in_processes(kept, jobs, told)
        else:
            run_here(kept, told)
    except KeyboardInterrupt:
        click.echo(f"interrupted; what is done is kept in {store}: the same command goes on", err=True)
        raise
    ctx.exit(_report(kept, names, reports))


def _print_status(kept: Store) -> None:
    """How far each case is, and what has been seen to disagree."""
    for name, _, wanted, done in kept.cases():
        found = kept.tallies(name)
        wrong = sorted({key.partition("/")[2] for key, one in found.items() if one["disagreeing"]})
        seen = f"; disagreeing so far: {', '.join(wrong)}" if wrong else "; nothing disagrees so far" if done else ""
        click.echo(f"{name}: {done:,} of {wanted:,} trials{seen}")


def _report(kept: Store, names: tuple[str, ...], reports: Path | None) -> int:
    """Print every case like a check, write reports where asked; the exit status."""
    from gradproof.campaign.tallies import from_json
    from gradproof.campaign.tasks import load
    from gradproof.report.terminal.tables import print_result, stdout
    from gradproof.report.write import write_reports
    from gradproof.run import result_of_tallies

    settings, results = kept.settings, []
    done = {name: count for name, _, _, count in kept.cases()}
    for name in names:
        tallies = from_json(kept.tallies(name))
        case = load(settings, name)
        results.append(result_of_tallies(case, tallies, done[name], seed=settings.seed, scale=settings.scale))
        print_result(stdout(), results[-1])
    if reports is not None:
        write_reports(results, reports)
        click.echo(f"reports written to {reports}")
    return AS_EXPECTED if all(result.ok for result in results) else DISAGREEMENT

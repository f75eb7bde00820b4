"""What a person sees in a terminal: the outcome of a check, wrong equations with their numbers, lists of cases."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gradproof.check.facts.failures import REPORT, Failure
from gradproof.check.facts.measured import WorstEntry
from gradproof.check.facts.result import CheckResult, EquationResult
from gradproof.check.facts.verdict import Verdict
from gradproof.errors import visible
from gradproof.report import wording

if TYPE_CHECKING:
    from gradproof.check.facts.measured import Trajectory
    from gradproof.check.loading import Heading
    from gradproof.studies.mutants import MutationResult

KINDS = ("forward", "derivative", "update")
SURVIVORS_SHOWN = 3


def stdout() -> Console:
    """A console on standard output that leaves brackets and numbers as they are."""
    return Console(highlight=False, markup=False, emoji=False)


def print_result(console: Console, result: CheckResult) -> None:
    """The outcome of one case."""
    console.print(Text(result.case, style="bold"))
    print_hanging(console, "", result.title)
    console.print(Text(wording.run_line(result), style="yellow" if result.interrupted else ""))
    console.print(_kinds_table(result))
    console.print(Text(wording.verdict_line(result), style="bold green" if result.ok else "bold red"))
    for equation in result.wrong:
        _print_wrong(console, result, equation)
    _print_notes(console, result)
    print_failures(console, result.failures)
    if result.trajectory is not None:
        _print_trajectory(console, result.trajectory)
    console.print()


def print_brief(console: Console, result: CheckResult, width: int) -> None:
    """The outcome of one case among many: a line, and in full only what the case does not declare.

    Args:
        console: Where to.
        result: The outcome.
        width: How wide the names of the cases stand.
    """
    label = f"{'ok' if result.ok else 'FAILED':<8}{result.case:<{width}}  "
    lines = textwrap.wrap(result.sentence, max(20, console.width - len(label)), break_long_words=False)
    for number, line in enumerate(lines):
        text = Text(" " * len(label) if number else label, style="green" if result.ok else "bold red")
        console.print(text.append(line, style="" if result.ok else "red"), soft_wrap=True)
    for equation in result.unexpected:
        _print_wrong(console, result, equation)
    print_failures(console, result.failures)
    if result.unexpected:
        console.print()


def print_failures(console: Console, failures: Sequence[Failure]) -> None:
    """What gradproof itself could not do, and where to tell of it."""
    for one in failures:
        print_hanging(console, "", one.sentence)
    if failures:
        print_hanging(console, "", REPORT)


def _kinds_table(result: CheckResult) -> Table:
    """Counts of verdicts by the kind of equation; a verdict that no equation has gets no column, nor do proofs."""
    always = (Verdict.AGREES, Verdict.DISAGREES)
    verdicts = [verdict for verdict in Verdict if verdict in always or result.count(verdict)]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("kind")
    for verdict in verdicts:
        table.add_column(verdict, justify="right")
    if any(one.proof for one in result.results):
        table.add_column("proved", justify="right")
    table.add_column("largest error of those that agree")
    for kind in KINDS:
        of_kind = [one for one in result.results if one.kind == kind]
        if of_kind:
            counts = [sum(one.verdict == verdict for one in of_kind) for verdict in verdicts]
            proved = [sum(one.proof == "PROVED" for one in of_kind)] if any(one.proof for one in result.results) else []
            table.add_row(kind, *map(str, [*counts, *proved]), wording.agreement(of_kind))
    return table


def _print_wrong(console: Console, result: CheckResult, equation: EquationResult) -> None:
    """A wrong equation: where its mistake stands, or else itself, how it reads, its worst trial, how to see that again.

    What has the slip of one before it refers to that.
    """
    first = wording.same_slip(result, equation)
    place = equation.place if first is not None else equation.fix_place or equation.place
    heading = Text(f"\n{place}", style="bold")
    heading.append(f"  {wording.declared(equation)}" if equation.known_erratum else "", style="yellow")
    heading.append(f"  the slip of {equation.place}" if place != equation.place else "", style="not bold")
    console.print(heading, soft_wrap=True)
    print_hanging(console, "  ", f"{equation.equation} = {equation.written}")
    if first is not None:
        shared = (
            f"{wording.disagreement(equation)}: the slip that {first.equation} has; the fix there mends this one too"
        )
        print_hanging(console, "  ", shared)
    else:
        _print_worst(console, wording.worst_of(result, equation.equation), wording.disagreement(equation))
    if equation.diagnosis and first is None:
        print_hanging(console, "  diagnosis: ", equation.diagnosis)
    if equation.fix and first is None:
        print_fix(console, equation)
    if equation.proof:
        print_hanging(console, "  proof: ", equation.proof)
    console.print(Text(f"  {result.replay_command(equation)}", style="cyan"), soft_wrap=True)


def _print_worst(console: Console, worst: WorstEntry | None, disagreement: str) -> None:
    where = f"; worst in trial {worst.trial}{', entry ' + worst.entry if worst.entry else ''}:" if worst else ""
    print_hanging(console, "  ", f"{disagreement}{where}")
    if worst is not None:
        print_hanging(console, "    manual      ", wording.exact(worst.manual))
        print_hanging(console, "    truth       ", wording.exact(worst.truth))
        print_hanging(console, "    difference  ", wording.difference(worst))
        if worst.inputs:
            print_hanging(console, "    inputs      ", worst.inputs)


def print_hanging(console: Console, label: str, text: str) -> None:
    """A label and a text whose later lines stand under its first; a word longer than the line is left whole."""
    lines = textwrap.wrap(visible(text), max(20, console.width - len(label)), break_long_words=False) or [""]
    for number, line in enumerate(lines):
        console.print(Text((" " * len(label) if number else label) + line), soft_wrap=True)


def print_fix(console: Console, one: EquationResult) -> None:
    """The mended equation, how well it is confirmed, and what would do as well."""
    print_hanging(console, "  fix: ", one.fix)
    print_hanging(console, "    ", wording.confirmation(one))
    if one.alternatives:
        print_hanging(console, "    also right: ", "; ".join(one.alternatives[:3]))


def _print_notes(console: Console, result: CheckResult) -> None:
    """Every equation that is neither wrong by itself nor plainly right, with the reason."""
    noted = [
        one
        for one in result.results
        if one.verdict != Verdict.DISAGREES and (one.verdict != Verdict.AGREES or one.diagnosis)
    ]
    if noted:
        console.print()
    for one in noted:
        print_hanging(console, f"{one.verdict}  ", f"{one.equation}: {one.diagnosis}")


def print_mutations(console: Console, check: CheckResult, results: Sequence[MutationResult]) -> None:
    """How many planted mistakes a check catches, its resolution, and which agree with the truth all the same."""
    planted, caught = sum(one.planted for one in results), sum(one.caught for one in results)
    style = "green" if caught == planted else "yellow"
    rest = (
        f"; the other {planted - caught} agree in all trials: the same function, or unseen" if caught < planted else ""
    )
    console.print(Text(f"{caught:,} of {wording.count(planted, 'planted mistake')} caught{rest}", style=style))
    known = [(one.resolution, one.equation) for one in check.results if math.isfinite(one.resolution)]
    if known:
        worst, name = max(known)
        print_hanging(console, "resolution ", f"{wording.short(worst)} at worst, of {name}")
    for one in results:
        if one.survivors:
            print_hanging(console, "  ", f"{one.equation}: {one.caught} of {one.planted} caught; not caught:")
            for text in one.survivors[:SURVIVORS_SHOWN]:
                print_hanging(console, "    ", text)
            if len(one.survivors) > SURVIVORS_SHOWN:
                print_hanging(console, "    ", f"... and {len(one.survivors) - SURVIVORS_SHOWN} more")
        elif one.reason:
            print_hanging(console, "  ", f"{one.equation}: nothing planted: {one.reason}")
    console.print()


def _print_trajectory(console: Console, run: Trajectory) -> None:
    """How far the two training runs are apart after some of the steps."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for heading in ("after step", "largest difference", "median difference", "largest parameter"):
        table.add_column(heading, justify="right")
    for step in wording.shown_steps(len(run.steps)):
        values = (run.max_difference, run.median_difference, run.largest_parameter)
        table.add_row(f"{step:,}", *(wording.short(column[step - 1]) for column in values))
    console.print(
        Text(f"\n{wording.count(run.trials, 'trial')} trained by both sides; how far their parameters are apart:")
    )
    console.print(table)


def print_summary(console: Console, results: Sequence[CheckResult], broken: Sequence[str], left: Sequence[str]) -> None:
    """One line over several cases; nothing where there was one only."""
    if len(results) + len(broken) + len(left) < 2:
        return
    failed = [result.case for result in results if not result.ok]
    parts = [f"{wording.count(len(results) - len(failed), 'case')} as expected"]
    for names, what in ((failed, "not as expected"), (broken, "broken"), (left, "not run")):
        if names:
            parts.append(f"{len(names)} {what}: {', '.join(names)}")
    good = not (failed or broken or left)
    console.print(Text("; ".join(parts), style="bold green" if good else "bold red"))


def print_cases(console: Console, headings: Sequence[Heading]) -> None:
    """The cases of a project: name, size, title."""
    for one in headings:
        size = "a function" if one.is_function else "existing code"
        size = size if one.equations is None else wording.count(one.equations, "equation")
        known = f", {wording.count(one.known_errata, 'known erratum', 'known errata')}" if one.known_errata else ""
        console.print(Text.assemble((one.name, "bold"), f": {size}{known}"), soft_wrap=True)
        print_hanging(console, "  ", one.title)

"""The outcome of a mutation run in the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gradproof.mutation.result import DraftResult, GradientResult, SuiteResult
from gradproof.report.mutation import words
from gradproof.report.terminal.tables import print_hanging
from gradproof.report.wording import count


@contextmanager
def status_line() -> Iterator[Callable[[str], None]]:
    """While it lasts, show what is being done; nothing where standard error is no terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda what: None
        return
    with console.status("the tests as they are") as status:
        yield lambda what: status.update(what)


def print_mutation(console: Console, result: SuiteResult, at_least: float | None) -> None:
    """Every gradient, every test that is held back, what was left out, and the checks that would do instead."""
    console.print(Text(f"gradproof mutate {' '.join(result.arguments)}", style="bold"))
    console.print(Text(f"{count(result.runs, 'planted run')}, seed {result.seed}"))
    if result.gradients:
        console.print(_table(result))
        console.print(Text(words.sentence(result), style="bold"))
    for one in result.gradients:
        _print_gradient(console, one)
    held = [test for test in result.tests if test.code and not test.left_out]
    _print_tests(console, "Held back", [(words.of_test(t, n), t.place, t.words) for t, n in words.grouped(held)])
    out = [test for test in result.tests if test.left_out]
    _print_tests(
        console, "Left out", [(words.of_test(t, n), t.place, words.why_left_out(t)) for t, n in words.grouped(out)]
    )
    for error in result.errors:
        print_hanging(console, "not judged: ", error)
    for draft in result.drafts:
        _print_draft(console, draft)
    if at_least is not None:
        reached = result.reaches(at_least)
        verdict = "every gradient is compared to" if reached else "FAILED: not every gradient is compared to"
        console.print(Text(f"{verdict} {at_least:g}", style="bold green" if reached else "bold red"))


def _table(result: SuiteResult) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("gradient")
    table.add_column("resolution", justify="right")
    table.add_column("compared by", justify="right")
    table.add_column("survivors", justify="right")
    for one in result.gradients:
        of = f"{len(one.compared_by)} of {count(len(one.computed_by), 'test')}"
        tried = len(one.survivors) + len(one.seen)
        table.add_row(one.name, words.resolution(one.resolution), of, f"{len(one.survivors)} of {tried}")
    return table


def _print_gradient(console: Console, one: GradientResult) -> None:
    """The mistakes that would pass, and what was not asked."""
    if not one.survivors and not one.open:
        return
    console.print()
    console.print(Text(f"{one.name}  {one.file}:{one.line}" if one.file else one.name))
    if one.survivors:
        print_hanging(console, "  would pass: ", f"a gradient that {words.kinds(one.survivors)}")
    if one.open:
        print_hanging(console, "  the budget was spent before: ", ", ".join(one.open))


def _print_tests(console: Console, title: str, rows: list[tuple[str, str, str]]) -> None:
    if not rows:
        return
    console.print()
    console.print(Text(title, style="bold"))
    for name, place, said in rows:
        console.print(Text(f"  {name}  {place}"), soft_wrap=True)
        print_hanging(console, "    ", said)


def _print_draft(console: Console, draft: DraftResult) -> None:
    console.print()
    title = draft.target.rpartition(":")[2]
    if not draft.line:
        print_hanging(console, "", f"No check drafted for {title}: {draft.words}")
        return
    console.print(Text(f"Instead, for {title}", style="bold"))
    for line in (*draft.imports, draft.line):
        console.print(Text(f"  {line}"), soft_wrap=True)
    if draft.outcome == "agrees":
        print_hanging(console, "  resolution: ", words.draft_line(draft))
    elif draft.outcome == "disagrees":
        said = (
            "it fails: the gradient is not that of its own forward; one that is meant to differ needs another reference"
        )
        print_hanging(console, "  ", said)
        for line in draft.words.splitlines():
            console.print(Text(f"    {line}"), soft_wrap=True)
    else:
        print_hanging(console, "  ", draft.words)

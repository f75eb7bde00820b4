"""A progress bar on standard error while trials run; nothing where that is no terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console


@contextmanager
def progress_bar(title: str, trials: int | None) -> Iterator[Callable[[int], None]]:
    """While it lasts, give the function that is told how many trials were just done; the bar leaves no trace.

    A number that is not known beforehand has no end.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda done: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(title, total=trials)
        yield lambda done: progress.advance(task, done)

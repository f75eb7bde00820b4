"""A bar in a notebook while trials run, where nobody else is told of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from typing import Any


@contextmanager
def watched(progress: Callable[[int], None] | None, title: str, trials: int) -> Iterator[Callable[[int], None] | None]:
    """While it lasts, give the function that is told how many trials were just done: the given one, or a notebook's."""
    display = None if progress is not None else _notebook()
    if display is None:
        yield progress
        return
    bar = _Bar(display, title, trials)
    try:
        yield bar.advance
    finally:
        bar.remove()


def _notebook() -> Any | None:
    """IPython's display module where the running program is a notebook's kernel; IPython is never loaded for this."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return sys.modules.get("IPython.display") if getattr(shell, "kernel", None) is not None else None


class _Bar:
    """The browser's own progress element, redrawn in place at most a hundred times."""

    def __init__(self, display: Any, title: str, trials: int) -> None:
        self.display, self.title, self.trials, self.done, self.shown = display, title, trials, 0, 0
        self.handle = display.display(self._html(), display_id=True)

    def advance(self, done: int) -> None:
        self.done += done
        if abs(self.done - self.shown) * 100 >= self.trials:
            self.shown = self.done
            self.handle.update(self._html())

    def remove(self) -> None:
        self.handle.update(self.display.HTML(""))

    def _html(self) -> Any:
        label = escape(f"{self.title}: {self.done:,} of {self.trials:,} trials")
        return self.display.HTML(f'<progress value="{self.done}" max="{self.trials}"></progress> {label}')

"""What goes wrong while code is traced, named by the user's own function and line."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType, TracebackType

import numpy as np

from gradproof.errors import GradproofError

_LIBRARIES = tuple(f"{Path(file).resolve().parent}/" for file in (str(Path(__file__).parents[1]), np.__file__))

WAY_OUT = (
    "use NumPy's functions on the array itself: np.exp for math.exp, np.stack for np.array, np.zeros_like(x) for "
    "np.zeros(x.shape), np.where for a branch"
)


class TraceError(GradproofError):
    """Code that cannot be followed on exact expressions.

    Attributes: `problem` (what was asked and what to use instead), `function`, `filename`, `line` (of the innermost
    frame that is neither gradproof's nor NumPy's; None where there is none).
    """

    def __init__(self, problem: str, traceback: TracebackType | None = None) -> None:
        places = _raised_through(traceback) if traceback else _called_from(sys._getframe(1))
        place = next(places, None)
        self.problem = problem
        self.function: str | None = place[0] if place else None
        self.filename: str | None = place[1] if place else None
        self.line: int | None = place[2] if place else None
        super().__init__(self._worded())

    def _worded(self) -> str:
        if self.filename is None or self.line is None:
            return self.problem
        source = linecache.getline(self.filename, self.line).strip()
        place = f"{self.function} ({Path(self.filename).name}, line {self.line})"
        return f"in {place}: {self.problem}" + (f"\n    {source}" if source else "")


class ExpressionLimit(TraceError):
    """The expression grew past the bound that the graph was given."""


Place = tuple[str, str, int]


def _called_from(frame: FrameType | None) -> Iterator[Place]:
    """The user's frames from the innermost outwards."""
    while frame is not None:
        if _is_the_users(frame):
            yield frame.f_code.co_name, frame.f_code.co_filename, frame.f_lineno
        frame = frame.f_back


def _raised_through(traceback: TracebackType | None) -> Iterator[Place]:
    """The user's frames that an exception left, from the innermost outwards."""
    places: list[Place] = []
    while traceback is not None:
        if _is_the_users(traceback.tb_frame):
            code = traceback.tb_frame.f_code
            places.append((code.co_name, code.co_filename, traceback.tb_lineno))
        traceback = traceback.tb_next
    return reversed(places)


def _is_the_users(frame: FrameType) -> bool:
    """Whether a frame's code belongs neither to this package nor to NumPy."""
    name = frame.f_code.co_filename
    return not name.startswith(("<__array_function__", "<frozen")) and not name.startswith(_LIBRARIES)

"""What goes wrong while code is traced, named by the user's own function and line."""

from __future__ import annotations

import linecache
import sys
from pathlib import Path
from types import FrameType

import numpy as np

from gradproof.errors import GradproofError

_LIBRARIES = tuple(str(Path(file).resolve().parent) + "/" for file in (__file__ + "/..", np.__file__))


class TraceError(GradproofError):
    """Code that cannot be followed on exact expressions.

    Attributes: `problem` (what was asked and what to use instead), `function`, `filename`, `line` (of the
    innermost frame that is neither gradproof's nor NumPy's; None where there is none).
    """

    def __init__(self, problem: str) -> None:
        frame = _user_frame(sys._getframe(1))
        self.problem = problem
        self.function = frame.f_code.co_name if frame else None
        self.filename = frame.f_code.co_filename if frame else None
        self.line = frame.f_lineno if frame else None
        super().__init__(self._worded())

    def _worded(self) -> str:
        if self.filename is None or self.line is None:
            return self.problem
        source = linecache.getline(self.filename, self.line).strip()
        place = f"{self.function} ({Path(self.filename).name}, line {self.line})"
        return f"in {place}: {self.problem}" + (f"\n    {source}" if source else "")


class ExpressionLimit(TraceError):
    """The expression grew past the bound that the graph was given."""


def _user_frame(frame: FrameType | None) -> FrameType | None:
    """The innermost frame of code that belongs neither to this package nor to NumPy."""
    while frame is not None:
        name = frame.f_code.co_filename
        if not name.startswith(("<__array_function__", "<frozen")) and not name.startswith(_LIBRARIES):
            return frame
        frame = frame.f_back
    return None

"""What gradproof itself could not do: kept at the seam where it happened, told, and never the case's fault.

Verdicts stand when a proof, a repair, a picture or a report raises: that one thing is missing, and is named.
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Failure:
    """One thing that was left undone.

    Attributes:
        doing: What it was: `the proof`, `the repair of dLoss_dW`.
        error: The exception and its message, in one line.
        place: The line of gradproof that raised it; empty where it was not in gradproof.
    """

    doing: str
    error: str
    place: str

    @property
    def sentence(self) -> str:
        """What is missing, and why."""
        where = f", at {self.place}" if self.place else ""
        return f"gradproof failed in {self.doing} ({self.error}{where}); the verdicts stand without it"


def failure(doing: str, error: BaseException) -> Failure:
    """The failure that an exception is."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = type(error).__name__ + (f": {lines[0]}" if lines else "")
    frames = [Path(frame.filename) for frame in traceback.extract_tb(error.__traceback__)]
    numbers = [frame.lineno for frame in traceback.extract_tb(error.__traceback__)]
    own = [
        f"{path.relative_to(_PACKAGE.parent).as_posix()}:{line}"
        for path, line in zip(frames, numbers, strict=True)
        if path.is_relative_to(_PACKAGE)
    ]
    return Failure(doing, told, own[-1] if own else "")


@dataclass(frozen=True)
class contained:  # it reads as the statement `with contained(failures, "the proof"):`
    """A part of the work whose exception costs that part alone; Ctrl-C goes on.

    Attributes:
        failures: Where the failure is noted; without a list the exception is passed on.
        doing: What the work is.
    """

    failures: list[Failure] | None
    doing: str

    def __enter__(self) -> None:
        """The part begins."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        """The part ends; its exception, if it is one to be contained, is noted."""
        if self.failures is None or not isinstance(error, Exception):
            return False
        self.failures.append(failure(self.doing, error))
        return True


REPORT = "This is a fault of gradproof, not of the case: please report it with these lines and the case's two files."
"""What is asked of whoever meets one."""

"""What cases said, kept in a file between runs, so that a long battery can be done in several short turns."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path


class Record:
    """The outcomes of a battery so far.

    Attributes:
        said: Part, case and seed -> what the case said.
    """

    def __init__(self, path: Path | None, seconds: float) -> None:
        """Read what is there.

        Args:
            path: The file, one JSON list a line; None for no file.
            seconds: After so many no further case is begun.
        """
        self._path, self._end = path, time.monotonic() + seconds
        self.said: dict[tuple[str, str, int], str] = {}
        if path is not None and path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                part, case, seed, said = json.loads(line)
                self.said[part, case, seed] = said

    def of(self, part: str, case: str, seed: int, work: Callable[[], str]) -> str | None:
        """What a case said, then or now; None where there is no time left for it."""
        key = (part, case, seed)
        if key in self.said:
            return self.said[key]
        if time.monotonic() > self._end:
            return None
        said = self.said[key] = work()
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps([*key, said]) + "\n")
        return said

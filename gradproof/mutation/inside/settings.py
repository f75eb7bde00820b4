"""What the starting process tells the plugin."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "GRADPROOF_MUTATION"


@dataclass(frozen=True)
class Settings:
    """How this pytest process works.

    Attributes:
        folder: A temporary folder for everything that is written.
        seed: Where the random numbers of the process start.
        watched: Whether gradients are watched and planted; a plain run is left alone.
        functions: Named functions that return gradients.
        jobs, done: File descriptors: jobs come in, what is done goes out.
    """

    folder: Path
    seed: int
    watched: bool
    functions: tuple[str, ...]
    jobs: int
    done: int

    @classmethod
    def from_environment(cls) -> Settings:
        """Read the settings."""
        given = json.loads(os.environ[VARIABLE])
        return cls(**given | {"folder": Path(given["folder"]), "functions": tuple(given["functions"])})

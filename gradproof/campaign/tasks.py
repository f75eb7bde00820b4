"""A task: a stretch of the trials of one case, run wherever the project's files can be put."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Any

from gradproof.case.project import Project
from gradproof.errors import GradproofError

FOLDERS = ("manual", "reference")

STRETCH_BYTES = 1 << 33
"""What the trials of a stretch take one after the other: some seconds of one core."""


@dataclass(frozen=True)
class Settings:
    """What all tasks of a campaign have in common.

    Attributes:
        files: The Python files of `manual/` and `reference/`, by their paths from the project's root.
        versions: Of the packages that decide the numbers, by name.
        seed, dtype, scale, memory: As for a check.
    """

    files: Mapping[str, str]
    versions: Mapping[str, str]
    seed: int
    dtype: str
    scale: float
    memory: int

    @property
    def digest(self) -> str:
        """Names the files by their content."""
        return blake2b(repr(sorted(self.files.items())).encode(), digest_size=16).hexdigest()


@dataclass(frozen=True)
class Task:
    """The trials of a case from `first` up to `stop`."""

    case: str
    first: int
    stop: int


def versions() -> dict[str, str]:
    """Of what decides the numbers, here."""
    return {name: version(name).partition("+")[0] for name in ("gradproof", "torch", "numpy")}


def files_of(project: Project) -> dict[str, str]:
    """The Python files of a project's two folders, by their paths from its root."""
    return {
        f"{folder}/{path.name}": path.read_bytes().decode("utf-8", "surrogateescape")
        for folder in FOLDERS
        for path in sorted((project.root / folder).glob("*.py"))
        if path.is_file()
    }


def run_task(settings: Settings, task: Task) -> dict[str, Any]:
    """What a stretch of trials shows, as a value of JSON.

    Raises:
        GradproofError: This machine has other versions, or the case is broken.
    """
    if (here := versions()) != dict(settings.versions):
        raise GradproofError(
            f"the campaign was begun with {_told(settings.versions)}, but this worker has {_told(here)}: results of "
            "different versions do not add up; install the campaign's versions, or begin another campaign"
        )
    from gradproof.campaign.tallies import as_json
    from gradproof.check.probing import probe
    from gradproof.check.rounds import Asked, run_rounds
    from gradproof.truth.batching import on_one_thread

    case = _loaded(settings.digest, task.case, settings)
    with on_one_thread():
        probed = probe(case, task.stop, settings.seed, settings.scale)
        asked = Asked(task.stop, settings.seed, settings.scale, first=task.first)
        done = run_rounds(case, probed, asked, lambda trials: None)
    if done.interrupted:
        raise KeyboardInterrupt
    return as_json(done.tallies)


def load(settings: Settings, name: str) -> Any:
    """The case as the campaign's files say it."""
    return _loaded(settings.digest, name, settings)


_PLACES: dict[str, tempfile.TemporaryDirectory[str]] = {}


def _loaded(digest: str, name: str, settings: Settings) -> Any:
    return _case(digest, name, settings.dtype, settings.memory, _place(digest, settings))


def _place(digest: str, settings: Settings) -> str:
    """A folder of this process that holds the campaign's files."""
    if digest not in _PLACES:
        _PLACES[digest] = tempfile.TemporaryDirectory(prefix="gradproof-campaign-")
        for path, text in settings.files.items():
            target = Path(_PLACES[digest].name) / path
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(text.encode("utf-8", "surrogateescape"))
    return _PLACES[digest].name


@lru_cache(maxsize=64)
def _case(digest: str, name: str, dtype: str, memory: int, place: str) -> Any:
    from gradproof.check.case import load_case

    return load_case(name, dtype=dtype, memory=memory, project=Project(Path(place)))


def stretch(case: Any) -> int:
    """How many trials a task of a case has: whole blocks, as many as a share of work allows."""
    from gradproof import defaults
    from gradproof.trials.portions import portions

    blocks = [portions(trial, defaults.MEMORY).block for trial in case.trial_bytes]
    trials = sum(blocks)
    share = max(1, STRETCH_BYTES // sum(count * trial for count, trial in zip(blocks, case.trial_bytes, strict=True)))
    return int(trials * share)


def _told(found: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in found.items())

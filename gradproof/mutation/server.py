"""The tests' own pytest, started once, that collects and then runs one job after another."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradproof.errors import GradproofError
from gradproof.mutation.inside.settings import VARIABLE

PLUGIN = "gradproof.mutation.inside.plugin"
SHOWN_OF_OUTPUT = 25


@dataclass(frozen=True)
class Suite:
    """Which tests, and how pytest is called for them.

    Attributes:
        arguments: What pytest is given: files, folders, node ids, `-k`.
        folder: The working directory.
        functions: Named functions that return gradients, as `module:name`.
    """

    arguments: tuple[str, ...]
    folder: Path
    functions: tuple[str, ...] = ()


class Server:
    """A pytest process and the two pipes to it."""

    def __init__(self, suite: Suite, folder: Path, *, seed: int, watched: bool) -> None:
        folder.mkdir()
        self.suite, self.folder = suite, folder
        self._greeting: dict[str, Any] = {}
        job_read, self._jobs = os.pipe()
        self._done, done_write = os.pipe()
        settings = {
            "folder": str(folder),
            "seed": seed,
            "watched": watched,
            "functions": suite.functions,
            "jobs": job_read,
            "done": done_write,
        }
        self._pending, self._number = b"", 0
        with (folder / "output").open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "pytest", *_options(folder), *suite.arguments],
                env=_environment(folder, settings),
                cwd=suite.folder,
                pass_fds=(job_read, done_write),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        os.close(job_read)
        os.close(done_write)

    def greeting(self) -> dict[str, Any]:
        """What was collected.

        Raises:
            GradproofError: pytest ended before it had collected anything.
        """
        if not self._greeting:
            self._greeting = self._line(timeout=None)
        return self._greeting

    def submit(self, **job: Any) -> int:
        """Hand over a job; returns its number."""
        self._number += 1
        self._send({"id": self._number, "plant": None, **job})
        return self._number

    def load(self, modules: Sequence[str]) -> None:
        """Have modules loaded before the next job."""
        self._send({"modules": list(modules)})

    def wait(self, timeout: float | None = None) -> tuple[int, int] | None:
        """The number and the status of a job that has ended; None after so many seconds."""
        line = self._line(timeout)
        return None if line is None else (line["done"], line["status"])

    def lines(self, job: int) -> list[dict[str, Any]]:
        """What a job wrote, as far as it came."""
        path = self.folder / f"{job}.jsonl"
        found = []
        for line in path.read_text().splitlines() if path.exists() else []:
            try:
                found.append(json.loads(line))
            except ValueError:  # the last line of a job that was killed
                break
        return found

    def trouble(self, job: int) -> str:
        """The traceback of a job that failed in this project's own code; empty where none did."""
        path = self.folder / f"{job}.error"
        return path.read_text() if path.exists() else ""

    def close(self) -> None:
        """End the process."""
        os.close(self._jobs)
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self._done)

    def _send(self, what: dict[str, Any]) -> None:
        data = json.dumps(what).encode() + b"\n"
        try:
            while data:
                data = data[os.write(self._jobs, data) :]
        except BrokenPipeError as error:
            raise self._died() from error

    def _line(self, timeout: float | None) -> Any:
        until = None if timeout is None else time.monotonic() + timeout
        while b"\n" not in self._pending:
            left = None if until is None else max(0.0, until - time.monotonic())
            if not select.select([self._done], [], [], left)[0]:
                return None
            chunk = os.read(self._done, 1 << 16)
            if not chunk:
                raise self._died()
            self._pending += chunk
        line, _, self._pending = self._pending.partition(b"\n")
        return json.loads(line)

    def _died(self) -> GradproofError:
        self.process.wait()
        text = (self.folder / "output").read_text(errors="replace").strip().splitlines()
        text = [line for line in text if line.startswith("ERROR")] or text
        asked = " ".join(self.suite.arguments)
        told = "\n".join(text[-SHOWN_OF_OUTPUT:])
        return GradproofError(
            f"pytest {asked} ended with status {self.process.returncode} before any test ran:\n{told}"
        )


def _options(folder: Path) -> list[str]:
    """What keeps pytest from writing beside the user's files, and has it say which assertions passed."""
    return [
        *("-p", PLUGIN),
        *("-o", f"cache_dir={folder / 'cache'}"),
        *("-o", "enable_assertion_pass_hook=true"),
    ]


def _environment(folder: Path, settings: dict[str, Any]) -> dict[str, str]:
    temporary = folder / "temporary"
    temporary.mkdir()
    return os.environ | {
        VARIABLE: json.dumps(settings),
        "PYTEST_DEBUG_TEMPROOT": str(temporary),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HYPOTHESIS_STORAGE_DIRECTORY": str(folder / "hypothesis"),
    }

"""Cases checked in several processes at once, each in a worker that lives as long as there are cases.

A worker is told one case at a time and sends back how many trials it has done, and then the outcome. One that is
killed loses only the case it was at, which another takes up; a case that has cost two workers their lives is named.
The outcomes come in the order of the cases, so what is printed and written does not depend on the number of workers.
"""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import Any

from gradproof.case.depth import room_for_depth
from gradproof.case.project import Project
from gradproof.check.facts.failures import Failure
from gradproof.cli.checking import Finished, Settings, checked, with_extras

LIVES = 2
"""So many workers may die at one case."""

SINGLE_THREADED = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass
class _Worker:
    """A process, the end of the pipe to it, and the case it is at."""

    process: Any
    pipe: Connection
    case: str = ""


class Checks:
    """The checks of some cases: the workers, the cases that wait for one, and those that are done.

    Args:
        count: How many processes.
        project: Whose cases they are.
        settings: How each is run.
        names: The cases.
    """

    def __init__(self, count: int, project: Project, settings: Settings, names: Sequence[str]) -> None:
        self.project, self.settings, self.names = project, settings, names
        self.finished: dict[str, Finished] = {}
        self.waiting = deque(names)
        self.deaths = dict.fromkeys(names, 0)
        self.context: Any = get_context("forkserver" if hasattr(os, "fork") else "spawn")
        if hasattr(os, "fork"):
            self.context.set_forkserver_preload(["gradproof.cli.processes", "gradproof.run", "gradproof.report.write"])
        with _single_threaded():
            self.workers = [self._new() for _ in range(count)]
        for worker in self.workers:
            self._give(worker)

    def _new(self) -> _Worker:
        ours, theirs = self.context.Pipe()
        process = self.context.Process(target=_serve, args=(theirs, self.project, self.settings), daemon=True)
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def _give(self, worker: _Worker) -> None:
        worker.case = self.waiting.popleft() if self.waiting else ""
        if worker.case:
            worker.pipe.send(worker.case)

    def in_order(self, advance: Callable[[int], None]) -> Iterator[Finished]:
        """The outcome of every case, in their order, as soon as it and those before it are there.

        Args:
            advance: Told how many trials were just done, over all cases.
        """
        for name in self.names:
            while name not in self.finished:
                self._hear(advance)
            yield self.finished.pop(name)

    def done(self) -> list[Finished]:
        """What is done and was not handed out yet."""
        return [self.finished.pop(name) for name in self.names if name in self.finished]

    def _hear(self, advance: Callable[[int], None]) -> None:
        """Wait until some worker says something."""
        ready = wait([worker.pipe for worker in self.workers if worker.case])
        for worker in [one for one in self.workers if one.pipe in ready]:
            try:
                message = worker.pipe.recv()
            except (EOFError, ConnectionResetError):
                self._bury(worker)
                continue
            if isinstance(message, int):
                advance(message)
            else:
                self.finished[message.name] = message
                self._give(worker)

    def _bury(self, worker: _Worker) -> None:
        """A worker has died: its case waits again, or is given up; another worker takes its place."""
        name = worker.case
        worker.process.join()
        worker.pipe.close()
        self.workers.remove(worker)
        self.deaths[name] += 1
        given_up = self.deaths[name] >= LIVES
        if not given_up:
            self.waiting.appendleft(name)
        if self.waiting:
            with _single_threaded():
                self.workers.append(self._new())
            self._give(self.workers[-1])
        if not given_up:
            return
        code = worker.process.exitcode
        how = f"signal {signal.Signals(-code).name}" if code is not None and code < 0 else f"exit status {code}"
        told = f"its process ended with {how}, twice; with too little memory try -j 1 or --memory 128MB"
        self.finished[name] = Finished(name, failures=(Failure(f"the check of {name}", told, ""),))

    def kill(self) -> None:
        """End all workers, whatever they are at."""
        for worker in self.workers:
            worker.process.kill()
        for worker in self.workers:
            worker.process.join()
            worker.pipe.close()
        self.workers = []


@contextmanager
def _single_threaded() -> Iterator[None]:
    """Processes that start meanwhile have one thread each, unless the user has said otherwise."""
    added = [name for name in SINGLE_THREADED if name not in os.environ]
    os.environ.update(dict.fromkeys(added, "1"))
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


@room_for_depth()
def _serve(pipe: Connection, project: Project, settings: Settings) -> None:
    """A worker: cases come through the pipe, outcomes go back, until the other end is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process decides what Ctrl-C means
    while True:
        try:
            name = pipe.recv()
            finished = with_extras(checked(project, name, settings, pipe.send), project, settings)
            pipe.send(_portable(finished))
        except (EOFError, BrokenPipeError):
            return


def _portable(finished: Finished) -> Finished:
    """The same without what cannot leave the process: the case itself, of which the facts are kept."""
    result = finished.result
    if result is None:
        return finished
    return replace(finished, result=replace(result, checked=None, find_worst=_Given(result.worst)))


@dataclass(frozen=True)
class _Given:
    """Gives what was found before."""

    found: Any

    def __call__(self) -> Any:
        return self.found

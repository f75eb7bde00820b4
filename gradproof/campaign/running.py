"""Tasks run here, in processes of this machine, or on a Dask cluster, and their findings put into the store."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import get_context
from typing import Any

from gradproof.campaign.store import Store
from gradproof.campaign.tasks import Task, run_task
from gradproof.errors import GradproofError

AHEAD = 2
"""So many tasks a worker are handed out, so that none waits for the next."""

DEATHS = 3
"""So many times in a row workers may die before any task comes back."""

KILLED = "the workers are killed again and again, perhaps for want of memory:"
KEPT = "what is done is kept, and the same command goes on with it"

Told = Callable[[Task], None]


def run_here(store: Store, told: Told) -> None:
    """One task after the other, in this process."""
    for task in list(store.open_tasks()):
        store.add(task, run_task(store.settings, task))
        told(task)


def run_in_processes(store: Store, workers: int, told: Told) -> None:
    """In processes of this machine. One that is killed costs the tasks that were out; they are handed out again.

    Raises:
        GradproofError: Workers die again and again.
    """
    deaths = 0
    while tasks := list(store.open_tasks()):
        with ProcessPoolExecutor(workers, mp_context=_context()) as pool:
            waiting, out = iter(tasks), dict[Future[Any], Task]()
            try:
                while True:
                    for task in islice(waiting, AHEAD * workers - len(out)):
                        out[pool.submit(run_task, store.settings, task)] = task
                    if not out:
                        break
                    for future in wait(out, return_when=FIRST_COMPLETED).done:
                        task = out.pop(future)
                        store.add(task, future.result())
                        told(task)
                        deaths = 0
            except BrokenProcessPool as error:
                deaths += 1
                if deaths >= DEATHS:
                    raise GradproofError(f"{KILLED} try fewer (-j), or less --memory; {KEPT}") from error
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise


def _context() -> Any:
    """How processes start: from one that has loaded what a task needs, where the system can."""
    if not hasattr(os, "fork"):
        return get_context("spawn")
    context = get_context("forkserver")
    context.set_forkserver_preload(["gradproof.campaign.tasks", "gradproof.check.rounds"])
    return context


def run_on_cluster(store: Store, address: str, told: Told) -> None:
    """On a Dask cluster, whose scheduler is at the address. What a dead worker had is run by another.

    Raises:
        GradproofError: Dask is not installed, the cluster cannot be reached or is lost, or a task fails.
    """
    try:
        from distributed import Client, KilledWorker, as_completed
    except ImportError as error:
        raise GradproofError("a cluster needs Dask: pip install 'gradproof[cluster]'") from error
    try:
        client = Client(address, timeout="20s", set_as_default=False)
    except (OSError, TimeoutError) as error:
        raise GradproofError(f"no Dask scheduler answers at {address}: {error}") from error
    with client:
        waiting: Iterator[Task] = iter(list(store.open_tasks()))
        room = AHEAD * max(1, sum(client.ncores().values()))

        def submitted(count: int) -> list[Any]:
            futures = []
            for task in islice(waiting, count):
                future = client.submit(run_task, store.settings, task, pure=False, retries=DEATHS)
                tasks[future.key] = task
                futures.append(future)
            return futures

        tasks: dict[str, Task] = {}
        running = as_completed(submitted(room), loop=client.loop)
        for future in running:
            task = tasks.pop(future.key)
            try:
                found = future.result()
            except KilledWorker as error:
                raise GradproofError(
                    f"{KILLED} give them more memory, or the campaign less --memory; {KEPT}"
                ) from error
            except CancelledError as error:
                raise GradproofError(f"the scheduler at {address} is gone; {KEPT}") from error
            store.add(task, found)
            told(task)
            for other in submitted(1):
                running.add(other)

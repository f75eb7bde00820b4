"""Campaigns: the same bytes whoever runs the tasks and whatever was killed; what does not add up is refused."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from small_projects import Run, Write

from gradproof.campaign.running import run_here, run_in_processes, run_on_cluster
from gradproof.campaign.store import Store
from gradproof.campaign.tallies import added, from_json
from gradproof.campaign.tasks import Settings, files_of, load, run_task, stretch, versions
from gradproof.case.project import Project
from gradproof.errors import GradproofError
from gradproof.run import crosscheck

MEMORY = 512 << 20
KILLED_ONCE = """
import os, pathlib, signal

_mark = pathlib.Path("MARK")

def dLoss_dt(A, t):
    if not _mark.exists():
        _mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return t - A
"""

Begin = Callable[..., Store]


@pytest.fixture(autouse=True)
def short_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stretch is a single block, and a block is small."""
    monkeypatch.setattr("gradproof.campaign.tasks.STRETCH_BYTES", 1)
    monkeypatch.setattr("gradproof.trials.portions.LARGEST_BLOCK", 256)


@pytest.fixture
def begin(write: Write, project: Project, tmp_path: Path) -> Begin:
    """A campaign of one case with a wrong equation, in a store of its own."""

    def made(folder: str, stretches: int = 3, end: str = "") -> Store:
        write("neuron", {"return dLoss_dZ * x": "return dLoss_dZ + x"}, end=end)
        settings = Settings(files_of(project), versions(), 0, "float64", 1.0, MEMORY)
        store = Store(tmp_path / folder, settings)
        size = stretch(load(settings, "neuron"))
        store.want("neuron", size, stretches * size)
        return store

    return made


def bytes_of(store: Store) -> str:
    return json.dumps(store.tallies("neuron"), sort_keys=True)


def test_tallies_add_up_in_any_order_and_to_what_one_run_shows(begin: Begin, project: Project) -> None:
    store = begin("store")
    parts = [run_task(store.settings, task) for task in store.open_tasks()]
    totals = set()
    for seed in range(4):
        random.Random(seed).shuffle(parts)
        total: dict[str, Any] = {}
        for part in parts:
            total = added(total, json.loads(json.dumps(part)))
        totals.add(json.dumps(total, sort_keys=True))
    assert len(totals) == 1
    trials = store.cases()[0][2]
    whole = crosscheck("neuron", project=project, trials=trials, repair=False)
    found = from_json(json.loads(totals.pop()))
    for one in whole.results:
        tally = found["own" if one.verdict == "disagrees" else "free", one.equation]
        assert (tally.trials, tally.disagreeing) == (trials, one.disagreeing_trials), one.equation
        assert (tally.max_abs, tally.max_rel, tally.max_ulp) == (
            one.max_abs_error,
            one.max_rel_error,
            one.max_ulp_error,
        )
        if one.verdict == "disagrees":
            assert tally.worst[2] == one.worst_trial


def test_campaign_stopped_in_the_middle_goes_on_to_the_same_bytes(begin: Begin, tmp_path: Path) -> None:
    whole = begin("whole")
    run_here(whole, lambda task: None)
    stopped = begin("stopped")

    def stop(task: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_here(stopped, stop)
    stopped.close()
    again = Store(tmp_path / "stopped")
    assert [count for *_, count in again.cases()] == [stretch(load(again.settings, "neuron"))]
    run_here(again, lambda task: None)
    assert bytes_of(again) == bytes_of(whole)
    assert list(again.open_tasks()) == []


def test_campaign_in_processes_with_a_killed_one_gives_the_same_bytes(begin: Begin, tmp_path: Path) -> None:
    end = KILLED_ONCE.replace("MARK", str(tmp_path / "mark"))
    killed = begin("killed", end=end)
    run_in_processes(killed, 2, lambda task: None)
    assert (tmp_path / "mark").exists()
    whole = begin("whole", end=end)
    run_here(whole, lambda task: None)
    assert bytes_of(killed) == bytes_of(whole)


def test_campaign_on_a_cluster_with_a_killed_worker_gives_the_same_bytes(begin: Begin, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    end = KILLED_ONCE.replace("MARK", str(tmp_path / "mark"))
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        there = begin("there", end=end)
        run_on_cluster(there, cluster.scheduler_address, lambda task: None)
    assert (tmp_path / "mark").exists()
    whole = begin("whole", end=end)
    run_here(whole, lambda task: None)
    assert bytes_of(there) == bytes_of(whole)


def test_campaign_whose_scheduler_is_killed_says_so_and_goes_on_to_the_same_bytes(begin: Begin, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    here = tmp_path / "scheduler.json"
    words = ["dask_scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", str(here)]
    scheduler = subprocess.Popen([sys.executable, "-m", f"distributed.cli.{words[0]}", *words[1:]])
    worker = None
    try:
        while not here.exists():
            assert scheduler.poll() is None
            time.sleep(0.1)
        address = json.loads(here.read_text())["address"]
        words = ["dask_worker", address, "--nthreads", "1", "--no-dashboard"]
        worker = subprocess.Popen([sys.executable, "-m", f"distributed.cli.{words[0]}", *words[1:]])
        there = begin("there", stretches=8)
        with pytest.raises(GradproofError, match=f"the scheduler at {address} is gone; what is done is kept"):
            run_on_cluster(there, address, lambda task: scheduler.kill())
    finally:
        for process in filter(None, (scheduler, worker)):
            process.kill()
            process.wait()
    assert 0 < len(list(there.open_tasks())) < 8
    run_here(there, lambda task: None)
    whole = begin("whole", stretches=8)
    run_here(whole, lambda task: None)
    assert bytes_of(there) == bytes_of(whole)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("moment", ["before it commits", "after it has committed"])
def test_campaign_whose_command_is_killed_while_it_writes_goes_on_to_the_same_bytes(
    begin: Begin, tmp_path: Path, moment: str
) -> None:
    whole = begin("whole")
    parts = [(task, run_task(whole.settings, task)) for task in whole.open_tasks()]
    for task, found in parts:
        whole.add(task, found)
    begin("killed").close()
    child = os.fork()
    if not child:  # it only adds what was found here, and is killed at the second
        store = Store(tmp_path / "killed")
        store.add(*parts[0])
        if moment == "before it commits":
            store.connection.execute("begin immediate")
            store.connection.execute("insert into done values (?, ?)", (parts[1][0].case, parts[1][0].first))
        else:
            store.add(*parts[1])
        os.kill(os.getpid(), signal.SIGKILL)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    again = Store(tmp_path / "killed")
    left = [task for task, _ in parts[1 if moment == "before it commits" else 2 :]]
    assert list(again.open_tasks()) == left
    for task, found in parts:
        again.add(task, found)
    assert bytes_of(again) == bytes_of(whole)


def test_task_refuses_a_worker_of_another_version(begin: Begin) -> None:
    store = begin("store")
    other = replace(store.settings, versions={**store.settings.versions, "torch": "1.0"})
    with pytest.raises(GradproofError, match=r"begun with gradproof .*, torch 1.0, .* but this worker has"):
        run_task(other, next(store.open_tasks()))


def test_store_refuses_what_does_not_add_up(begin: Begin, write: Write, project: Project, tmp_path: Path) -> None:
    begin("store").close()
    settings = Settings(files_of(project), versions(), 0, "float64", 1.0, MEMORY)
    with pytest.raises(GradproofError, match="other seed"):
        Store(tmp_path / "store", replace(settings, seed=1))
    write("neuron")
    with pytest.raises(GradproofError, match="other files"):
        Store(tmp_path / "store", replace(settings, files=files_of(project)))


def test_campaign_command_runs_extends_and_tells(write: Write, run: Run) -> None:
    write("neuron", {"return dLoss_dZ * x": "return dLoss_dZ + x"})
    first = run("campaign", "neuron", "--trials", "2e2", "--store", "store")
    assert first.exit_code == 1
    assert "256 trials, seed 0, float64" in first.stdout
    assert "dLoss_dw = dLoss_dZ + x" in first.stdout
    second = run("campaign", "neuron", "--trials", "400", "--store", "store")
    assert "neuron: trials 256 to 512 done; 512 of 512 in all" in second.stderr
    status = run("campaign", "--status", "--store", "store")
    assert status.stdout.startswith("neuron: 512 of 512 trials; disagreeing so far: ")
    assert "dLoss_dw" in status.stdout


@pytest.mark.parametrize("words", [("--trials", "few"), ("--trials", "0"), ()])
def test_campaign_command_refuses_what_is_no_number(write: Write, run: Run, words: tuple[str, ...]) -> None:
    write("neuron")
    assert run("campaign", "neuron", "--store", "store", *words).exit_code == 2

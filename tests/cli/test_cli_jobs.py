"""`gradproof check -j N`: the same as with one process, and nothing that is done is lost."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from small_projects import Run, Write, flat

from gradproof.case.project import Project

KILLED_ONCE = """
import os, pathlib, signal

_mark = pathlib.Path(__file__).parent / "_killed"

def dLoss_dt(A, t):
    if not _mark.exists():
        _mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return t - A
"""
KILLED_ALWAYS = """
import os, signal

def dLoss_dt(A, t):
    os.kill(os.getpid(), signal.SIGKILL)
"""
STOPS_THE_RUN = """
import os, signal, time

def dLoss_dt(A, t):
    for _ in range(3):  # one that comes while an object is taken apart is lost, as in any Python
        os.kill(PARENT, signal.SIGINT)
        time.sleep(20)
"""


def files(folder: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_jobs_same_output_and_files_as_one_process(write: Write, run: Run, project: Project) -> None:
    write("a_wrong", {"return dLoss_dZ * x": "return dLoss_dZ + x"})
    write("b_right")
    write("c_broken", end="\ndef dLoss_dq(A):\n    return A\n")
    one = run("check", "--trials", "60", "--reports", "reports")
    alone = files(project.root / "reports")
    two = run("check", "--trials", "60", "--reports", "reports", "-j", "2")
    assert (two.stdout, two.stderr, two.exit_code) == (one.stdout, one.stderr, one.exit_code)
    assert files(project.root / "reports") == alone
    assert two.exit_code == 2


def test_jobs_killed_worker_costs_nothing_but_its_time(write: Write, run: Run) -> None:
    write("a_first")
    write("b_killed", end=KILLED_ONCE)
    outcome = run("check", "--trials", "30", "-j", "2")
    assert outcome.stdout.count("equations agree\n") == 2
    assert outcome.exit_code == 0


def test_jobs_case_that_kills_its_workers_is_named_and_the_others_stand(
    write: Write, run: Run, project: Project
) -> None:
    write("a_deadly", end=KILLED_ALWAYS)
    write("b_right")
    outcome = run("check", "--trials", "30", "-j", "2", "--reports", "reports")
    assert "its process ended with signal SIGKILL, twice" in flat(outcome.stdout)
    assert outcome.stdout.count("equations agree\n") == 1
    assert (project.root / "reports/b_right/agreement.md").is_file()
    assert outcome.exit_code == 3


def test_jobs_interrupted_keeps_what_is_done(write: Write, run: Run) -> None:
    write("a_right")
    write("b_stops", end=STOPS_THE_RUN.replace("PARENT", str(os.getpid())))
    outcome = run("check", "--trials", "30", "-j", "2")
    assert outcome.exit_code == 130
    assert "not run: " in outcome.stdout
    assert "b_stops" in outcome.stdout
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("jobs", ["0", "-1", "many"])
def test_jobs_that_are_no_number_are_refused(write: Write, run: Run, jobs: str) -> None:
    write("neuron")
    outcome = run("check", "-j", jobs)
    assert outcome.exit_code == 2
    assert "is no number of processes: give 1 or more, or auto" in outcome.stderr

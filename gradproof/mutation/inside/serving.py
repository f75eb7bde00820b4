"""Jobs: each is run in a fork of the process that has collected the tests, so that none can leave anything behind."""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import signal
import time
import traceback
import warnings
from pathlib import Path
from typing import Any, Protocol

from gradproof.mutation.inside.settings import Settings

PAUSE = 0.005
"""Seconds between two looks at whether a job has ended."""


class Conductor(Protocol):
    """What runs a job."""

    settings: Settings

    def run(self, job: dict[str, Any], out: Path) -> None:
        """Run it, and write what happened."""


def serve(conductor: Conductor, greeting: dict[str, Any]) -> None:
    """Say what was collected, then run jobs until the pipe is closed."""
    settings = conductor.settings
    greeting["obstacle"] = _obstacle()
    _say(settings.done, greeting)
    gc.collect()
    gc.freeze()  # else the first collection in each fork copies the whole of torch
    running: dict[int, tuple[int, float]] = {}
    pending, is_open = b"", True
    while is_open or running:
        ready, _, _ = select.select([settings.jobs] if is_open else [], [], [], PAUSE if running else None)
        if ready:
            chunk = os.read(settings.jobs, 1 << 16)
            is_open = bool(chunk)
            *lines, pending = (pending + chunk).split(b"\n")
            for line in lines:
                job = json.loads(line)
                if "modules" in job:
                    _load(job["modules"])
                    continue
                running[_forked(conductor, job)] = job["id"], time.monotonic() + job["timeout"]
        _reap(running, settings.done)


def _load(modules: list[str]) -> None:
    """Load what tests have loaded late, so that it need not be loaded in every fork."""
    for name in modules:
        try:
            importlib.import_module(name)
        except Exception:  # a module that only loads where the test loads it stays with the test
            continue


def _obstacle() -> str:
    """Why this process cannot be forked; empty where it can."""
    import torch

    if not hasattr(os, "fork"):
        return "this system cannot fork a process; Linux and macOS can"
    if torch.cuda.is_available() and torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        return "the tests use the GPU while they are imported; use it in the tests or their fixtures"
    return ""


def _forked(conductor: Conductor, job: dict[str, Any]) -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of forks beside threads; torch was held to one
        pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        os.setpgid(0, 0)
        _run(conductor, job)
        status = 0
    finally:
        os._exit(status)


def _run(conductor: Conductor, job: dict[str, Any]) -> None:
    out = Path(conductor.settings.folder) / f"{job['id']}.jsonl"
    try:
        _differentiate()
        conductor.run(job, out)
    except BaseException:
        out.with_suffix(".error").write_text(traceback.format_exc())
        raise


def _differentiate() -> None:
    """Autograd refuses to work in a fork of a process that has used its threads."""
    import torch

    torch.ones(1, requires_grad=True).sum().backward()  # type: ignore[no-untyped-call]


def _reap(running: dict[int, tuple[int, float]], done: int) -> None:
    for pid, (job, deadline) in list(running.items()):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if not ended and time.monotonic() > deadline:
            os.killpg(pid, signal.SIGKILL)
            ended, status = os.waitpid(pid, 0)
            status = -1
        if ended:
            del running[pid]
            _say(done, {"done": job, "status": status})


def _say(done: int, what: dict[str, Any]) -> None:
    data = json.dumps(what).encode() + b"\n"
    while data:
        data = data[os.write(done, data) :]

"""Where a function runs: here, or in a child process that it cannot leave and from which it sees no checker."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pickle
import select
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from gradproof.errors import GradproofError
from gradproof.functions.running import calling
from gradproof.functions.running.serving import packed, receive, send, unpacked
from gradproof.functions.running.target import Target

LIMIT = 20.0
"""So many seconds a call may take in a child process, beside what it takes to repeat it."""

ROOM = 8 * 2**30
"""So many bytes a child process may ask for beyond what its parent has."""

_TEXTS = ("layouts", "watching", "fused", "roundings", "calling", "serving")
_CHECKERS = ("gradproof", "pytest", "_pytest", "hypothesis", "unittest", "benchmarks")
_M_PERTURB, _FILLED = -6, 0x80


class Died(Exception):
    """A child process gave no answer: it ended, or was ended after a time.

    Attributes:
        sentence: What happened.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Here:
    """The function runs in this process."""

    def __init__(self, target: Target) -> None:
        self.target, self.memory = target, dict[str, Any]()

    def ask(self, action: str, request: Mapping[str, Any]) -> Any:
        """What an action of `calling` answers."""
        if action == "look_again":
            return calling.look_again(self.memory)
        return getattr(calling, action)(self.target, request, self.memory)

    def close(self) -> None:
        """Nothing is to be ended."""


class Apart:
    """The function runs in a forked child; truth and verdict stay here."""

    def __init__(self, target: Target) -> None:
        if not hasattr(os, "fork"):
            raise GradproofError("depth='gate' runs the function in a forked process, which this system has not")
        self.target = target
        theirs, self._requests = os.pipe()
        self._replies, back = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # newer Pythons warn of threads: the child starts none but its own
            self._child = os.fork()
        if self._child == 0:
            os.close(self._requests)
            os.close(self._replies)
            _serve(target, theirs, back)
        os.close(theirs)
        os.close(back)

    def ask(self, action: str, request: Mapping[str, Any]) -> Any:
        """What an action of `calling` answers in the child.

        Raises:
            Died: There is no answer.
            GradproofError: A value cannot be handed to another process.
        """
        values: Mapping[str, Any] = request.get("values", {})
        others = {name: value for name, value in values.items() if not isinstance(value, torch.Tensor)}
        sent = {name: list(part) if isinstance(part, frozenset) else part for name, part in request.items()}
        sent |= {"values": {n: v for n, v in values.items() if n not in others}, "order": list(values)}
        try:
            message = pickle.dumps((action, others, packed(sent)))
        except Exception as error:  # whatever an object raises that cannot be pickled
            raise GradproofError(
                f"depth='gate' runs the function in another process, and one of {', '.join(others)} cannot be handed "
                f"to it ({type(error).__name__}: {error}): let the function make it"
            ) from error
        try:
            send(self._requests, message)
            self._wait(LIMIT + request.get("seconds", 0.0) * bool(request.get("repeat")))
            return unpacked(receive(self._replies))
        except (EOFError, BrokenPipeError, ValueError) as error:
            raise Died(self._ended()) from error

    def _wait(self, limit: float) -> None:
        """Wait for an answer for so many seconds of a processor, or three times that by the clock."""
        began, end = _processor_seconds(self._child), time.monotonic() + 3 * limit
        while not select.select([self._replies], [], [], 0.2)[0]:
            if time.monotonic() > end or _processor_seconds(self._child) - began > limit:
                raise Died(f"it gives no answer within {limit:.0f} seconds: it hangs")

    def _ended(self) -> str:
        for _ in range(100):
            with contextlib.suppress(ChildProcessError):
                child, status = os.waitpid(self._child, os.WNOHANG)
                if child:
                    self._child = 0
                    code = os.waitstatus_to_exitcode(status)
                    how = f"with status {code}" if code >= 0 else f"by signal {signal.Signals(-code).name}"
                    return f"it ends its process {how} instead of giving a result"
            time.sleep(0.01)
        return "what it writes is no answer"

    def close(self) -> None:
        """End the child."""
        os.close(self._requests)
        os.close(self._replies)
        if self._child:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(self._child, signal.SIGKILL)
                os.waitpid(self._child, 0)


@contextlib.contextmanager
def place(target: Target, *, apart: bool) -> Iterator[Here | Apart]:
    """Where the target runs; a child is ended at the end."""
    where = Apart(target) if apart else Here(target)
    try:
        yield where
    finally:
        where.close()


def _processor_seconds(process: int) -> float:
    """What a process has used of a processor; 0 where the system does not say."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _serve(target: Target, requests: int, replies: int) -> None:
    """The child: it answers until it is ended, on a thread whose stack begins there, and never returns."""
    try:
        torch.set_num_threads(1)
        namespace: dict[str, Any] = {"__name__": "__main__", "__builtins__": __builtins__}
        for name in _TEXTS:
            exec(compile(_alone(name), "train.py", "exec"), namespace)
        actions: dict[str, Callable[..., Any]] = {name: namespace[name] for name in ("perform", "second")}
        actions["look_again"] = eval("lambda target, request, memory: look_again(memory)", namespace)
        _bounded()
        _unseen()
        import _thread

        _thread.start_new_thread(namespace["serve"], (target, requests, replies, actions))
        while True:
            time.sleep(3600)
    finally:
        os._exit(70)


def _alone(name: str) -> str:
    """The text of a module of this folder without the imports of the others."""
    lines = (Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8").splitlines()
    return "\n".join("" if line.startswith("from gradproof") else line for line in lines)


def _bounded() -> None:
    """Limits on memory, and fresh memory filled with bytes that are large numbers, where the system has that."""
    with contextlib.suppress(Exception):
        import resource

        has = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (has + ROOM, has + ROOM))
    with contextlib.suppress(Exception):
        ctypes.CDLL(None).mallopt(_M_PERTURB, _FILLED)


def _unseen() -> None:
    """Nothing that a function looks at says that it is being checked."""
    for name in [name for name in sys.modules if name.split(".")[0] in _CHECKERS]:
        del sys.modules[name]
    for name in [name for name in os.environ if any(word in name.lower() for word in ("pytest", "gradproof"))]:
        del os.environ[name]
    sys.argv = ["train.py"]

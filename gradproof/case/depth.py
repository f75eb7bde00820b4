"""Room for deep expressions: a sum of a thousand terms is a tree of a thousand levels, and Python's own tools for
syntax trees (`ast.unparse`, visitors) walk it by recursion."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

USUAL = 1000
LEVELS = 20_000
"""Frames of Python, which take no room on the machine's own stack."""


@contextmanager
def room_for_depth() -> Iterator[None]:
    """While it lasts, Python's limit of recursion leaves room for an expression of some thousand terms."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, LEVELS))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


@contextmanager
def usual_depth() -> Iterator[None]:
    """As many calls within each other as Python allows a program by itself: code that never ends is stopped by them.

    Where far more are allowed, a property that asks for itself ends the process, not the run.
    """
    before, depth = sys.getrecursionlimit(), 0
    frame = sys._getframe()
    while frame.f_back is not None:
        frame, depth = frame.f_back, depth + 1
    sys.setrecursionlimit(min(before, depth + USUAL))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


class Endless(BaseException):
    """Code was stopped that ran for longer than it may; no `except Exception` of its own holds it back."""


@contextmanager
def ending(seconds: float) -> Iterator[None]:
    """While it lasts, code that takes more processor time ends with `Endless`: a loop over what it makes longer.

    Only in a program's main thread, and where the system has such a timer; elsewhere nothing is stopped.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def stop(number: int, frame: object) -> None:
        raise Endless(f"it took more than {seconds:g} s")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
        signal.signal(signal.SIGVTALRM, before)

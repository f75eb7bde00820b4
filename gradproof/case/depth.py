"""Room for deep expressions: a sum of a thousand terms is a tree of a thousand levels, and Python's own tools for
syntax trees (`ast.unparse`, visitors) walk it by recursion."""

from __future__ import annotations

import sys
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

"""Room for deep expressions: a sum of a thousand terms is a tree of a thousand levels, and Python's own tools for
syntax trees (`ast.unparse`, visitors) walk it by recursion."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

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

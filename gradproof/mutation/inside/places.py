"""Which line of the tests is running."""

from __future__ import annotations

import functools
import os
import sys
import sysconfig
from types import FrameType

Line = tuple[str, int]

_LIBRARIES = tuple(
    os.path.realpath(sysconfig.get_path(name)) + os.sep for name in ("stdlib", "purelib", "platlib", "platstdlib")
)
_OWN = os.path.realpath(os.path.dirname(__file__)) + os.sep
_KNOWN = ("torch", "numpy", "_pytest", "pluggy", "hypothesis")


class Where:
    """The file of the test that runs; module state of the process, as the call stack is."""

    file = ""


def user_line() -> Line:
    """The innermost line of the running test's own file; else of the innermost file that is no library's."""
    frame: FrameType | None = sys._getframe(1)
    fallback: Line = ("", 0)
    while frame is not None:
        path = frame.f_code.co_filename
        if path == Where.file:
            return path, frame.f_lineno
        if not fallback[1] and _is_users(path):
            fallback = (path, frame.f_lineno)
        frame = frame.f_back
    return fallback


@functools.cache
def _is_users(path: str) -> bool:
    if path.startswith("<"):
        return False
    real = os.path.realpath(path)
    return not real.startswith((*_LIBRARIES, *_known(), _OWN)) and "site-packages" not in real


def _known() -> list[str]:
    """Folders of packages that stand between a test and its gradient, wherever they are installed."""
    found = [getattr(sys.modules.get(name), "__file__", None) for name in _KNOWN]
    return [os.path.realpath(os.path.dirname(file)) + os.sep for file in found if file]

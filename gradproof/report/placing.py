"""Files put in their places whole: one alone, or all of a folder at once.

Whoever reads, and whoever kills the process or fills the disk, meets what was there before or what is there now.
"""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

_EXCHANGE = 2
_AT_WORKING_FOLDER = -100
"""`RENAME_EXCHANGE` and `AT_FDCWD` of Linux (renameat2(2))."""


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that nobody ever sees a part of it."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        partial.write_bytes(content)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def put_together(folder: Path, contents: Mapping[str, bytes], own: Collection[str]) -> None:
    """Make a folder hold these files, all of them from one moment to the next.

    They are written into a folder beside it, which then takes its place. One that a killed process has left is
    cleared away.

    Args:
        folder: Where the files belong.
        contents: The files by their names.
        own: The names that such files may have: those that are not among them now go, all else in the folder stays.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    _clear_left_over(folder)
    aside = folder.with_name(f".{folder.name}.{os.getpid()}.new")
    try:
        aside.mkdir()
        for name, content in contents.items():
            (aside / name).write_bytes(content)
        if folder.is_dir():
            for other in folder.iterdir():
                if other.name not in own:
                    _keep(other, aside / other.name)
            _exchange(aside, folder)
        else:
            os.rename(aside, folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _keep(path: Path, place: Path) -> None:
    """What is not ours is in both folders until one of them goes."""
    if path.is_dir() and not path.is_symlink():
        shutil.copytree(path, place, symlinks=True)
    else:
        shutil.copy2(path, place, follow_symlinks=False)


def _exchange(one: Path, other: Path) -> None:
    """Let two folders change places; in one step where the system can, else in two, of which the first is undone."""
    if sys.platform == "linux":
        rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
        paths = _AT_WORKING_FOLDER, os.fsencode(one), _AT_WORKING_FOLDER, os.fsencode(other)
        if rename is not None and rename(*paths, _EXCHANGE) == 0:
            return
    before = other.with_name(f".{other.name}.{os.getpid()}.old")
    os.rename(other, before)
    try:
        os.rename(one, other)
    except OSError:
        os.rename(before, other)
        raise
    shutil.rmtree(before, ignore_errors=True)


def _clear_left_over(folder: Path) -> None:
    """Remove, or put back, what processes that are no more have left beside a folder."""
    for path in folder.parent.glob(f".{folder.name}.*"):
        _, _, rest = path.name.rpartition(f"{folder.name}.")
        number, _, kind = rest.partition(".")
        if kind not in ("new", "old") or not number.isdigit() or _runs(int(number)):
            continue
        if kind == "old" and not folder.exists():
            os.rename(path, folder)  # the process was killed between the two steps
        else:
            shutil.rmtree(path, ignore_errors=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except OSError as error:
        return error.errno == errno.EPERM
    return True

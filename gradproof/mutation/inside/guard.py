"""Nothing of the user's is written to: what tests write into the project is noted, and refused in planted runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_TRUNC
_PATHS = {"os.remove": 1, "os.rename": 2, "os.mkdir": 1, "os.rmdir": 1, "os.truncate": 1, "os.link": 2, "os.symlink": 2}


class Refused(PermissionError):
    """A write into the project, in a run with a planted mistake."""


class Guard:
    """An audit hook over the folders of the project.

    Attributes:
        roots: The folders that are guarded.
        free: Folders in them that are not.
        on_write: Told each path; whether the write is refused.
    """

    def __init__(self, roots: Sequence[Path], free: Sequence[Path], on_write: Callable[[str], bool]) -> None:
        self.roots = tuple({os.path.realpath(one) + os.sep for one in roots})
        self.free = tuple(os.path.realpath(one) + os.sep for one in free)
        self.on_write, self.is_busy, self.is_on = on_write, False, False
        sys.addaudithook(self._hook)
        _announce_saves()

    def _hook(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.is_on or self.is_busy:
            return
        if event == "open":
            path, _, flags = args
            found = [path] if isinstance(flags, int) and flags & _WRITES else []
        elif event in _PATHS:
            found = list(args[: _PATHS[event]])
        else:
            return
        self.is_busy = True
        try:
            refused = [path for path in found if self._is_guarded(path) and self.on_write(os.fsdecode(path))]
        finally:
            self.is_busy = False
        if refused:
            raise Refused(f"gradproof lets no test write {refused[0]} while a mistake is planted")

    def _is_guarded(self, path: Any) -> bool:
        if not isinstance(path, (str, bytes, os.PathLike)):
            return False
        real = os.path.realpath(os.fsdecode(path))
        return real.startswith(self.roots) and not real.startswith(self.free) and "__pycache__" not in real


def _announce_saves() -> None:
    """torch writes some files without Python's `open`; the hook is told of them here."""
    import torch

    save = torch.save

    def announced(obj: Any, f: Any, *args: Any, **kwargs: Any) -> None:
        if isinstance(f, (str, os.PathLike)):
            sys.audit("open", os.fspath(f), "wb", os.O_WRONLY)
        save(obj, f, *args, **kwargs)

    torch.save = announced

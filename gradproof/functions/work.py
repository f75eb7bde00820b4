"""How much a check may do: counted in entries that are computed, so that it is the same on every machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

USUAL = 300_000_000
"""Entries that a check computes at the usual depth, beside what every dtype is owed."""

GATE = 3_000_000_000

SHOWN = 4
"""So many looks that were left out are named."""

PER_CALL = 20_000
"""What a call costs at least, in entries: operations on tiny tensors take their time too."""


class _Counting(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch's class carries no types
    """Counts the entries of all results; a product of matrices counts its inner length too."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # as above
        self.entries: int = 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Spares the import of torch._dynamo, seconds, which nothing here is compiled by."""
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if any(one.alias_info is not None for one in func._schema.returns):  # views
            return result
        for value in result if isinstance(result, tuple | list) else (result,):
            if isinstance(value, torch.Tensor):
                inner = args[0].shape[-1] if "mm" in func._schema.name and args[0].ndim else 0
                self.entries += value.numel() * (1 + int(inner) // 32)
        return result


def counted(run: Callable[[], object]) -> int:
    """The entries that a run computes."""
    with _Counting() as mode:
        run()
    entries: int = mode.entries
    return entries + PER_CALL


class Budget:
    """What is left of the work that a check may do.

    Attributes:
        whole: What there was, in entries.
        left: What is left of it.
        skipped: The looks that were left out for want of it.
    """

    def __init__(self, entries: int) -> None:
        self.whole = self.left = entries
        self.skipped: list[str] = []

    def take(self, entries: int, look: str, keep: float = 0.0) -> bool:
        """Whether there is enough left, which is then taken.

        Args:
            entries: What the look takes.
            look: Its name.
            keep: A share of the whole that is kept for later looks.
        """
        if entries > self.left - keep * self.whole:
            self.skipped.append(look)
            return False
        self.left -= entries
        return True

    @property
    def told(self) -> str:
        """What was left out, in words; empty for nothing."""
        if not self.skipped:
            return ""
        names = list(dict.fromkeys(self.skipped))
        more = f" and {len(names) - SHOWN} more kinds" if len(names) > SHOWN else ""
        used = (self.whole - self.left) / 1e6
        return (
            f"{len(self.skipped)} further looks were left out, the inputs are large: {', '.join(names[:SHOWN])}{more}; "
            f"of a budget of {self.whole / 1e6:,.0f} million numbers to compute {used:,.0f} million are used"
        )

"""What a call does with memory and with dtypes: fresh memory is filled with NaN and has margins, dtypes are noted."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

AROUND = 64
"""So many entries lie before and after memory that a call asks for."""

_PART = 2**16

_EMPTY = ("aten::empty", "aten::empty_like", "aten::new_empty", "aten::empty_strided", "aten::new_empty_strided")


class Watching(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch's class carries no types
    """Fills what `empty` and its like hand out, keeps margins around it, and notes dtypes.

    Attributes:
        fill: What fresh memory is filled with.
        casts: The coarser dtypes that values were cast to.
        made: The dtypes in which fractions were computed.
        around: Memory that was handed out, with its margins, and how much of it was asked for.
    """

    def __init__(self, fill: float = torch.nan) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # as above
        self.fill = fill
        self.casts: set[str] = set()
        self.made: set[str] = set()
        self.around: list[tuple[torch.Tensor, int]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if func._schema.name == "aten::_to_copy":
            self._note(args[0], result)
        elif func._schema.name == "aten::copy_":
            self._note(args[1], args[0])
        else:
            self._note_made(result)
        if func._schema.name in _EMPTY and isinstance(result, torch.Tensor) and result.is_floating_point():
            return self._filled(result)
        return result

    def _note(self, before: torch.Tensor, after: torch.Tensor) -> None:
        real = before.is_floating_point() and after.is_floating_point() and before.numel() > 1
        if real and torch.finfo(after.dtype).eps > torch.finfo(before.dtype).eps:
            self.casts.add(_name(after))

    def _note_made(self, result: Any) -> None:
        """Whole numbers are the same in every dtype: a mask of ones and zeros says nothing of the arithmetic."""
        for value in result if isinstance(result, tuple | list) else (result,):
            known = not isinstance(value, torch.Tensor) or not value.is_floating_point() or _name(value) in self.made
            if not known and any(bool((part != part.round()).any()) for part in value.reshape(-1).split(_PART)):
                self.made.add(_name(value))

    def _filled(self, asked: torch.Tensor) -> torch.Tensor:
        if not asked.is_contiguous() or asked.numel() == 0:
            return asked.fill_(self.fill)
        around = torch.full((asked.numel() + 2 * AROUND,), torch.nan, dtype=asked.dtype, device=asked.device)
        self.around.append((around, asked.numel()))
        return around[AROUND : AROUND + asked.numel()].fill_(self.fill).view(asked.shape)

    @property
    def spilled(self) -> bool:
        """Whether something was written into a margin."""
        return any(
            not bool(torch.isnan(around[:AROUND]).all() and torch.isnan(around[AROUND + inside :]).all())
            for around, inside in self.around
        )


def _name(value: torch.Tensor) -> str:
    return str(value.dtype).removeprefix("torch.")

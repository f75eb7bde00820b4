"""What a target was called with, as far as a draft of a check needs it."""

from __future__ import annotations

from typing import Any

import torch

WHOLE_NUMBERS_SHOWN = 64


def described(value: Any) -> dict[str, Any]:
    """An argument in plain values: a tensor's shape, dtype and range, or the text of anything else."""
    if not isinstance(value, torch.Tensor):
        is_plain = value is None or isinstance(value, (bool, int, float, str, tuple))
        return {"literal": repr(value) if is_plain else "", "type": type(value).__name__}
    note: dict[str, Any] = {"shape": list(value.shape), "dtype": str(value.dtype).removeprefix("torch.")}
    try:
        flat = value.detach().reshape(-1)
        if flat.numel() and not value.is_complex():
            note |= {"low": float(flat.min()), "high": float(flat.max())}
        if not value.is_floating_point() and flat.numel() <= WHOLE_NUMBERS_SHOWN:
            note["values"] = value.detach().tolist()
    except RuntimeError:  # a tensor inside a transform of torch.func, or without storage, has no numbers to show
        pass
    return note

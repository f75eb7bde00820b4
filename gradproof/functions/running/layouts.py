"""The same numbers elsewhere in memory: layouts that a backward must not take to be contiguous."""

from __future__ import annotations

from collections.abc import Callable

import torch

MARGIN = 1024
"""So many entries lie before and after a tensor that has margins."""


def contiguous(value: torch.Tensor) -> torch.Tensor:
    """A contiguous copy."""
    return value.detach().clone(memory_format=torch.contiguous_format)


def transposed(value: torch.Tensor) -> torch.Tensor:
    """The last two axes exchanged in memory."""
    return value.detach().mT.clone(memory_format=torch.contiguous_format).mT


def strided(value: torch.Tensor) -> torch.Tensor:
    """Every second place of a larger array; what lies between is NaN, so that reading it shows."""
    between = torch.full_like(value, torch.nan) if value.is_floating_point() else value
    return torch.stack([between, value], dim=-1).detach().clone().flatten(-2)[..., 1::2]


def expanded(value: torch.Tensor) -> torch.Tensor:
    """The first slice along the first axis, repeated without memory of its own (stride 0)."""
    return value.detach()[:1].clone(memory_format=torch.contiguous_format).expand(value.shape)


def expanded_scalar(value: torch.Tensor) -> torch.Tensor:
    """One number in every entry, as `.sum()` hands it back: stride 0 along all axes."""
    return value.detach().reshape(-1)[:1].clone().reshape((1,) * value.ndim).expand(value.shape)


def with_margins(value: torch.Tensor) -> torch.Tensor:
    """Contiguous, in the middle of a larger array: NaN lies around it, or a number that it has where it is whole."""
    outside = torch.nan if value.is_floating_point() or value.is_complex() else value.reshape(-1)[0].item()
    around = torch.full((value.numel() + 2 * MARGIN,), outside, dtype=value.dtype, device=value.device)
    inside = around[MARGIN : MARGIN + value.numel()].view(value.shape)
    inside.copy_(value.detach())
    return inside


LAYOUTS: dict[str, tuple[Callable[[torch.Tensor], torch.Tensor], int]] = {
    "contiguous": (contiguous, 0),
    "transposed": (transposed, 2),
    "strided": (strided, 1),
    "expanded": (expanded, 1),
    "expanded from one number": (expanded_scalar, 1),
    "inside NaN margins": (with_margins, 0),
}
"""Name -> what makes it, and how many axes it takes."""

SAME_VALUES = ("contiguous", "transposed", "strided", "inside NaN margins")


def laid_out(value: torch.Tensor, layout: str) -> torch.Tensor:
    """A new tensor in that layout, off the graph; the expanded ones have fewer distinct values."""
    return LAYOUTS[layout][0](value)


def applies(value: torch.Tensor, layout: str) -> bool:
    """Whether the layout differs from the contiguous one for a tensor of this shape."""
    return value.ndim >= LAYOUTS[layout][1] and value.numel() > 1

"""The derivative of one tensor by another, trial by trial."""

from __future__ import annotations

from typing import Any

import torch

from gradproof.audit.reading.names import plain
from gradproof.audit.reading.tree import Derivative, Symbol
from gradproof.audit.values.evaluation import Unjudged


class Independent(Unjudged):
    """A derivative by something that, as far as the note says, nothing leads from."""


def plain_of(node: Derivative) -> str:
    """A derivative in words."""
    names = [plain(part) if isinstance(part, Symbol) else "the expression" for part in (node.of, node.by)]
    return f"{names[0]} by {names[1]}"


def gradient(
    of: torch.Tensor, by: torch.Tensor, index: tuple[Any, ...], what: str, position: int, *, again: bool = False
) -> torch.Tensor:
    """The derivative (trials, *of, *by[index]) of one tensor by another, trial by trial.

    Raises `Independent` where nothing leads from one to the other.
    """
    trials = max(of.shape[0], by.shape[0])
    flat = of.reshape(of.shape[0], -1)
    if flat.shape[1] * by[0].numel() > 20_000:
        raise Unjudged(f"a derivative of {flat.shape[1] * by[0].numel():,} entries", position)
    slopes = []
    for entry in range(flat.shape[1]):
        column = flat[:, entry].sum()
        slope = None
        if column.requires_grad and by.requires_grad:  # a constant, such as the identity, has none
            (slope,) = torch.autograd.grad(column, by, retain_graph=True, create_graph=again, allow_unused=True)
        slopes.append(slope)
    if all(slope is None for slope in slopes):
        raise Independent(f"in this note nothing leads from the one to the other: the derivative of {what}", position)
    filled = [torch.zeros_like(by) if slope is None else slope for slope in slopes]
    whole = torch.stack([s.expand(trials, *s.shape[1:]) for s in filled], dim=1)
    whole = whole.reshape(trials, *of.shape[1:], *by.shape[1:])
    if index:
        whole = whole[(slice(None), *(slice(None),) * (of.ndim - 1), *index)]
    return whole

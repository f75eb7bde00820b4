"""Derivatives by autograd, of one trial or of many at once: taps on the outputs of submodules, Jacobians, entries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from gradproof.aten.uncompiled import uncompiled
from gradproof.truth.first_run import Call
from gradproof.truth.sources import Leaf, Output, Result


@contextmanager
def tapped(model: nn.Module, taps: dict[Call, torch.Tensor]) -> Iterator[dict[Call, torch.Tensor]]:
    """While it lasts, each tapped call gives its output plus its tap, and notes it."""
    outputs: dict[Call, torch.Tensor] = {}
    counts: dict[str, int] = {}

    def tap(name: str) -> Any:
        def hook(module: nn.Module, arguments: Any, output: Any) -> Any:
            call = (name, counts.get(name, 0))
            counts[name] = call[1] + 1
            if call not in taps:
                return output
            outputs[call] = output + taps[call]
            return outputs[call]

        return hook

    modules = dict(model.named_modules())
    handles = [modules[name].register_forward_hook(tap(name)) for name in dict.fromkeys(call[0] for call in taps)]
    try:
        yield outputs
    finally:
        for handle in handles:
            handle.remove()


def entry_of(tensor: torch.Tensor, index: tuple[Any, ...], *, batch: bool, depth: int = 0) -> torch.Tensor:
    """An entry of each trial's tensor, past `depth` axes of a derivative's top."""
    if not index:
        return tensor
    return tensor[(slice(None),) * (batch + depth) + index]


def place_of(bottom: Leaf | Output | Result) -> str | Call:
    """What autograd differentiates with respect to: a leaf by its path, an output by its tap."""
    return bottom.call if isinstance(bottom, Output) else bottom.path if isinstance(bottom, Leaf) else bottom.name


def jacobian(
    top: torch.Tensor, below: list[torch.Tensor], one: torch.Tensor | None, *, batch: bool
) -> list[torch.Tensor]:
    """d(top)/d(each of below): axes of the trial (with `batch`), of top, of below."""
    shape = top.shape[batch:]
    if not top.requires_grad:  # nothing differentiable leads to it
        lead = top.shape[:1] if batch else ()
        return [top.new_zeros((*lead, *shape, *b.shape[batch:])) for b in below]
    flat = top.reshape((top.shape[0], -1) if batch else (-1,))
    with uncompiled():
        rows = [
            torch.autograd.grad(
                (flat[:, k] if batch else flat[k]).sum(),
                below,
                one,
                retain_graph=True,
                allow_unused=True,
                materialize_grads=True,
            )
            for k in range(flat.shape[-1])
        ]
    if not shape:
        return list(rows[0])
    stacked = [torch.stack([row[j] for row in rows], dim=int(batch)) for j in range(len(below))]
    lead = top.shape[:1] if batch else ()
    return [value.reshape(*lead, *shape, *b.shape[batch:]) for value, b in zip(stacked, below, strict=True)]


def reached_from(top: torch.Tensor, below: list[torch.Tensor]) -> Sequence[torch.Tensor | None]:
    """Something for each of below that top is computed from, else None."""
    if not top.requires_grad:
        return [None] * len(below)
    return torch.autograd.grad(top.sum(), below, retain_graph=True, allow_unused=True)

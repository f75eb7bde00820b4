"""The planted mistakes, as operations on one gradient; all out of place and differentiable."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch._C import _functorch

HALF = (torch.float16, torch.bfloat16)
ROUNDING = 16
"""A gradient below so many units of rounding of its cotangent counts as zero."""


class Missing(Exception):
    """The planted gradient is None."""


class Unplantable(Exception):
    """The kind cannot be planted into this gradient: its shape does not allow it, or its condition does not hold."""


@dataclass(frozen=True)
class Place:
    """A gradient where it is handed on.

    Attributes:
        gradient: The right one, in the shape of its input.
        cotangents: What came from above; those that are missing left out.
        again: The same backward under other cotangents.
    """

    gradient: Tensor
    cotangents: tuple[Tensor, ...]
    again: Callable[[Sequence[Tensor]], Tensor | None] | None = None


def plain(tensor: Tensor) -> Tensor:
    """The numbers of a tensor that a transform of torch.func has wrapped: of all rows of a `vmap` at once."""
    while _functorch.is_functorch_wrapped_tensor(tensor):
        tensor = _functorch.get_unwrapped(tensor)
    return tensor.detach()


def largest(tensor: Tensor) -> float:
    """The largest finite magnitude; 0 where there is none."""
    if not tensor.numel():
        return 0.0
    values = plain(tensor).abs()
    top = float(values.max())
    if math.isfinite(top):
        return top
    return float(torch.where(torch.isfinite(values), values, torch.zeros_like(values)).max())


def is_zero(place: Place) -> bool:
    """Whether the gradient is zero but for rounding."""
    top = max((largest(one) for one in place.cotangents), default=1.0)
    return largest(place.gradient) <= ROUNDING * torch.finfo(place.gradient.dtype).eps * top


def faulted(kind: str, place: Place, size: float) -> Tensor:
    """The gradient with a mistake.

    Args:
        kind: A name of `kinds.KINDS`, or `scaled`.
        place: The right gradient.
        size: The relative fault, for `scaled`.

    Raises:
        Missing: The mistake is that there is none.
        Unplantable: This gradient cannot have the mistake.
    """
    g = place.gradient
    if kind == "scaled":
        return g + (g.to(_exact(g)) * (size * _signs(g).to(_exact(g)))).to(g.dtype)
    if kind == "zero":
        return g * 0
    if kind == "sign":
        return -g
    if kind == "doubled":
        return 2 * g
    if kind in ("too large", "too small"):
        return g + _step(place) if kind == "too large" else g - _step(place)
    if kind == "missing":
        raise Missing
    if kind in ("non-contiguous", "half precision", "detached"):
        return _conditional(kind, place)
    if kind in ("upstream ignored", "mean for sum"):
        return _of_upstream(kind, place)
    return _of_entries(kind, place)


def _step(place: Place) -> float:
    """How far a wrong entry is off: as much as the largest, or as the cotangent where the gradient is zero."""
    if is_zero(place):
        return max((largest(one) for one in place.cotangents), default=1.0) or 1.0
    return largest(place.gradient)


def _exact(g: Tensor) -> torch.dtype:
    """A type in which a small fault is not rounded away before it meets the gradient."""
    return torch.float32 if g.dtype in HALF else g.dtype


def _signs(g: Tensor) -> Tensor:
    """Plus or minus one for each entry, with no pattern that rows or columns share; plus where there is one entry."""
    index = torch.arange(g.numel(), device=g.device)
    mixed = (index * 2654435761 + 40503) % 2**32
    return (1 - 2 * ((mixed >> 17) % 2)).reshape(g.shape) if g.numel() > 1 else torch.ones_like(g)


def _at(g: Tensor, index: Any, value: float) -> Tensor:
    """A copy with something added at an index."""
    shift = torch.zeros_like(g)
    shift[index] = value
    return g + shift


def _of_entries(kind: str, place: Place) -> Tensor:
    g = place.gradient
    if not g.numel():
        raise Unplantable
    if kind in ("one entry", "not a number"):
        flat = g.reshape(-1)
        value = float("nan") if kind == "not a number" else _step(place)
        return _at(flat, flat.numel() // 2, value).reshape(g.shape)
    if g.numel() < 2:
        raise Unplantable
    if kind == "shifted":
        return g.reshape(-1).roll(1).reshape(g.shape)
    if kind == "last tile":
        columns = g if g.ndim and g.shape[-1] > 1 else g.reshape(-1)
        keep = torch.ones_like(columns)
        keep[..., columns.shape[-1] - max(1, columns.shape[-1] // 4) :] = 0
        return (columns * keep).reshape(g.shape)
    if g.ndim < 2 or g.shape[0] < 2:
        raise Unplantable
    if kind == "one row":
        return _at(g, g.shape[0] // 2, _step(place))
    if kind == "transposed" and g.shape[-1] == g.shape[-2]:
        return g.transpose(-1, -2)
    if kind == "wrong axis" and g.shape[-1] > 1:
        return g.sum(-1, keepdim=True).expand_as(g)
    raise Unplantable


def _of_upstream(kind: str, place: Place) -> Tensor:
    if kind == "mean for sum":
        rows = next((u.shape[0] for u in place.cotangents if u.ndim and u.shape[0] > 1), 0)
        if not rows:
            raise Unplantable
        return place.gradient / rows
    if place.again is None:
        raise Unplantable
    found = place.again([torch.ones_like(u) for u in place.cotangents])
    if found is None or found.shape != place.gradient.shape:
        raise Unplantable
    return found


def _conditional(kind: str, place: Place) -> Tensor:
    g = place.gradient
    if kind == "detached":
        if not g.requires_grad:
            raise Unplantable
        return g.detach()
    holds = g.dtype in HALF if kind == "half precision" else any(not u.is_contiguous() for u in place.cotangents)
    if not holds:
        raise Unplantable
    return g + _step(place)

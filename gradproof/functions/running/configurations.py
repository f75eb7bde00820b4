"""In which ways a function is called: which inputs need gradients, how things lie in memory, which cotangents exist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import torch

from gradproof.functions.running.layouts import SAME_VALUES, applies

ALL_COMBINATIONS = 5
"""Up to so many inputs every combination of those that need gradients is tried; above, one and all but one."""


@dataclass(frozen=True)
class Configuration:
    """One way to call a function.

    Attributes:
        label: How a report names it; empty for the plain one.
        needs: The inputs that need gradients.
        layout: An input and its layout, if one is not contiguous.
        cotangent_layout: How the cotangents lie in memory.
        only_output: The one output that has a cotangent, None for all.
    """

    label: str
    needs: frozenset[str]
    layout: tuple[str, str] | None = None
    cotangent_layout: str = "contiguous"
    only_output: int | None = None

    @property
    def has_plain_truth(self) -> bool:
        """Whether inputs and cotangents have the values of the plain configuration, and so has the truth."""
        moved = (self.layout[1] if self.layout else "contiguous", self.cotangent_layout)
        return self.only_output is None and all(layout in SAME_VALUES for layout in moved)


def plain(wrt: Sequence[str]) -> Configuration:
    """Everything contiguous, all gradients needed."""
    return Configuration("", frozenset(wrt))


def variants(values: Mapping[str, Any], wrt: Sequence[str], outputs: Sequence[torch.Tensor]) -> Iterator[Configuration]:
    """All configurations but the plain one."""
    every = frozenset(wrt)
    yield from (Configuration(_needs_label(some), frozenset(some)) for some in _subsets(tuple(wrt)))
    for name, value in values.items():
        for layout in ("transposed", "strided", "expanded"):
            if isinstance(value, torch.Tensor) and applies(value, layout):
                yield Configuration(f"{name} {layout}", every, layout=(name, layout))
    for layout in ("transposed", "strided", "expanded", "expanded from one number"):
        if any(applies(output, layout) for output in outputs):
            yield Configuration(f"cotangent {layout}", every, cotangent_layout=layout)
    if len(outputs) > 1:
        for k in range(len(outputs)):
            yield Configuration(f"only output {k} has a cotangent", every, only_output=k)


def _subsets(wrt: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    sizes = range(1, len(wrt)) if len(wrt) <= ALL_COMBINATIONS else (1, len(wrt) - 1)
    for size in sizes:
        yield from combinations(wrt, size)


def _needs_label(some: tuple[str, ...]) -> str:
    return f"only {', '.join(some)} {'needs' if len(some) == 1 else 'need'} gradients"

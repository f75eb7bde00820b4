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

SCALE = 1024.0
"""By what a cotangent is multiplied to see whether the gradients are linear in it."""


FRESH = "fresh memory filled with NaN"
"""The label of the call in which fresh memory is filled."""


@dataclass(frozen=True)
class Configuration:
    """One way to call a function.

    Attributes:
        label: How a report names it; empty for the plain one.
        needs: The inputs that need gradients.
        layouts: Each input that is not contiguous, and its layout.
        cotangent_layout: How the cotangents lie in memory.
        cotangent: Which cotangents: `drawn`, `zero`, `scaled` or `last` (of the last row alone).
        only_output: The one output that has a cotangent, None for all.
        watched: Whether fresh memory is filled and dtypes are noted.
        accumulated: Whether the gradients are added to a `.grad` that is there.
        twice: Whether the backward runs a second time through the same graph.
        shared: Whether the inputs, and what is made of them, are handed over without copies, where memory is short.
        kind: What kind of look it is; diagnoses speak of it.
    """

    label: str
    needs: frozenset[str]
    layouts: tuple[tuple[str, str], ...] = ()
    cotangent_layout: str = "contiguous"
    cotangent: str = "drawn"
    only_output: int | None = None
    watched: bool = False
    accumulated: bool = False
    twice: bool = False
    shared: bool = False
    kind: str = "plain"

    @property
    def repeats_rows(self) -> bool:
        """Whether an input has equal rows, which the plain draw has not."""
        return any(layout not in SAME_VALUES for _, layout in self.layouts)

    @property
    def has_plain_truth(self) -> bool:
        """Whether inputs and cotangents have the values of the plain configuration, and so has the truth."""
        moved = (*(layout for _, layout in self.layouts), self.cotangent_layout)
        own = self.only_output is None and self.cotangent == "drawn"
        return own and all(layout in SAME_VALUES for layout in moved)


def plain(wrt: Sequence[str], *, is_large: bool = False) -> Configuration:
    """Everything contiguous, all gradients needed; of large inputs nothing is copied or done twice."""
    return Configuration("", frozenset(wrt), twice=not is_large, shared=is_large)


IN_EVERY_DTYPE = ("needs", "layout", "cotangent layout", "one output")
"""The kinds of configurations that are looked at in every dtype: a kernel may have a branch of its own for each."""


def variants_again(
    values: Mapping[str, Any], wrt: Sequence[str], outputs: Sequence[torch.Tensor], fixed: frozenset[str]
) -> Iterator[Configuration]:
    """What is looked at in a further dtype: less, all inputs are laid out at once, and one alone needs gradients.

    Args:
        values, wrt, outputs, fixed: As for `variants`.
    """
    together: dict[str, tuple[tuple[str, str], ...]] = {}
    for one in variants(values, wrt, outputs, fixed):
        if one.kind == "layout":
            ((name, layout),) = one.layouts
            together[layout] = (*together.get(layout, ()), (name, layout))
        elif one.kind in IN_EVERY_DTYPE and (one.kind != "needs" or len(one.needs) == 1):
            yield one
    for layout, layouts in together.items():
        names = ", ".join(name for name, _ in layouts)
        yield Configuration(f"{names} {layout}", frozenset(wrt), layouts=layouts, kind="layout")


def variants(
    values: Mapping[str, Any], wrt: Sequence[str], outputs: Sequence[torch.Tensor], fixed: frozenset[str]
) -> Iterator[Configuration]:
    """All configurations but the plain one, those first that catch most for what they cost.

    Args:
        values: The inputs.
        wrt: Those whose gradients are checked.
        outputs: Tensors of the outputs' shapes.
        fixed: Inputs whose values have a structure that repeating a slice of them would break.
    """
    every = frozenset(wrt)
    tensors = {name: value for name, value in values.items() if isinstance(value, torch.Tensor) and value.numel()}
    yield Configuration(FRESH, every, watched=True, kind="fresh")
    margins = tuple((name, "inside NaN margins") for name in tensors)
    label = "inputs and cotangents inside NaN margins"
    yield Configuration(label, every, margins, cotangent_layout="inside NaN margins", kind="margins")
    for layout in ("expanded", "expanded from one number", "transposed", "strided"):
        if any(applies(output, layout) for output in outputs):
            yield Configuration(f"cotangent {layout}", every, cotangent_layout=layout, kind="cotangent layout")
    yield Configuration(f"cotangent times {SCALE:.0f}", every, cotangent="scaled", kind="linear")
    yield Configuration("cotangent zero", every, cotangent="zero", kind="linear")
    if any(output.ndim and len(output) > 1 for output in outputs):
        yield Configuration("cotangent of the last row alone", every, cotangent="last", kind="linear")
    yield Configuration("added to a .grad that is there", every, accumulated=True, kind="accumulated")
    yield from (Configuration(_needs_label(some), frozenset(some), kind="needs") for some in _subsets(tuple(wrt)))
    for name, value in tensors.items():
        for layout in ("transposed", "strided", "expanded"):
            if applies(value, layout) and not (layout == "expanded" and name in fixed):
                yield Configuration(f"{name} {layout}", every, layouts=((name, layout),), kind="layout")
    if len(outputs) > 1:
        for k in range(len(outputs)):
            yield Configuration(f"only output {k} has a cotangent", every, only_output=k, kind="one output")


def _subsets(wrt: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    sizes = range(1, len(wrt)) if len(wrt) <= ALL_COMBINATIONS else (1, len(wrt) - 1)
    for size in sizes:
        yield from combinations(wrt, size)


def _needs_label(some: tuple[str, ...]) -> str:
    return f"only {', '.join(some)} {'needs' if len(some) == 1 else 'need'} gradients"

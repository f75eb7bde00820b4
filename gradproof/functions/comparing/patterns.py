"""Where in a tensor wrong entries lie: an edge of a tile, one column, a branch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradproof.tolerances import SHARE

Mask = NDArray[np.bool_]
Array = NDArray[Any]

MOST = 0.75
"""Beyond an edge so many entries are wrong at least."""

FEW = 0.02
"""A branch that is taken in fewer entries than that is not told from an accident."""


def pattern(wrong: Mask, computed: Array, truth: Array) -> str:
    """What the places of wrong entries say; empty where they say nothing.

    Args:
        wrong: Which entries are wrong.
        computed, truth: Both values, of the same shape.
    """
    telling = wrong | (computed != 0) | (truth != 0)  # a zero that should be one is right by itself
    if not wrong.any() or wrong.ndim == 0 or wrong[telling].all():
        return ""
    for axis in reversed(range(wrong.ndim)):
        if said := _along(wrong, telling, axis):
            return said
    return _branch(wrong, computed, truth)


def _along(wrong: Mask, telling: Mask, axis: int) -> str:
    """Whether the wrong entries end or begin at one place along an axis; places that tell nothing are passed over."""
    others = tuple(k for k in range(wrong.ndim) if k != axis)
    hit, told = np.asarray(wrong.any(axis=others)), np.asarray(telling.any(axis=others))
    length = len(hit)
    places = np.flatnonzero(hit)
    if length < 2 or hit[told].all():
        return ""
    word = _word(wrong.ndim, axis)
    first = int(places[0])
    if len(places) == 1:
        which = "the last" if first == length - 1 else f"{word} {first}, which is"
        return f"wrong in {which} {word if first == length - 1 else 'one'} of {length} alone"
    if _mostly(wrong, telling, axis, slice(first, None)) and hit[first:][told[first:]].all() and told[:first].any():
        return f"right up to there, wrong from {word} {first} on (of {length})"
    last = int(places[-1])
    inside = slice(0, last + 1)
    if _mostly(wrong, telling, axis, inside) and hit[inside][told[inside]].all() and told[last + 1 :].any():
        return f"wrong up to {word} {last}, right from there on (of {length})"
    return ""


def _mostly(wrong: Mask, telling: Mask, axis: int, places: slice) -> bool:
    """Whether most entries of some places along an axis are wrong: what a condition spares now and then is no edge."""
    inside = (slice(None),) * axis + (places,)
    return bool(wrong[inside].sum() >= MOST * telling[inside].sum())


def _word(ndim: int, axis: int) -> str:
    if ndim == 1:
        return "entry"
    if axis == ndim - 1:
        return "column"
    return "row" if axis == ndim - 2 else f"index of axis {axis}"


def _branch(wrong: Mask, computed: Array, truth: Array) -> str:
    """Whether all wrong entries are off in the same way, beside right ones: a mask, or one side of a condition."""
    share = float(wrong.mean())
    if share < FEW or share > 1 - FEW or wrong.sum() < 2:
        return ""
    told = computed[wrong], truth[wrong]
    if not told[0].any():
        return f"it is 0 in {share:.0%} of the entries and right elsewhere: a mask or a branch is wrong"
    if not told[1].any():
        return f"it should be 0 in {share:.0%} of the entries and is right elsewhere: a mask or a branch is missing"
    with np.errstate(all="ignore"):
        ratio = told[0] / told[1]
    if SHARE.steady(ratio):
        return (
            f"it is {ratio.mean():.4g} times the true value in {share:.0%} of the entries and right elsewhere: "
            "a mask or a branch is wrong"
        )
    return f"it is right in {1 - share:.0%} of the entries and wrong in the others: look at a mask or a branch"

"""What the names of quantities say: phase, family, indices, both ends of a derivative; and who may stand where."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import IntEnum
from functools import lru_cache
from itertools import takewhile

from gradproof.case.names import Ends, ends

_DIGIT = re.compile(r"\d")
UPDATED = "_new"
_MANY = 1 << 14
"""Of so many names it is remembered what they say; every search asks of all again."""

Ancestors = Mapping[str, frozenset[str]]
"""Quantity -> the quantities it is computed from in the forward pass, directly or not."""


class Phase(IntEnum):
    """When a quantity is computed: what a later phase computes may not be read by an earlier one."""

    FORWARD = 0
    DERIVATIVE = 1
    UPDATE = 2


def phase(name: str) -> Phase:
    """The phase that a quantity's name says."""
    if name.endswith(UPDATED):
        return Phase.UPDATE
    return Phase.FORWARD if ends(name) is None else Phase.DERIVATIVE


@lru_cache(maxsize=_MANY)
def family(name: str) -> str:
    """The name without its indices: `W35` and `W46` are of one family."""
    return _DIGIT.sub("#", name)


@lru_cache(maxsize=_MANY)
def indices(name: str) -> frozenset[str]:
    """The digits in a name: nodes, layers."""
    return frozenset(_DIGIT.findall(name))


def descendants(inputs: Mapping[str, Iterable[str]], quantity: str) -> frozenset[str]:
    """The quantity and all that are computed from it, directly or not.

    Args:
        inputs: Quantity -> what its equations read.
        quantity: Where to start.
    """
    readers: dict[str, list[str]] = {}
    for name, read in inputs.items():
        for other in read:
            readers.setdefault(other, []).append(name)
    found, open_names = {quantity}, [quantity]
    while open_names:
        for reader in readers.get(open_names.pop(), ()):
            if reader not in found:
                found.add(reader)
                open_names.append(reader)
    return frozenset(found)


def readable(
    quantity: str, known: Iterable[str], inputs: Mapping[str, Iterable[str]], ancestors: Ancestors
) -> tuple[str, ...]:
    """The quantities that an equation may read: no circle, no later phase, and what backpropagation has by then.

    A forward value reads its ancestors. `dA_dX` reads any forward value (closed forms read siblings: dLoss_dY6 = P6,
    though Loss does not depend on P6), but of derivatives `dB_dC` only those on a way from A down to X.

    Args:
        quantity: What the equation yields.
        known: All quantities whose values are known.
        inputs: Quantity -> what its equations read.
        ancestors: The forward graph; empty where it is not known.
    """
    later = descendants(inputs, quantity)
    stage = phase(quantity)
    stepped = _read_by_other_updates(quantity, inputs)
    allowed = [
        name
        for name in known
        if name not in later
        and (phase(name) < stage or (phase(name) == stage and (stage != Phase.UPDATE or family(name) in stepped)))
    ]
    own = ends(quantity)
    if stage == Phase.FORWARD and quantity in ancestors:
        return tuple(name for name in allowed if name in ancestors[quantity] or name not in ancestors)
    if own is not None and stage == Phase.DERIVATIVE and ancestors:
        return tuple(name for name in allowed if _on_the_way(ends(name), own, ancestors))
    return tuple(allowed)


def _read_by_other_updates(quantity: str, inputs: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """Families of updated values that other updates read: the state of an optimizer is stepped before the weights."""
    return frozenset(
        family(name)
        for other, read in inputs.items()
        if other != quantity and phase(other) == Phase.UPDATE
        for name in read
        if phase(name) == Phase.UPDATE and name != other
    )


def _on_the_way(other: Ends | None, own: Ends, ancestors: Ancestors) -> bool:
    if other is None:
        return True
    below_top = other.top == own.top or other.top in ancestors.get(own.top, frozenset())
    above_bottom = own.bottom in ancestors.get(other.bottom, frozenset())
    return below_top and (above_bottom or (other.bottom == own.bottom and other.top != own.top))


def difference(one: str, other: str) -> tuple[str, str]:
    """What is left of two names without what they have in common in front and behind."""
    front = _common(one, other)
    rest, others = one[front:], other[front:]
    back = _common(rest[::-1], others[::-1])
    return rest[: len(rest) - back], others[: len(others) - back]


def _common(first: str, second: str) -> int:
    """How many characters two texts share from the start."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))

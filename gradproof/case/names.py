"""What the names of quantities say of derivatives: `dLoss_dW` is the derivative of `Loss` by `W`."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple


class Ends(NamedTuple):
    """`dTOP_dBOTTOM`."""

    top: str
    bottom: str


def derivative_splits(name: str) -> list[Ends]:
    """All (A, B) with name == 'd' + A + '_d' + B; more than one where an end has `_d` in its own name."""
    if not name.startswith("d"):
        return []
    body = name[1:]
    places = [k for k in range(1, len(body) - 2) if body.startswith("_d", k)]
    return [Ends(body[:k], body[k + 2 :]) for k in places if body[k + 2 :]]


@lru_cache(maxsize=1 << 14)
def ends(name: str) -> Ends | None:
    """Both ends of a derivative, the shortest top if there are several; None for any other quantity."""
    return next(iter(derivative_splits(name)), None)

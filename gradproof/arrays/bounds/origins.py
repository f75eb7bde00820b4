"""Where a value comes from, as a number: equal numbers mean one and the same computed value.

An origin is a hash (64 bits) of the operation and of its operands' origins, so that a value that was picked by `max`,
`where` or an index keeps the origin of its source, and what is computed a second time by the same operations from the
same values has the origin of the first. Origins are compared within a trial only.
"""

from __future__ import annotations

import itertools
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

Origins = NDArray[np.uint64]
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)
_count = itertools.count(1)


def of_exact(values: Any) -> Origins:
    """Origins of values that are exact as they are: equal values have the same."""
    plain = np.asarray(values, dtype=np.float64) + 0.0  # -0.0 becomes 0.0
    return mixed("exact", np.ascontiguousarray(plain).view(np.uint64).reshape(plain.shape))


def mixed(name: str, *parts: Any) -> Origins:
    """Elementwise: the origin of what an operation of this name makes of operands with these origins."""
    found = np.asarray(np.uint64(zlib.crc32(name.encode())))
    with np.errstate(over="ignore"):
        for part in parts:
            found = (found ^ part) * _FACTOR
            found = found ^ (found >> _SHIFT)
        return np.asarray(found * _FACTOR, dtype=np.uint64)


def contracted(name: str, shape: tuple[int, ...], lead: int, *parts: Origins) -> Origins:
    """Origins of a result `(trials..., *shape)` each of whose entries is made of whole operands."""
    digests = [_digest(part, lead) for part in parts]
    digest = mixed(f"{name}{shape[lead:]}", *digests)
    return np.asarray(
        np.broadcast_to(
            mixed("entry", digest.reshape(digest.shape + (1,) * (len(shape) - lead)), _places(shape, lead)), shape
        )
    )


def fresh(shape: tuple[int, ...]) -> Origins:
    """Origins that nothing else has."""
    return mixed("fresh", np.uint64(next(_count)), _places(shape, 0))


def _digest(part: Origins, lead: int) -> Origins:
    """One number a trial for all entries and their places."""
    marked = mixed("part", part, _places(part.shape, lead))
    with np.errstate(over="ignore"):
        return np.asarray(marked.reshape(*part.shape[:lead], -1).sum(axis=-1, dtype=np.uint64))


def _places(shape: tuple[int, ...], lead: int) -> Origins:
    """A number for each place behind the hidden axes."""
    inner = shape[lead:]
    return np.arange(int(np.prod(inner, dtype=int)), dtype=np.uint64).reshape(inner)


def picked(origin: Origins, sure: Any) -> Origins:
    """The origins of values that were picked, where the pick is sure; elsewhere new ones."""
    return origin if np.all(sure) else np.where(sure, origin, fresh(origin.shape))

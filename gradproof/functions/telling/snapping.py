"""Float32 values brought to the exact reading beside them, so that they can be told apart as float64 values are.

Diagnoses compare to nine digits; a kernel that takes float32 only has seven. Values that lie next to a factor of the
truth, another quantity, a product or a sum with one, a transpose or an unsummed truth are replaced by it; all trials
must lie next to the same one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

ROUNDINGS = 256.0
"""Values so many units of float32's precision apart, relative to the largest entry, count as next to each other."""

_MARGIN = ROUNDINGS * float(np.finfo(np.float32).eps)
_FACTORS = (0.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, 4.0, 0.25)
_TERMS = (1.0, -1.0, 2.0, -2.0)


def snapped(
    computed: Sequence[Array], truth: Sequence[Array], known: Sequence[Mapping[str, Array]]
) -> list[Array] | None:
    """The computed values as a reading gives them exactly; None where no reading is near.

    Args:
        computed: What was computed in float32, `(trials, *shape)`, one array for each set of sizes.
        truth: What is right, in the same groups.
        known: True values of other quantities, in the same groups.
    """
    if any(c.shape != t.shape for c, t in zip(computed, truth, strict=True)):
        return _summed_up(computed, truth)
    if not all(np.isfinite(c).all() for c in computed):
        return list(computed)
    if all(_near(c, t) for c, t in zip(computed, truth, strict=True)):
        return None  # so close that a small term would explain anything
    for reading in _readings(computed, truth, known):
        if all(_near(c, r) for c, r in zip(computed, reading, strict=True)):
            return reading
    return None


def _near(value: Array, reading: Array) -> bool:
    size = np.abs(reading)
    return value.shape == reading.shape and bool((np.abs(value - reading) <= _MARGIN * size.max(initial=0.0)).all())


def _readings(
    computed: Sequence[Array], truth: Sequence[Array], known: Sequence[Mapping[str, Array]]
) -> Iterator[list[Array]]:
    yield from ([factor * t for t in truth] for factor in _FACTORS)
    yield from ([n**power * t for n, t in zip(ns, truth, strict=True)] for ns, power in _sizes(known))
    if all(t.ndim == 3 and t.shape[1] == t.shape[2] for t in truth):
        yield [t.swapaxes(1, 2) for t in truth]
    for name in known[0]:
        values = _spread([one.get(name) for one in known], truth)
        if values is None:
            continue
        pairs = list(zip(values, truth, strict=True))
        yield from ([factor * v for v in values] for factor in (1.0, *_FACTORS[1:]))
        yield [v * t for v, t in pairs]
        if all(v.all() for v in values):
            yield [t / v for v, t in pairs]
        yield from ([t + factor * v for v, t in pairs] for factor in _TERMS)


def _sizes(known: Sequence[Mapping[str, Array]]) -> Iterator[tuple[list[float], float]]:
    for name, value in known[0].items():
        for axis in range(1, np.ndim(value)):
            lengths = [float(np.shape(one[name])[axis]) for one in known]
            yield from ((lengths, power) for power in (1.0, -1.0, 0.5, -0.5))


def _spread(values: Sequence[Array | None], truth: Sequence[Array]) -> list[Array] | None:
    found = []
    for value, wanted in zip(values, truth, strict=True):
        if value is None or value.ndim > wanted.ndim:
            return None
        value = value.reshape(value.shape[:1] + (1,) * (wanted.ndim - value.ndim) + value.shape[1:])
        try:
            found.append(np.broadcast_to(value, wanted.shape))
        except ValueError:
            return None
    return found


def _summed_up(computed: Sequence[Array], truth: Sequence[Array]) -> list[Array] | None:
    """Values of another shape: a transpose, or a sum over one axis that is missing."""
    pairs = list(zip(computed, truth, strict=True))
    if all(c.ndim == t.ndim == 3 and _near(c, t.swapaxes(1, 2)) for c, t in pairs):
        return [t.swapaxes(1, 2) for t in truth]
    for axis in range(1, min(c.ndim for c in computed)):
        for keep in (False, True):
            if all(_near(c.sum(axis, keepdims=keep), t) for c, t in pairs):
                return [
                    c + ((t if keep else np.expand_dims(t, axis)) - c.sum(axis, keepdims=True)) / c.shape[axis]
                    for c, t in pairs
                ]
    return None

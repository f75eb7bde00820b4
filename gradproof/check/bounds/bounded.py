"""Values with bounds, and whether values are those of a replay of their operations.

A bound holds along the branches that were taken. Asked for `ties`, it reaches over both branches of every near tie of
different values, which is how far two right sides may differ that took different ones there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradproof.arrays.bounds.array import BoundArray
from gradproof.arrays.bounds.origins import Origins
from gradproof.arrays.bounds.partial import PartialArray
from gradproof.arrays.bounds.taken import TakenArray
from gradproof.arrays.bounds.ties import TieArray

Array = NDArray[Any]

ASTRAY = 64.0
"""A result may differ from the replay of its operations by so many bounds; more means another branch at a near tie."""

FEW_ASTRAY = 1 / 32
"""In so many trials a replay may be astray; in more it is of something else, and the bound is sampled instead."""


@dataclass(frozen=True)
class Bounded:
    """Values `(n, *shape)` with bounds.

    Attributes:
        value: The values.
        error: The bound of each entry's error.
        kind: How it was found.
        origin: Where each value comes from, where that was followed.
        near: In which trials `(n,)` rounding could have turned a decision on the way; None where that is not known.
    """

    value: Array
    error: Array
    kind: str
    origin: Origins | None = None
    near: NDArray[np.bool_] | None = None

    @property
    def perhaps_near(self) -> NDArray[np.bool_]:
        """The trials in which near ties may have decided, `(n,)`."""
        return np.ones(len(self.value), dtype=bool) if self.near is None else self.near

    def operand(self, arrays: type[BoundArray] = BoundArray) -> BoundArray:
        """The same as an array that carries its bound through NumPy code."""
        if issubclass(arrays, TieArray):
            return arrays(self.value, self.error, origin=self.origin)
        if issubclass(arrays, PartialArray):
            return arrays.of(self.value, self.error)
        return arrays(self.value, self.error)

    def rows(self, rows: Any) -> Bounded:
        """Some of the trials."""
        origin, near = (None if layer is None else layer[rows] for layer in (self.origin, self.near))
        return Bounded(self.value[rows], self.error[rows], self.kind, origin, near)


def follows(replayed: Bounded, values: Array) -> bool:
    """Whether values are those of a replay up to rounding, in nearly all trials in which both are finite."""
    spacing = unit(values.dtype)
    with np.errstate(all="ignore"):
        apart = _apart(values, replayed.value)
        if (apart <= replayed.error).all():
            return True
        allowed = ASTRAY * (replayed.error + spacing * np.abs(replayed.value))
    astray = np.logical_not((apart <= allowed) | ~np.isfinite(apart) | ~np.isfinite(allowed))
    return int(astray.reshape(len(values), -1).any(axis=1).sum()) <= FEW_ASTRAY * len(values)


def near_to(replayed: Bounded, values: Array) -> NDArray[np.bool_]:
    """In which trials values and a replay are one function's: for many trials at once torch may take an operation apart
    in another way than for one, which rounds by more than the replay's own bound."""
    axes = tuple(range(1, values.ndim))
    with np.errstate(all="ignore"):
        apart = np.abs(values.astype(np.float64) - replayed.value)
        largest = np.abs(values.astype(np.float64)).max(axis=axes, initial=0.0)
        usual = np.maximum(largest, np.median(largest[np.isfinite(largest)]) if np.isfinite(largest).any() else 0.0)
        return np.asarray(apart.max(axis=axes, initial=0.0) <= unit(values.dtype) ** 0.5 * usual)


def settled_on(replayed: Bounded, values: Array) -> Bounded:
    """The bound of values whose operations were replayed; what the replay is off by is added."""
    with np.errstate(all="ignore"):
        total = _apart(values, replayed.value)
        total += replayed.error
        if np.isnan(total).any():
            equal = values == replayed.value  # infinities
            total[equal] = replayed.error[equal]
            total[np.isnan(total)] = np.inf
    return replace(replayed, value=values, error=total)


def as_drawn(values: Array) -> Bounded:
    """Values that were drawn: exact, and no decision was taken on the way."""
    return Bounded(values, np.zeros(values.shape), "rigorous", near=np.zeros(len(values), dtype=bool))


def layers_of(result: Any, plain: Array | None, shape_of: int, arrays: type[BoundArray]) -> Bounded:
    """What a run on arrays with bounds has given, for all trials; a plain constant is exact."""
    if isinstance(result, BoundArray):
        value, error, *origin = result.layers
    else:
        assert plain is not None
        value, error, origin = plain[None], np.zeros((1, *plain.shape)), []
    shape = (shape_of, *value.shape[1:])
    error = np.array(np.broadcast_to(error, shape))
    if issubclass(arrays, TieArray):
        for doubtful in arrays.undecided:
            error[np.broadcast_to(doubtful, shape_of)] = np.inf
    near: NDArray[np.bool_] | None = None
    if issubclass(arrays, TakenArray) and arrays.near is not None:
        near = np.zeros(shape_of, dtype=bool)
        for doubtful in arrays.near:
            near |= doubtful
    return Bounded(
        np.broadcast_to(value, shape), error, "rigorous", np.broadcast_to(origin[0], shape) if origin else None, near
    )


def stacked(rows: list[Bounded]) -> Bounded:
    """Trials that were run one by one, together."""
    origins = [one.origin for one in rows if one.origin is not None]
    return Bounded(
        np.concatenate([one.value for one in rows]),
        np.concatenate([one.error for one in rows]),
        "rigorous",
        np.concatenate(origins) if len(origins) == len(rows) else None,
        np.concatenate([one.perhaps_near for one in rows]),
    )


def _apart(values: Array, replayed: Array) -> Array:
    """|values - replayed| in float64; a new array."""
    apart = np.subtract(values, replayed, dtype=np.float64)
    return np.abs(apart, out=apart)


def unit(dtype: np.dtype[Any]) -> float:
    """The relative spacing of a dtype's numbers; whole numbers are exact."""
    return float(np.finfo(dtype).eps) if dtype.kind == "f" else 0.0

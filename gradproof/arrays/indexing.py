"""Reading and writing by index on the user's axes, with indices that may themselves differ from trial to trial.

NumPy's rules of advanced indexing (NumPy manual, "Indexing on ndarrays") hold for the user's axes: index arrays that
stand side by side leave their axes in place, others put them first. The hidden axes are in front in any case.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradproof.arrays.structure import Array, LeadArray, unsupported

_RAGGED = "the number of elements it picks differs from trial to trial"
_WAY_OUT = "use np.where(mask, x, other)"


@dataclass(frozen=True)
class Place:
    """An index of the layers, and where its result's axes go: `moveaxis(layer[key], source, target)`."""

    key: tuple[Any, ...]
    source: tuple[int, ...]
    target: tuple[int, ...]
    lead: int
    ndim: int  # of the result, the user's axes only
    is_view: bool

    def read(self, layer: Array) -> Array:
        """The part of a layer, its hidden axes first."""
        part = layer[self.key]
        return part if self.is_view else _hidden_outermost(np.moveaxis(part, self.source, self.target), self.lead)

    def arrange(self, layer: Array, value: Array) -> Array:
        """`value` as `layer[key] = ...` takes it: the user's axes aligned from the right, then moved."""
        if self.source:
            value = np.broadcast_to(value, np.moveaxis(layer[self.key], self.source, self.target).shape)
        return np.moveaxis(value, self.target, self.source)


def get(x: LeadArray, index: Any) -> LeadArray:
    """`x[index]`; a single element is a copy, since it is an immutable scalar to the user."""
    place = _place(x, _items(x, index))
    result = x._map(place.read)
    return result.copy() if result.ndim == 0 and place.is_view and not _has_ellipsis(index) else result


def put(x: LeadArray, index: Any, value: Any) -> None:
    """`x[index] = value`; with a mask that differs from trial to trial too, if the value is one for all elements."""
    if isinstance(index, LeadArray) and index.dtype.kind == "b" and index.ndim <= x.ndim:
        index, value = ..., _where_masked(x, index, value)
    place, addend = place_of(x, index, value)
    for layer, part in zip(x.layers, addend.layers, strict=True):
        layer[place.key] = part if part.ndim else part[()]  # an object array would hold a 0-d array as its element


def place_of(x: LeadArray, index: Any, value: Any) -> tuple[Any, LeadArray]:
    """The layers' index for writing, and the value arranged for it; raises where the array cannot hold it."""
    place = _place(x, _items(x, index))
    lifted = x._lift(value)
    if lifted.dtype != x.dtype:
        lifted = lifted._cast(x.dtype)
    if any(n not in (1, m) for n, m in zip(lifted.lead_shape, x.lead_shape, strict=True)) or not all(
        layer.flags.writeable for layer in x.layers
    ):
        raise unsupported(
            f"changing an {x.kind} in place",
            "it is an input, a constant or a read-only view",
            "take a copy first: x = x.copy()",
        )
    extra = lifted.ndim - place.ndim
    if extra > 0:  # NumPy drops leading axes of size 1
        lifted = lifted.reshape(lifted.shape[extra:])
    lifted = lifted._padded(place.ndim)
    layers = zip(x.layers, lifted.layers, strict=True)
    return place, x._make(tuple(place.arrange(layer, part) for layer, part in layers), x.lead)


def _where_masked(x: LeadArray, mask: LeadArray, value: Any) -> Any:
    trailing = x.ndim - mask.ndim
    if np.ndim(value) > trailing or mask.shape != x.shape[: mask.ndim]:
        raise unsupported("x[mask] = values", _RAGGED, _WAY_OUT)
    chosen = x._lift(value)
    return np.where(mask[(..., *[None] * trailing)], chosen if chosen.dtype == x.dtype else chosen._cast(x.dtype), x)


def _has_ellipsis(index: Any) -> bool:
    return any(item is Ellipsis for item in (index if isinstance(index, tuple) else (index,)))


def _items(x: LeadArray, index: Any) -> list[Any]:
    """The index with masks turned into positions and the ellipsis into slices: one item for each axis, or None."""
    raw = [_item(i) for i in (index if isinstance(index, tuple) else (index,))]
    items: list[Any] = []
    for item in raw:
        items.extend(_positions(item))
    used = sum(item is not None and item is not Ellipsis for item in items)
    if used > x.ndim:
        raise IndexError(f"too many indices for array: array is {x.ndim}-dimensional, but {used} were indexed")
    rest: list[Any] = [slice(None)] * (x.ndim - used)
    at = next((i for i, item in enumerate(items) if item is Ellipsis), len(items))
    return items[:at] + rest + items[at + 1 :]


def _item(item: Any) -> Any:
    if item is None or item is Ellipsis or isinstance(item, slice | LeadArray):
        return item
    if isinstance(item, bool | np.bool_):
        raise unsupported("an index that is a single bool")
    if isinstance(item, list | tuple | range | np.ndarray):
        array = np.asarray(item)
        return array.astype(int) if array.size == 0 and not isinstance(item, np.ndarray) else array
    try:
        return operator.index(item)
    except TypeError as error:
        raise IndexError(
            "only integers, slices (`:`), ellipsis (`...`), numpy.newaxis (`None`) and integer or boolean arrays "
            "are valid indices"
        ) from error


def _positions(item: Any) -> Sequence[Any]:
    """A boolean mask as the positions of its true elements."""
    if isinstance(item, LeadArray) and item.dtype.kind == "b":
        mask = item._settled("an index from").reshape(-1, *item.shape)
        if len(mask) == 0 or (mask != mask[0]).any():
            raise unsupported("x[mask]", _RAGGED, _WAY_OUT)
        item = mask[0]
    if isinstance(item, np.ndarray) and item.dtype.kind == "b":
        return item.nonzero()
    return [item]


def _place(x: LeadArray, items: list[Any]) -> Place:
    ndim = sum(isinstance(item, slice) or item is None for item in items)
    arrays = [i for i, item in enumerate(items) if isinstance(item, np.ndarray | LeadArray)]
    hidden: tuple[Any, ...] = (slice(None),) * x.lead
    if not arrays:
        return Place((*hidden, *items), (), (), x.lead, ndim, is_view=True)
    # beside an index array a single integer counts as one
    arrays = [i for i, item in enumerate(items) if isinstance(item, np.ndarray | LeadArray | int)]
    side_by_side = arrays[-1] - arrays[0] == len(arrays) - 1
    picked = len(np.broadcast_shapes(*(np.shape(items[i]) for i in arrays)))
    user_at = arrays[0] if side_by_side else 0  # where the picked axes stand among the user's
    if any(isinstance(items[i], LeadArray) for i in arrays):
        found_at = x.lead
        hidden = tuple(_along_lead(x, k, picked) for k in range(x.lead))
        items = [_aligned(x, item, picked) if isinstance(item, LeadArray) else item for item in items]
    else:
        found_at = x.lead + user_at if side_by_side else 0
    move = found_at != x.lead + user_at
    source = tuple(range(found_at, found_at + picked)) if move else ()
    target = tuple(range(x.lead + user_at, x.lead + user_at + picked)) if move else ()
    return Place((*hidden, *items), source, target, x.lead, ndim + picked, is_view=False)


def _along_lead(x: LeadArray, axis: int, picked: int) -> Array:
    shape = [1] * (x.lead + picked)
    shape[axis] = -1
    return np.arange(x.lead_shape[axis]).reshape(shape)


def _aligned(x: LeadArray, index: LeadArray, picked: int) -> Array:
    """An index per trial with its axes behind the hidden ones."""
    x._check_family(index)
    if index.dtype.kind not in "iu":
        raise IndexError("arrays used as indices must be of integer (or boolean) type")
    values = index._settled("an index from")
    return values[(slice(None),) * x.lead + (None,) * (picked - index.ndim)]


def _hidden_outermost(part: Array, lead: int) -> Array:
    """The same with the hidden axes varying slowest: then NumPy sums a trial in the order as it would sum it alone."""
    order = [*range(lead), *sorted(range(lead, part.ndim), key=lambda axis: -abs(part.strides[axis]))]
    steps = [abs(part.strides[axis]) for axis in order]
    if steps == sorted(steps, reverse=True):
        return part
    return np.ascontiguousarray(part.transpose(order)).transpose(np.argsort(order))

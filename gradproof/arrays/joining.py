"""Functions that join arrays, repeat them, or take them apart, along the user's axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from gradproof.arrays.shaping import atleast, moveaxis, ravel
from gradproof.arrays.structure import Array, LeadArray, same_family, unsupported


def joined(arrays: Sequence[Any]) -> list[LeadArray]:
    """All as one kind with the same hidden shape; raises for an empty sequence as NumPy does."""
    model = same_family(arrays)
    lifted = [model._lift(x) for x in arrays]
    lead = np.broadcast_shapes(*(x.lead_shape for x in lifted))
    dtype = np.result_type(*(x.dtype for x in lifted))
    same = (x if x.dtype == dtype else x._cast(dtype) for x in lifted)
    return [x._map(lambda layer, s=x.shape: np.broadcast_to(layer, lead + s)) for x in same]  # type: ignore[misc]


def _by_layer(arrays: Sequence[LeadArray], function: Callable[[list[Array]], Array]) -> LeadArray:
    model = arrays[0]
    layers = tuple(function(list(parts)) for parts in zip(*(x.layers for x in arrays), strict=True))
    return model._make(layers, model.lead)


def concatenate(arrays: Sequence[Any], axis: int | None = 0, **rest: Any) -> LeadArray:
    """`np.concatenate`."""
    _no_out(rest, "np.concatenate")
    parts = joined([np.ravel(x) for x in arrays] if axis is None else arrays)
    at = parts[0].lead + normalize_axis_index(axis or 0, parts[0].ndim)
    return _by_layer(parts, lambda layers: np.concatenate(layers, axis=at))


def stack(arrays: Sequence[Any], axis: int = 0, **rest: Any) -> LeadArray:
    """`np.stack`."""
    _no_out(rest, "np.stack")
    parts = joined(arrays)
    at = parts[0].lead + normalize_axis_index(axis, parts[0].ndim + 1)
    return _by_layer(parts, lambda layers: np.stack(layers, axis=at))


def _no_out(rest: dict[str, Any], name: str) -> None:
    if given := {k for k, v in rest.items() if v is not None and (k, v) != ("casting", "same_kind")}:
        raise unsupported(f"{name} with {', '.join(sorted(given))}=")


def hstack(tup: Sequence[Any], **rest: Any) -> LeadArray:
    """`np.hstack`."""
    parts = [atleast(1)(x) for x in joined(tup)]
    return concatenate(parts, 0 if parts[0].ndim == 1 else 1, **rest)


def vstack(tup: Sequence[Any], **rest: Any) -> LeadArray:
    """`np.vstack`."""
    return concatenate([atleast(2)(x) for x in joined(tup)], 0, **rest)


def column_stack(tup: Sequence[Any]) -> LeadArray:
    """`np.column_stack`."""
    return concatenate([x if x.ndim >= 2 else atleast(2)(x).T for x in joined(tup)], 1)


def append(arr: Any, values: Any, axis: int | None = None) -> LeadArray:
    """`np.append`."""
    return concatenate([arr, values], axis)


def tile(a: LeadArray, reps: Any) -> LeadArray:
    """`np.tile`."""
    counts = (reps,) if isinstance(reps, int) else tuple(reps)
    x = a._padded(len(counts))
    counts = (1,) * (x.lead + x.ndim - len(counts)) + counts
    return x._map(lambda layer: np.tile(layer, counts))


def repeat(a: LeadArray, repeats: Any, axis: int | None = None) -> LeadArray:
    """`np.repeat` with constant counts."""
    x = ravel(a) if axis is None else a
    at = x.lead + normalize_axis_index(axis or 0, x.ndim)
    return x._map(lambda layer: np.repeat(layer, repeats, axis=at))


def _split(function: Callable[..., list[Array]], default_axis: int | None = 0) -> Callable[..., list[LeadArray]]:
    """`np.split` and its like: views of the parts."""

    def split(ary: LeadArray, indices_or_sections: Any, axis: int = 0) -> list[LeadArray]:
        use = axis if default_axis is not None else (0 if ary.ndim == 1 else 1)
        at = ary.lead + normalize_axis_index(use, ary.ndim)
        parts = zip(*(function(layer, indices_or_sections, at) for layer in ary.layers), strict=True)
        return [ary._make(layers, ary.lead) for layers in parts]

    return split


def unstack(x: LeadArray, /, *, axis: int = 0) -> tuple[LeadArray, ...]:
    """`np.unstack`."""
    return tuple(moveaxis(x, axis, 0))


JOINING: dict[Callable[..., Any], Callable[..., Any]] = {
    np.concatenate: concatenate,
    np.stack: stack,
    np.hstack: hstack,
    np.vstack: vstack,
    np.column_stack: column_stack,
    np.append: append,
    np.tile: tile,
    np.repeat: repeat,
    np.split: _split(np.split),
    np.array_split: _split(np.array_split),
    np.hsplit: _split(np.split, None),
    np.vsplit: _split(np.split),
}
if hasattr(np, "unstack"):  # NumPy 2.1
    JOINING[np.unstack] = unstack

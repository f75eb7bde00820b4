"""Which value a tensor holds at a moment of a recording, through views and writes in place.

A tensor is known by the memory that it looks at: its storage, offset, shape and strides. Two tensors with the same
memory hold the same value, whatever Python objects they are (autograd unpacks a saved tensor into a new one). A
storage has one *origin*, a tensor whose value is known; a view that no operation was recorded for is gathered from
the origin by constant positions, and a write through a view is scattered into it. So every view works, and after a
write nothing stale is ever read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from gradproof.aten.errors import NoRule
from gradproof.aten.tape import Slot

Value = Slot | np.ndarray[Any, Any]
Emit = Callable[..., Slot]

DTYPES = frozenset(
    {torch.float64, torch.float32, torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool}
)


@dataclass(frozen=True)
class Geometry:
    """The elements of a storage that a tensor looks at, in the tensor's order."""

    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: torch.dtype

    @classmethod
    def of(cls, tensor: torch.Tensor) -> Geometry:
        shape = tuple(tensor.shape)
        strides = tuple(0 if size == 1 else step for size, step in zip(shape, tensor.stride(), strict=True))
        return cls(int(tensor.storage_offset()), shape, strides, tensor.dtype)

    def positions(self) -> np.ndarray[Any, np.dtype[np.intp]]:
        """The positions in the storage, an array of the tensor's shape."""
        total = np.full(self.shape, self.offset, dtype=np.intp)
        for axis, (size, step) in enumerate(zip(self.shape, self.strides, strict=True)):
            steps = step * np.arange(size, dtype=np.intp)
            total += steps.reshape([size if k == axis else 1 for k in range(len(self.shape))])
        return total


@dataclass
class _Storage:
    held: torch.UntypedStorage  # kept alive, so that its address is not given to another
    size: int
    origin: Geometry
    value: Value
    current: dict[Geometry, Value] = field(default_factory=dict)


class Memory:
    """The values of all storages that a recording has seen; `emit(name, *args)` records an operation."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._storages: dict[int, _Storage] = {}
        self._uninitialised: dict[int, torch.UntypedStorage] = {}

    def tracks(self, tensor: torch.Tensor) -> bool:
        """Whether the tensor's memory holds values of the recording (else it is a constant)."""
        return tensor.untyped_storage()._cdata in self._storages

    def has_value(self, tensor: torch.Tensor) -> bool:
        """Whether exactly this view of tracked memory has a value already."""
        storage = self._storages.get(tensor.untyped_storage()._cdata)
        return storage is not None and Geometry.of(tensor) in storage.current

    def bind(self, tensor: torch.Tensor, value: Value) -> None:
        """A new tensor, or a new view of tracked memory, holds this value."""
        key, geometry = tensor.untyped_storage()._cdata, Geometry.of(tensor)
        if key not in self._storages:
            self._storages[key] = _Storage(tensor.untyped_storage(), _size(tensor), geometry, value)
        self._storages[key].current[geometry] = value

    def note_uninitialised(self, tensor: torch.Tensor) -> None:
        """The tensor was made by `torch.empty` or its like."""
        if tensor.numel():
            self._uninitialised[tensor.untyped_storage()._cdata] = tensor.untyped_storage()

    def note_written(self, tensor: torch.Tensor) -> None:
        """Constants were written into the tensor."""
        self._uninitialised.pop(tensor.untyped_storage()._cdata, None)

    def read(self, tensor: torch.Tensor) -> Value:
        """The tensor's value; a constant where its memory was never touched by the recording."""
        storage = self._storages.get(tensor.untyped_storage()._cdata)
        if storage is None:
            if tensor.untyped_storage()._cdata in self._uninitialised:
                raise NoRule(
                    "a tensor made by torch.empty is read before anything was written into it; a kernel of its own may "
                    "have filled it out of sight"
                )
            return constant(tensor)
        geometry = Geometry.of(tensor)
        if geometry not in storage.current:
            storage.current[geometry] = self._gather(storage, geometry)
        return storage.current[geometry]

    def write(self, tensor: torch.Tensor, value: Value) -> None:
        """The tensor was written in place: its memory, and all that shares it, now holds this value.

        Must be called before torch itself writes, for the rest of an untracked storage is read here.
        """
        key, geometry = tensor.untyped_storage()._cdata, Geometry.of(tensor)
        storage = self._storages.get(key)
        if storage is None:
            storage = self._untouched(tensor)
            self._storages[key] = storage
        if geometry != storage.origin:
            source = _scatter_source(storage, geometry)
            if source is None:
                storage.origin = geometry
            else:
                value_of_origin = self._emit("gradproof.put_elements", storage.value, value, source)
                storage.value, storage.current = value_of_origin, {storage.origin: value_of_origin, geometry: value}
                return
        storage.value, storage.current = value, {geometry: value}

    def _untouched(self, tensor: torch.Tensor) -> _Storage:
        """The storage of a constant tensor that is about to be written; what was never initialised is NaN."""
        held = tensor.untyped_storage()
        flat = torch.empty(0, dtype=tensor.dtype).set_(held)
        value = constant(flat)
        if self._uninitialised.pop(held._cdata, None) is not None and tensor.is_floating_point():
            value = np.full_like(value, np.nan)
        return _Storage(held, _size(tensor), Geometry.of(flat), value)

    def _gather(self, storage: _Storage, geometry: Geometry) -> Value:
        places = _places(storage, geometry)
        if (places < 0).any():
            raise NoRule("a tensor is read where the recording has never written its memory")
        if isinstance(storage.value, np.ndarray):
            gathered: np.ndarray[Any, Any] = storage.value.reshape(-1)[places]
            return gathered
        return self._emit("gradproof.take_elements", storage.value, places)


def constant(tensor: torch.Tensor) -> np.ndarray[Any, Any]:
    """A copy of the tensor's values. Raises NoRule for a dtype or a layout that NumPy has not."""
    if tensor.dtype not in DTYPES or tensor.layout != torch.strided:
        raise NoRule(
            f"a tensor of {tensor.dtype} and layout {tensor.layout} cannot be recorded; use dense float64 or float32"
        )
    with torch._C.DisableTorchFunction():
        return np.array(tensor.detach().resolve_neg().cpu().numpy(), copy=True)


def _size(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage().nbytes() // tensor.element_size()


def _places(storage: _Storage, geometry: Geometry) -> np.ndarray[Any, np.dtype[np.intp]]:
    """For each element of `geometry` its position in the flattened origin, -1 where the origin has it not."""
    if geometry.dtype != storage.origin.dtype:
        raise NoRule(f"memory of {storage.origin.dtype} is read as {geometry.dtype}: no array can follow that")
    where = np.full(storage.size, -1, dtype=np.intp)
    origin, wanted = storage.origin.positions().reshape(-1), geometry.positions()
    where[origin] = np.arange(origin.size)
    inside = wanted < storage.size  # memory that was resized reaches farther
    return np.where(inside, where[np.where(inside, wanted, 0)], -1)


def _scatter_source(storage: _Storage, geometry: Geometry) -> np.ndarray[Any, np.dtype[np.intp]] | None:
    """Where each element of the origin comes from after a write: itself, or origin.size + element written.

    None when every element of the origin is overwritten.
    """
    places = _places(storage, geometry).reshape(-1)
    size = storage.origin.positions().size
    source = np.arange(size)
    inside = places >= 0
    source[places[inside]] = size + np.flatnonzero(inside)
    if np.unique(places).size != places.size:
        raise NoRule("a tensor whose elements share memory (an expanded view) is written in place")
    if not inside.all():
        raise NoRule("a tensor is written where the recording has never written its memory")
    return None if (source >= size).all() else source

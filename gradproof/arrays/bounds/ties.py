"""`TieArray`: rounding bounds over both branches of every near tie, with the knowledge of what was picked from what.

As in `BoundArray` a comparison whose sides are closer than their errors is undecided, and `np.where` then reaches to
both branches. But a value that `max`, `where`, `clip`, sorting or an index has picked equals its source exactly, and
so does what was computed twice by the same operations (`bound_origins`): comparing these is decided. What stays
undecided is a near tie of two different computed values, where two right programs may take different branches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from gradproof.arrays.bounds import origins
from gradproof.arrays.bounds.array import BoundArray, term_of
from gradproof.arrays.bounds.masks import CHOICE_RULES, equal_neighbours, near_neighbours
from gradproof.arrays.bounds.model import F64, MARGIN
from gradproof.arrays.bounds.origins import Origins
from gradproof.arrays.structure import Array, LeadArray, unsupported

COMPARISONS = (np.greater, np.less, np.greater_equal, np.less_equal, np.equal, np.not_equal)
_PICKS = {np.maximum: np.argmax, np.minimum: np.argmin}
_SAME = ("absolute", "positive", "negative")


class TieArray(BoundArray):
    """Values (trials..., *shape) with errors over both branches of near ties, and origins."""

    __slots__ = ()
    kind: ClassVar[str] = "array of values with error bounds"
    undecided: ClassVar[list[Array]] = []
    """For each time that an undecided value had to steer a branch or an index: in which trials."""

    def __init__(
        self, value: npt.ArrayLike, error: npt.ArrayLike = 0.0, lead: int = 1, origin: Origins | None = None
    ) -> None:
        super().__init__(value, error, lead)
        values, errors = self.layers
        if origin is None:  # what is not exact has an origin of its own
            exact = np.equal(errors, 0)
            origin = origins.of_exact(values)
            origin = origin if exact.all() else np.where(exact, origin, origins.fresh(values.shape))
        self.layers = (values, errors, origin)

    @property
    def origin(self) -> Origins:
        """Where each value comes from (trials..., *shape)."""
        return self.layers[2]

    # ---- hooks of LeadArray

    @classmethod
    def _constant_layers(cls, array: Array) -> tuple[Array, ...]:
        return (*super()._constant_layers(array)[:2], origins.of_exact(array))

    def _paired(self, result: tuple[Array, Array]) -> Self:
        made = super()._paired(result)
        return self._with_origin(made, origins.fresh(made.layers[0].shape))

    def _with_origin(self, made: Self, origin: Origins) -> Self:
        shape = made.layers[0].shape
        origin = np.array(np.broadcast_to(origin, shape)) if origin.shape != shape else origin
        return self._make((*made.layers[:2], origin), self.lead)

    def copy(self, *args: Any, **kwargs: Any) -> Self:
        """A writable copy."""
        return self._make(tuple(np.array(layer) for layer in self.layers), self.lead)

    def _elementwise(self, ufunc: np.ufunc, operands: Sequence[Any]) -> Any:
        made = super()._elementwise(ufunc, operands)
        if made is None:
            return None
        parts = [_origin_of(x) for x in operands]
        with np.errstate(all="ignore"):
            if ufunc in _PICKS:
                return self._with_origin(made, self._larger(ufunc, operands, parts))
            if ufunc in COMPARISONS or ufunc is np.subtract:
                same = np.broadcast_to(np.equal(*parts), made.layers[0].shape)
                settled = same & np.isfinite(made.layers[0])
                made.layers[1][settled] = 0.0
            elif ufunc is np.multiply:
                made.layers[1][self._exactly_zero(operands, made.layers[0])] = 0.0
        return self._with_origin(made, origins.mixed(ufunc.__name__, *parts))

    @staticmethod
    def _exactly_zero(operands: Sequence[Any], value: Array) -> Array:
        """Where a product is exactly zero because a factor is."""
        zero = np.zeros(value.shape, dtype=bool)
        for operand in operands:
            number, error = term_of(operand)
            zero |= np.equal(number, 0) & (True if error is None else np.equal(error, 0))
        return zero & np.equal(value, 0)

    @staticmethod
    def _larger(ufunc: np.ufunc, operands: Sequence[Any], parts: Sequence[Origins]) -> Origins:
        (a, ea), (b, eb) = (term_of(x) for x in operands)
        first = np.equal(ufunc(a, b), a)
        reach = (0.0 if ea is None else ea) + (0.0 if eb is None else eb)
        near = (np.abs(np.subtract(a, b, dtype=F64)) <= reach * MARGIN) & np.greater(reach, 0) & np.not_equal(*parts)
        return origins.picked(np.where(first, *parts), ~near)

    def _reduced(self, ufunc: np.ufunc, axes: tuple[int, ...], keepdims: bool) -> Self:
        made = super()._reduced(ufunc, axes, keepdims)
        shape = made.layers[0].shape
        if ufunc in _PICKS and self.layers[0].size:
            return self._with_origin(made, self._extreme(_PICKS[ufunc], axes).reshape(shape))
        return self._with_origin(made, origins.contracted(f"{ufunc.__name__}{axes}", shape, self.lead, self.origin))

    def _extreme(self, place: Callable[..., Any], axes: tuple[int, ...]) -> Origins:
        """The origin of the largest (smallest) along the axes, unless a rival of another origin is near."""
        last = tuple(range(-len(axes), 0))
        value, error, origin = (np.moveaxis(layer, axes, last) for layer in self.layers)
        front = value.shape[: value.ndim - len(axes)]
        value, error, origin = (layer.reshape(*front, -1) for layer in (value, error, origin))
        at = np.expand_dims(place(value, axis=-1), -1)
        best, reach, found = (np.take_along_axis(layer, at, -1) for layer in (value, error, origin))
        reach = reach + error
        near = (np.abs(np.subtract(best, value, dtype=F64)) <= reach * MARGIN) & (reach > 0) & (origin != found)
        return origins.picked(found[..., 0], ~near.any(axis=-1))

    def _accumulated(self, ufunc: np.ufunc, axis: int) -> Self:
        made = super()._accumulated(ufunc, axis)
        shape = made.layers[0].shape
        return self._with_origin(made, origins.contracted(f"{ufunc.__name__}.at{axis}", shape, self.lead, self.origin))

    def _matmul(self, other: Self) -> Self:
        made = super()._matmul(other)
        shape = made.layers[0].shape
        return self._with_origin(made, origins.contracted("matmul", shape, self.lead, self.origin, other.origin))

    def _contracted(self, subscripts: str, arrays: Sequence[Self]) -> Self:
        made = super()._contracted(subscripts, arrays)
        parts = [array.origin for array in arrays]
        return self._with_origin(made, origins.contracted(subscripts, made.layers[0].shape, self.lead, *parts))

    def _selected(self, condition: Any, a: Any, b: Any) -> Self:
        made = super()._selected(condition, a, b)
        doubt = 0.0 if condition.layers[0].dtype.kind != "b" else condition.layers[1]
        chosen = np.where(condition.layers[0].astype(bool), _origin_of(a), _origin_of(b))
        chosen = np.broadcast_to(chosen, made.layers[0].shape)
        return self._with_origin(made, origins.picked(chosen, np.broadcast_to(np.equal(doubt, 0), chosen.shape)))

    def _cast(self, dtype: np.dtype[Any]) -> Self:
        made = super()._cast(dtype)
        kept = dtype == self.dtype or (dtype == F64 and self.dtype.kind == "f")
        return self._with_origin(made, np.array(self.origin) if kept else origins.mixed(str(dtype), self.origin))

    def _settled(self, purpose: str) -> Array:
        value, error = self.layers[:2]
        doubtful = np.not_equal(error, 0).reshape(*self.lead_shape, -1).any(axis=-1)
        if doubtful.any():
            self.undecided.append(np.asarray(doubtful))
        return value

    def _scattered(self, place: Any, values: Self) -> None:
        super()._scattered(place, values)
        self.layers[2][place.key] = origins.fresh(self.layers[2][place.key].shape)

    def _native(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if function in (np.argmax, np.argmin):
            return super()._native(function, *args, **kwargs)
        if function not in (np.sort, np.argsort):
            raise unsupported(f"np.{function.__name__}", f"it has no rule for an {self.kind}")
        axis = kwargs["axis"]
        order = np.argsort(self.layers[0], axis=axis, kind="stable")
        value, error, origin = (np.take_along_axis(layer, order, axis) for layer in self.layers)
        near = near_neighbours(value, error, axis, origin)
        if function is np.argsort:
            near |= equal_neighbours(value, axis)
            return self._paired((np.argsort(self.layers[0], **kwargs), np.where(near, float(value.shape[axis]), 0.0)))
        made = self._paired((value, np.where(near, np.maximum(error, error.max(axis=axis, keepdims=True)), error)))
        return self._with_origin(made, origins.picked(origin, ~near))


def _origin_of(operand: Any) -> Any:
    return operand.layers[2] if isinstance(operand, LeadArray) else origins.of_exact(operand)


def noting_ties() -> type[TieArray]:
    """A kind of `TieArray` that has a list of its own of where undecided values had to steer."""

    class Noting(TieArray):
        __slots__ = ()
        undecided: ClassVar[list[Array]] = []

    return Noting


assert set(COMPARISONS) <= set(CHOICE_RULES)

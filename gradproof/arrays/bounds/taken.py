"""`TakenArray`: rounding bounds along the branches that the computation took.

Every comparison, step and choice of a place is taken as it came out, without doubt. The bound then says how far the
value may be from the exact result *of the same branch*; two sides that took the same branches may differ by the sum
of their bounds and by no more. Where they differ by more, `TieArray` says whether a near tie explains it; it need
only be asked about trials in which a `noting_choices` kind has met a decision that rounding could have turned.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Self

import numpy as np

from gradproof.arrays.bounds.array import BoundArray, term_of
from gradproof.arrays.bounds.masks import CHOICE_RULES, equal_neighbours, truth, where
from gradproof.arrays.bounds.model import F64, no_error, rounding, settled
from gradproof.arrays.structure import Array

_CONTINUOUS = (np.maximum, np.minimum)
DECISIONS = frozenset(ufunc for ufunc in CHOICE_RULES if ufunc not in (*_CONTINUOUS, np.heaviside))
"""The ufuncs whose result jumps: comparisons, what is made of truth values, signs, steps."""


class TakenArray(BoundArray):
    """Values (trials..., *shape) with errors along the branches that were taken."""

    __slots__ = ()
    kind: ClassVar[str] = "array of values with error bounds"
    near: ClassVar[list[Array] | None] = None
    """Of a kind that notes them: for each decision that rounding could have turned, in which trials."""

    def _decided(self, value: Any) -> Self:
        return self._paired((np.asarray(value), no_error(np.asarray(value))))

    def _note(self, doubt: Any) -> None:
        """Note the trials in which a decision has any doubt, `(trials..., *shape)`."""
        if self.near is None or doubt is None or not np.any(doubt):
            return
        doubtful = np.not_equal(doubt, 0)
        self.near.append(doubtful.reshape(*doubtful.shape[: self.lead], -1).any(axis=-1))

    def _elementwise(self, ufunc: np.ufunc, operands: Sequence[Any]) -> Any:
        if ufunc not in DECISIONS:
            return super()._elementwise(ufunc, operands)
        if self.near is None:
            return self._decided(ufunc(*(term_of(x)[0] for x in operands)))
        value, doubt = super()._elementwise(ufunc, operands).layers
        self._note(doubt)
        return self._decided(value)

    def _selected(self, condition: Any, a: Any, b: Any) -> Self:
        mask = condition.layers[0].astype(bool)
        with np.errstate(all="ignore"):
            self._note(truth(condition._term())[1])
            return self._paired(where((mask, None), term_of(a), term_of(b)))

    def _reduced(self, ufunc: np.ufunc, axes: tuple[int, ...], keepdims: bool) -> Self:
        if ufunc in (np.logical_and, np.logical_or):
            with np.errstate(all="ignore"):
                self._note(truth(self._term())[1])
            fold = np.all if ufunc is np.logical_and else np.any
            return self._decided(np.asarray(fold(self.layers[0].astype(bool), axis=axes, keepdims=keepdims)))
        return super()._reduced(ufunc, axes, keepdims)

    def _cast(self, dtype: np.dtype[Any]) -> Self:
        if dtype.kind in "biu":
            if self.near is not None:
                self._note(super()._cast(dtype).layers[1])
            with np.errstate(all="ignore"):
                return self._decided(self.layers[0].astype(dtype))
        return super()._cast(dtype)

    def _settled(self, purpose: str) -> Array:
        self._note(self.layers[1])
        return self.layers[0]

    def _native(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self._note(self.layers[1])  # places among near values
        if function is np.argsort and self.near is not None:
            self._note(equal_neighbours(np.sort(self.layers[0], axis=kwargs["axis"]), kwargs["axis"]))
        if function in (np.argmax, np.argmin, np.argsort):
            return self._decided(function(self.layers[0], **kwargs))
        value, error, *_ = self.layers
        with np.errstate(all="ignore"):
            found = np.asarray(function(value, *args[1:], **kwargs))
            if function is np.sort:
                return self._paired((found, self._sorted(error, kwargs["axis"])))
            if function is np.median:
                return self._paired((found, self._median_error(found, kwargs)))
            if function is np.round:
                return self._paired((found, settled(4 * rounding(found))))
            if function is np.nan_to_num:
                return self._paired((found, np.where(np.isfinite(value), error, 0.0)))
        return super()._native(function, *args, **kwargs)

    def _sorted(self, layer: Array, axis: int) -> Array:
        """A layer in the order in which `np.sort` puts the values along an axis of the layers."""
        return np.take_along_axis(layer, np.argsort(self.layers[0], axis=axis, kind="stable"), axis)

    def _median_error(self, found: Array, kwargs: dict[str, Any]) -> Array:
        """The larger error of the one or two in the middle, and the rounding of their mean."""
        axis = kwargs["axis"]
        error, size = self._sorted(self.layers[1], axis), self.layers[0].shape[axis]
        middle = np.take(error, sorted({(size - 1) // 2, size // 2}), axis=axis).max(axis=axis, keepdims=True)
        error_of_median: Array = settled(np.asarray(middle, dtype=F64).reshape(found.shape) + rounding(found))
        return error_of_median


def noting_choices() -> type[TakenArray]:
    """A kind of `TakenArray` that has a list of its own of the decisions that rounding could have turned."""

    class Noting(TakenArray):
        __slots__ = ()
        near: ClassVar[list[Array] | None] = []

    return Noting

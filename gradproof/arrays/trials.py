"""`TrialArray`: the values of many trials at once; plain NumPy code takes it for the values of one.

Running a function on a `TrialArray` equals running it once a trial and stacking the results, bit for bit where NumPy
does the same arithmetic. Matrix products may differ in the last bit: NumPy picks the BLAS routine by the shapes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from gradproof.arrays.contraction import contraction
from gradproof.arrays.protocols import NumpyArray
from gradproof.arrays.structure import Array, LeadArray, unsupported

_erf = np.vectorize(math.erf, otypes=[np.float64])


def gauss_error(values: Array) -> Array:
    """erf of an ndarray, in its own float dtype; NumPy has none."""
    return np.asarray(_erf(values), dtype=np.result_type(values, np.float32))


class TrialArray(NumpyArray):
    """Values (trials..., *shape) of any real dtype, seen by the user's code as `shape`.

    `values` is not copied; its first `lead` axes are hidden. Raises UnsupportedOperation for an object dtype.
    """

    __slots__ = ()
    kind: ClassVar[str] = "array of trials"

    def __init__(self, values: npt.ArrayLike, lead: int = 1) -> None:
        array = np.asarray(values)
        if not 0 <= lead <= array.ndim:
            raise ValueError(f"lead={lead} hidden axes asked of an array of shape {array.shape}")
        self.layers = self._constant_layers(array)
        self.lead = lead

    @property
    def values(self) -> Array:
        """All trials: an ndarray (trials..., *shape)."""
        return self.layers[0]

    def __erf__(self) -> Self:
        """The error function, for code that asks for it by this name."""
        return self._wrap(gauss_error(self.layers[0]))

    # ---- hooks of LeadArray

    @classmethod
    def _constant_layers(cls, array: Array) -> tuple[Array, ...]:
        if array.dtype.kind not in "biuf":
            raise unsupported(f"a value of dtype {array.dtype}", "only real numbers and booleans are carried")
        return (array,)

    def _wrap(self, values: Any) -> Self:
        return self._make((values,), self.lead)

    def _elementwise(self, ufunc: np.ufunc, operands: Sequence[Any]) -> Any:
        result = ufunc(*(x.layers[0] if isinstance(x, LeadArray) else x for x in operands))
        return tuple(self._wrap(part) for part in result) if isinstance(result, tuple) else self._wrap(result)

    def _reduced(self, ufunc: np.ufunc, axes: tuple[int, ...], keepdims: bool) -> Self:
        return self._wrap(ufunc.reduce(self.layers[0], axis=axes, keepdims=keepdims))

    def _accumulated(self, ufunc: np.ufunc, axis: int) -> Self:
        return self._wrap(ufunc.accumulate(self.layers[0], axis=axis))

    def _matmul(self, other: Self) -> Self:
        return self._wrap(np.matmul(self.layers[0], other.layers[0]))

    def _contracted(self, subscripts: str, arrays: Sequence[Self]) -> Self:
        return self._wrap(contraction(subscripts, *(x.layers[0] for x in arrays)))

    def _selected(self, condition: Any, a: Any, b: Any) -> Self:
        parts = (x.layers[0] if isinstance(x, LeadArray) else x for x in (condition, a, b))
        return self._wrap(np.where(*parts))

    def _cast(self, dtype: np.dtype[Any]) -> Self:
        return self._wrap(self.layers[0].astype(dtype))

    def _settled(self, purpose: str) -> Array:
        return self.layers[0]

    def _scattered(self, place: Any, values: Self) -> None:
        np.add.at(self.layers[0], place.key, values.layers[0])

    def _native(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        plain = [x.layers[0] if isinstance(x, LeadArray) else x for x in args]
        return self._wrap(function(*plain, **kwargs))

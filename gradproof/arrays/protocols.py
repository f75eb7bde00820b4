"""A `LeadArray` that NumPy's functions, its universal functions and indexing take as they take an ndarray.

Sources: NumPy manual, "Interoperability with NumPy"; NEP 13 (`__array_ufunc__`), NEP 18 (`__array_function__`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradproof.arrays.composed import COMPOSED
from gradproof.arrays.dispatch import apply_ufunc
from gradproof.arrays.filling import FILLING
from gradproof.arrays.indexing import get, put
from gradproof.arrays.joining import JOINING
from gradproof.arrays.products import PRODUCTS
from gradproof.arrays.reductions import REDUCTIONS
from gradproof.arrays.shaping import SHAPING
from gradproof.arrays.structure import LeadArray, unsupported

FUNCTIONS: dict[Callable[..., Any], Callable[..., Any]] = SHAPING | JOINING | FILLING | REDUCTIONS | PRODUCTS | COMPOSED
"""The functions of NumPy, besides its ufuncs, that every kind of `LeadArray` supports."""


class NumpyArray(LeadArray):
    """The base of every array of this package: NumPy's protocols over the layers of a `LeadArray`."""

    __slots__ = ()

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return apply_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(
        self, function: Callable[..., Any], types: Any, args: Sequence[Any], kwargs: dict[str, Any]
    ) -> Any:
        handler = FUNCTIONS.get(function)
        if handler is None:
            raise unsupported(f"{function.__module__}.{function.__name__}".replace("numpy", "np", 1))
        return handler(*args, **kwargs)

    def __getitem__(self, index: Any) -> Any:
        return get(self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        put(self, index, value)

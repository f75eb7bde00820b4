"""Functions that NumPy has no ufunc for."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradproof.arrays.structure import UnsupportedOperation

Array = Any

_erf = np.vectorize(math.erf, otypes=[np.float64])


def erf(x: Array) -> Array:
    """The error function: `math.erf` on ndarrays and numbers; another array type answers by `x.__erf__()`.

    Raises UnsupportedOperation for an array type without `__erf__`.
    """
    if hasattr(x, "__erf__"):
        return x.__erf__()
    if isinstance(x, np.ndarray | np.generic | float | int):
        return _erf(x)
    raise UnsupportedOperation(f"{type(x).__name__} has no error function (a method __erf__)")

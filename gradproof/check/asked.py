"""What a call asks for, in the ways in which people write it: a number type, some of the equations, a tolerance."""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradproof.case.project import suggestions
from gradproof.defaults import DTYPES
from gradproof.errors import GradproofError

Array = NDArray[Any]


def dtype_name(dtype: object) -> str:
    """`float64` or `float32`, given as such, as NumPy's type or dtype, as torch's, or as `float`.

    Raises:
        GradproofError: It is none of these.
    """
    if dtype is float:
        return "float64"
    text = dtype if isinstance(dtype, str) else getattr(dtype, "name", None) or getattr(dtype, "__name__", str(dtype))
    name = str(text).removeprefix("torch.").removeprefix("numpy.").removeprefix("np.")
    if name not in DTYPES:
        raise GradproofError(f"dtype {dtype!r} is not one of {', '.join(DTYPES)}")
    return name


def chosen(only: str | Sequence[str] | None, names: Sequence[str]) -> tuple[str, ...]:
    """The names that one of the patterns fits, in their order; all of them where there are no patterns.

    Raises:
        GradproofError: A pattern fits none.
    """
    if only is None:
        return tuple(names)
    patterns = [only] if isinstance(only, str) else list(only)
    for pattern in patterns:
        if not isinstance(pattern, str) or not fnmatch.filter(names, pattern):
            close = suggestions(str(pattern), names)
            raise GradproofError(f"only={only!r}: no equation fits {pattern!r}{close}", name=str(pattern), known=names)
    return tuple(name for name in names if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns))


def checked_tolerance(tolerance: float) -> float:
    """The tolerance, if it is one: a share of a quantity's largest entry.

    Raises:
        GradproofError: It is no number from 0 up to, not including, 1.
    """
    if isinstance(tolerance, bool) or not isinstance(tolerance, int | float) or not 0 <= tolerance < 1:
        raise GradproofError(
            "tolerance is the share of a quantity's largest entry that a difference may have, a number from 0 up to 1, "
            f"not {tolerance!r}; leave it out to have rounding decide"
        )
    return float(tolerance)


def tolerated(values: Array, truth: Array, tolerance: float) -> Array:
    """Computed values, those that are within the tolerance taken as the truth.

    Args:
        values, truth: `(n, *shape)`.
        tolerance: A share of the largest entry of the truth in the same trial.
    """
    if not tolerance or values.shape != truth.shape:
        return values
    axes = tuple(range(1, truth.ndim))
    with np.errstate(all="ignore"):
        largest = np.abs(truth).max(axis=axes, keepdims=True, initial=0.0) if math.prod(truth.shape) else truth
        return np.where(np.abs(values - truth) <= tolerance * largest, truth, values)

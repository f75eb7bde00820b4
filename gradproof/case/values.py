"""Values of one's own where a distribution is expected: numbers, arrays, tensors, nested lists."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradproof.case.kinds import Constant, Distribution, Fixed
from gradproof.errors import GradproofError

Array = NDArray[Any]


def given(value: object, what: str) -> Distribution | None:
    """What a value stands for where a distribution is expected: numbers and arrays are the same in every trial.

    Args:
        value: A distribution; a number; an array, a tensor or a nested list of numbers.
        what: How a message names it.

    Returns:
        None where the value is none of these.

    Raises:
        GradproofError: An array is of neither real nor whole numbers, or one of them is not finite.
    """
    if isinstance(value, Distribution):
        return value
    if isinstance(value, bool | str) or value is None or callable(value):
        return None
    if isinstance(value, int | float):
        return Constant((), finite_number("constant", value))
    array = as_array(value)
    return None if array is None else fixed(array, what)


def fixed(array: Array, what: str = "constant(...)") -> Distribution:
    """An array that is the same in every trial.

    Raises:
        GradproofError: It is of neither real nor whole numbers, or one of them is not finite.
    """
    return Fixed(array.shape, data=numbers_of(array, what))


def as_array(value: object) -> Array | None:
    """An array, a tensor, a nested list as an array; None for anything else."""
    if hasattr(value, "detach"):
        tensor: Any = value
        tensor = tensor.detach().cpu()
        value = (tensor.double() if tensor.is_floating_point() else tensor).numpy()
    if isinstance(value, np.ndarray | np.generic | list | tuple):
        try:
            return np.asarray(value)
        except ValueError:
            return None
    return None


def numbers_of(array: Array, what: str) -> Array:
    """An array's numbers in double precision, or as whole numbers or masks; nobody may write into them.

    Raises:
        GradproofError: It is of neither real nor whole numbers, or one of them is not finite.
    """
    if array.dtype.kind not in "fiub" or not array.size:
        raise GradproofError(f"{what} is an array of {array.dtype}, shape {array.shape}; give real or whole numbers")
    if not np.isfinite(array).all():
        raise GradproofError(f"{what} holds numbers that are not finite; nothing can be compared on them")
    kept: Array = array.astype({"f": np.float64, "b": np.bool_}.get(array.dtype.kind, np.int64))
    kept.flags.writeable = False
    return kept


def finite_number(name: str, value: object) -> float:
    """A number that a distribution was given.

    Raises:
        GradproofError: It is none, or not finite.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise GradproofError(f"{name} takes numbers before the sizes of its shape, not {value!r}")
    if not math.isfinite(value):
        raise GradproofError(f"{name} takes finite numbers, not {value!r}")
    return float(value)

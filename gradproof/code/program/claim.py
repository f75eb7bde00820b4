"""A claim: a value that code gives, the quantity that it claims to be, and how it is taken from a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradproof.code.paths import part_of
from gradproof.code.program.running import Outcome
from gradproof.tolerances import IS_TRUTH


@dataclass(frozen=True)
class Claim:
    """One value that the code gives.

    Attributes:
        label: What it is in the code: `dW`, `the second result`, `self.grads[0]`.
        quantity: The quantity that it claims to be; empty where nothing says.
        why: What says so: `case`, `key`, `name`, `place`, `shape`, `value`, `in place`.
        pick: How it is taken from an outcome.
        firm: Whether it is to be judged where it disagrees; else it only counts where it agrees.
        returned: Whether it is part of what the last function returns.
        path: Where it is in that.
    """

    label: str
    quantity: str
    why: str
    pick: Callable[[Outcome], Any]
    firm: bool = True
    returned: bool = False
    path: str = ""


def agrees(value: Any, truth: Any) -> bool:
    """Whether a value is a truth, but for rounding and for axes of size 1."""
    if truth is None or not is_real(value):
        return False
    one, other = np.asarray(value, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    if one.shape != other.shape:
        if not same_but_for_form(one.shape, other.shape):
            return False
        one = one.reshape(other.shape)
    return IS_TRUTH.holds(one, other)


def same_but_for_form(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Whether two shapes differ in axes of size 1 alone."""
    return [size for size in shape if size != 1] == [size for size in wanted if size != 1]


def is_real(value: Any) -> bool:
    """Whether a value is a real number or an array of them."""
    is_number = isinstance(value, (np.ndarray, np.generic, float))
    return is_number and np.asarray(value).dtype.kind == "f"


def picking(path: str, call: int = -1) -> Callable[[Outcome], Any]:
    """How a part is taken from what a call returned, by default the last one."""
    return lambda outcome: part_of(outcome.returned[call], path)


def attribute_pick(owner: type, path: str) -> Callable[[Outcome], Any]:
    """How a part is taken from an object of the code's."""
    return lambda outcome: part_of(outcome.objects[owner], path)


def label_of(path: str) -> str:
    """What a part of what is returned is called."""
    return f"result{path}" if path else "the result"

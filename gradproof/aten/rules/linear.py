"""Products of matrices and vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradproof.aten.rules.elementwise import scaled

Array = Any


def transposed(x: Array) -> Array:
    """The last two axes exchanged."""
    return np.swapaxes(x, -1, -2)


def outer(x: Array, y: Array) -> Array:
    return np.expand_dims(x, 1) * np.expand_dims(y, 0)


def linear(x: Array, weight: Array, bias: Array = None) -> Array:
    product = np.matmul(x, transposed(weight))
    return product if bias is None else product + bias


def add_product(x: Array, a: Array, b: Array, beta: Any = 1, alpha: Any = 1) -> Array:
    """beta x + alpha (a @ b); beta 0 drops x, whatever it holds."""
    product = scaled(np.matmul(a, b), alpha)
    return product if isinstance(beta, int | float) and beta == 0 else scaled(x, beta) + product


def addr(x: Array, a: Array, b: Array, beta: Any = 1, alpha: Any = 1) -> Array:
    product = scaled(outer(a, b), alpha)
    return product if isinstance(beta, int | float) and beta == 0 else scaled(x, beta) + product


def trilinear(
    a: Array,
    b: Array,
    c: Array,
    expand_a: Sequence[int],
    expand_b: Sequence[int],
    expand_c: Sequence[int],
    dims: Sequence[int],
    unroll: int = 1,
) -> Array:
    """The product of three tensors, each with new dimensions of size 1, summed over `dims` (nn.Bilinear)."""
    for dim in expand_a:
        a = np.expand_dims(a, dim)
    for dim in expand_b:
        b = np.expand_dims(b, dim)
    for dim in expand_c:
        c = np.expand_dims(c, dim)
    return np.sum(a * b * c, axis=tuple(dims))


TABLE: dict[str, Callable[..., Any]] = {
    "mm": np.matmul,
    "bmm": np.matmul,
    "mv": np.matmul,
    "dot": np.matmul,
    "vdot": np.matmul,
    "linear": linear,
    "addmm": add_product,
    "baddbmm": add_product,
    "addmv": add_product,
    "addr": addr,
    "_trilinear": trilinear,
}

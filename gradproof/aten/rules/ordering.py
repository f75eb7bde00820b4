"""Sorting and what picks by rank. Which entry comes first is taken as the computation has it, like any branch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradproof.aten.rules.placing import gather
from gradproof.aten.rules.shape import take

Array = Any


def _order(x: Array, dim: int, descending: bool) -> Array:
    return np.argsort(-x if descending else x, axis=dim, kind="stable")


def sort(x: Array, dim: int = -1, descending: bool = False) -> tuple[Array, Array]:
    """The values in order along a dimension, and where each of them came from."""
    if x.ndim == 0:
        return x, np.zeros((), dtype=np.int64)
    order = _order(x, dim, descending)
    return gather(x, dim, order), order


def stable_sort(x: Array, stable: bool | None = None, dim: int = -1, descending: bool = False) -> tuple[Array, Array]:
    return sort(x, dim, descending)


def topk(x: Array, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> tuple[Array, Array]:
    """The k largest (smallest) along a dimension, the most extreme first, and their places."""
    if x.ndim == 0:
        return x, np.zeros((), dtype=np.int64)
    order = take(_order(x, dim, largest), dim, slice(None, k))
    return gather(x, dim, order), order


def kthvalue(x: Array, k: int, dim: int = -1, keepdim: bool = False) -> tuple[Array, Array]:
    """The kth smallest along a dimension, counted from 1, and its place."""
    if x.ndim == 0:
        return x, np.zeros((), dtype=np.int64)
    order = take(_order(x, dim, descending=False), dim, slice(k - 1, k))
    value = gather(x, dim, order)
    return (value, order) if keepdim else (np.squeeze(value, axis=dim), np.squeeze(order, axis=dim))


TABLE: dict[str, Callable[..., Any]] = {
    "sort": sort,
    "sort.stable": stable_sort,
    "topk": topk,
    "kthvalue": kthvalue,
}

"""The table of rules: ATen operation -> function of NumPy-like arrays.

A rule takes the operation's arguments in ATen's order and calls nothing on them but NumPy's functions, operators
and indexing, so that it runs on ndarrays as on every array type that implements NumPy's protocols. A name is the
operation's, with its overload only where the overloads differ; `gradproof.*` are the recorder's own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradproof.aten.rules import (
    activation,
    convolution,
    elementwise,
    indexing,
    linear,
    loss,
    memory,
    normalize,
    ordering,
    pooling,
    reduce,
    shape,
)

_MODULES = (
    activation,
    convolution,
    elementwise,
    indexing,
    linear,
    loss,
    normalize,
    ordering,
    pooling,
    reduce,
    shape,
)

RULES: dict[str, Callable[..., Any]] = {
    **{f"aten.{name}": rule for module in _MODULES for name, rule in module.TABLE.items()},
    **{f"aten.{name}": rule for name, rule in elementwise.MASKS.items()},
    **{f"gradproof.{name}": rule for name, rule in memory.TABLE.items()},
}

MASKS_ONLY = frozenset(f"aten.{name}" for name in elementwise.MASKS)
"""Operations whose rules hold for booleans, not for the bits of integers."""

KEEPS_INTEGERS = frozenset(f"aten.{name}" for name in ("where", "masked_fill", "any", "all")) | frozenset(
    f"aten.{name}" for module in (indexing, loss, shape, pooling) for name in module.TABLE
)
"""Operations that take masks or indices as such; elsewhere they are converted to numbers before arithmetic."""


def rule_name(packet: str, overload: str) -> str | None:
    """The name of the rule for `packet` ("aten.add") and its overload ("Tensor"); None if there is none."""
    return next((name for name in (f"{packet}.{overload}", packet) if name in RULES), None)

"""torch's conversions between dtypes on a tape that computes in the dtype of its leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import torch

from gradproof.aten.aliases import Value
from gradproof.aten.errors import NoRule
from gradproof.aten.tape import Slot


def converted(value: Value, old: torch.dtype, new: torch.dtype, emit: Callable[..., Slot]) -> Value:
    """The value as torch converts it, by operations recorded with `emit`.

    Between floating dtypes only widening keeps the value; what rounds or truncates raises NoRule.
    """
    if old == new:
        return value
    kind = _numpy_dtype(new)
    if isinstance(value, np.ndarray):
        return value.astype(kind)
    if old.is_floating_point and new.is_floating_point and torch.promote_types(old, new) == new:
        return value
    if new == torch.bool:
        return emit("aten.ne", value, 0)
    if old == torch.bool and not new.is_complex:
        return emit("aten.where", value, kind(1), kind(0))
    if not old.is_floating_point and not new.is_complex:
        return emit("aten.mul", value, kind(1)) if new.is_floating_point else value
    raise NoRule(
        f"a tensor of {old} is converted to {new}, which the tape cannot follow: use one floating dtype throughout"
    )


def refuse_rounding(rule: str, made: Sequence[torch.dtype], taken: Iterable[torch.dtype]) -> None:
    """Raises NoRule for an operation whose result has fewer bits than a floating operand; masks are no rounding."""
    widest = max((dtype.itemsize for dtype in taken if dtype.is_floating_point), default=0)
    narrow = [dtype for dtype in made if widest and dtype != torch.bool and _bits(dtype) < widest]
    if narrow:
        raise NoRule(f"{rule} rounds its result to {narrow[0]}: use one floating dtype throughout")


def _bits(dtype: torch.dtype) -> int:
    return dtype.itemsize if dtype.is_floating_point else 0


def _numpy_dtype(dtype: torch.dtype) -> type[Any]:
    if dtype.is_floating_point:
        return np.float32 if dtype == torch.float32 else np.float64
    return np.bool_ if dtype == torch.bool else np.int64

"""How far a right result may be off by rounding in a dtype: Monte Carlo arithmetic on the reference.

The reference is run in float64, and every operand and every result of every ATen operation of its forward and
backward is moved at random by up to one unit roundoff of the dtype, as if each had been rounded there; numbers that
the dtype holds only as subnormals by half their spacing. Fused operations are taken apart first. This is full Monte
Carlo arithmetic (D. S. Parker, "Monte Carlo Arithmetic: exploiting randomness in floating-point arithmetic", UCLA
CSD-970002, 1997). The largest deviation over the samples, `SAFETY` times, is what rounding explains: also for a
function that orders its operations otherwise, but not for one that adds thousands of terms into a sum of low
precision. It is sampled, not a proof.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from gradproof.functions.truth.fused import taken_apart

SAMPLES = 12
SAFETY = 6.0
"""A sampled allowance is this many times the largest deviation seen in `SAMPLES` runs."""

PLAIN_ROUNDINGS = 4.0
"""So many roundings of the result itself are always allowed."""

_COPIES = ("aten::clone", "aten::detach", "aten::_to_copy", "aten::alias")

Results = Sequence[torch.Tensor | None]


@dataclass(frozen=True)
class Precision:
    """What rounding in a dtype does.

    Attributes:
        unit: The unit roundoff that is simulated in float64.
        scale: A factor on the deviations, where the simulated roundoff is larger than the dtype's own.
        spacing: Half the spacing of the dtype's subnormal numbers.
        own: The dtype's unit roundoff.
    """

    unit: float
    scale: float
    spacing: float
    own: float


def precision(dtype: torch.dtype) -> Precision:
    """The roundings of a dtype.

    Float64's own cannot be seen in float64: they are simulated 2**23 times larger. They count twice, because the
    truth itself is computed with them.
    """
    info = torch.finfo(dtype)
    own = float(info.eps) / 2
    if dtype == torch.float64:
        return Precision(own * 2.0**23, 2 * 2.0**-23, 0.0, own)
    return Precision(own, 1.0, float(info.tiny) * float(info.eps) / 2, own)


class RandomRounding(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch's class carries no types
    """Moves operands and results of every operation by up to a unit roundoff. Views stay views, writes stay writes."""

    def __init__(self, how: Precision, generator: torch.Generator) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # as above
        self.how, self.generator = how, generator

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if _is_no_arithmetic(func):
            result = func(*args, **kwargs)
            if func._schema.is_mutable and isinstance(result, torch.Tensor) and result.is_floating_point():
                result.copy_(self._moved(result))
            return result
        if (apart := taken_apart(func)) is not None:
            with self:
                return apart(*args, **kwargs)
        args = torch.utils._pytree.tree_map(self._moved, args)
        return torch.utils._pytree.tree_map(self._moved, func(*args, **kwargs))

    def _moved(self, value: Any) -> Any:
        if not isinstance(value, torch.Tensor) or value.dtype != torch.float64 or value.numel() == 0:
            return value
        step = value.abs().mul_(self.how.unit)
        if self.how.spacing:
            step = step.clamp_(min=self.how.spacing).masked_fill_(value == 0, 0.0)
        noise = torch.rand(value.shape, dtype=torch.float64, generator=self.generator)
        return torch.addcmul(value, step, noise.mul_(2).sub_(1))


@cache
def _is_no_arithmetic(operation: Any) -> bool:
    """Whether an operation is a view, a copy, or writes into its operands."""
    schema = operation._schema
    return schema.name in _COPIES or any(argument.alias_info is not None for argument in schema.arguments)


def allowances(
    run: Callable[[], Results],
    truth: Results,
    rough: Results | None,
    dtype: torch.dtype,
    seed: int,
) -> list[torch.Tensor | None]:
    """What rounding explains of each entry's difference from the truth.

    Args:
        run: Runs the reference in float64, forward and backward.
        truth: What it gives.
        rough: What it gives in the dtype itself; None where it cannot be run there.
        dtype: The dtype of the function that is judged.
        seed: Where the random roundings start.

    Returns:
        A float64 tensor for each result; infinite where the reference overflows in the dtype.
    """
    how = precision(dtype)
    generator = torch.Generator().manual_seed(seed)
    spread = [None if value is None else torch.zeros_like(value) for value in truth]
    for _ in range(SAMPLES):
        with RandomRounding(how, generator):
            sample = run()
        for widest, moved, true in zip(spread, sample, truth, strict=True):
            if widest is not None and moved is not None and true is not None:
                torch.maximum(widest, (moved - true).abs() * how.scale, out=widest)
    if rough is not None:
        for widest, value, true in zip(spread, rough, truth, strict=True):
            if widest is not None and value is not None and true is not None:
                torch.maximum(widest, (value.double() - true).abs(), out=widest)
    return [
        None if widest is None or true is None else _total(widest, true, how)
        for widest, true in zip(spread, truth, strict=True)
    ]


def _total(spread: torch.Tensor, truth: torch.Tensor, how: Precision) -> torch.Tensor:
    total = SAFETY * spread + PLAIN_ROUNDINGS * (how.own * truth.abs() + how.spacing)
    return torch.nan_to_num(total, nan=torch.inf, posinf=torch.inf)

"""Every operation moved at random by a unit roundoff, as if it had been done in another dtype.

Torch alone is used here, as in `calling`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from gradproof.functions.running.fused import taken_apart

_FACTORISATIONS = ("linalg", "cholesky", "triangular_solve", "lu_", "ormqr", "geqrf", "svd", "eigh")

PIECE, ROW = 2**14, 2**20
"""Large tensors are moved in pieces that stay in the processor's cache, by random numbers from one long row."""

_COPIES = ("aten::clone", "aten::detach", "aten::_to_copy", "aten::alias")


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
        self.row: torch.Tensor | None = None

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Spares the import of torch._dynamo, seconds, which nothing here is compiled by."""
        return False

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
        args = torch.utils._pytree.tree_map(self._moved_whole if _is_factorisation(func) else self._moved, args)
        result = torch.utils._pytree.tree_map(self._moved, func(*args, **kwargs))
        return self._summed(result, args) if "fft" in func._schema.name else result

    def _summed(self, result: torch.Tensor, args: Any) -> torch.Tensor:
        """A Fourier transform is n products summed up, whose factors are of angles up to 2 pi n that are rounded."""
        moved, axes, scaling = args[0], list(args[1]), int(args[2])
        n = float(math.prod(moved.shape[axis] for axis in axes))
        size = moved.abs().sum(axes, keepdim=True) * (self.how.unit * n ** (1 - scaling / 2))
        noise = torch.rand((*result.shape, 2), dtype=torch.float64, generator=self.generator).mul_(2).sub_(1)
        turned = torch.view_as_complex(noise) if result.is_complex() else noise[..., 0]
        moved_on: torch.Tensor = result + turned * size
        return moved_on

    def _moved_whole(self, value: Any) -> Any:
        """A factorisation is backward stable: its result is that of a matrix moved by n roundings of its size."""
        moved = self._moved(value)
        if not isinstance(value, torch.Tensor) or value.dtype != torch.float64 or value.ndim < 2 or not value.numel():
            return moved
        size = value.abs().amax((-2, -1), keepdim=True).nan_to_num(posinf=0.0) * (self.how.unit * max(value.shape[-2:]))
        noise = torch.rand(value.shape, dtype=torch.float64, generator=self.generator).mul_(2).sub_(1)
        return torch.where(value == 0, moved, moved + noise * size)

    def _moved(self, value: Any) -> Any:
        if not isinstance(value, torch.Tensor) or value.numel() == 0:
            return value
        if value.dtype == torch.complex128:
            return torch.view_as_complex(self._moved(torch.view_as_real(value.resolve_conj())))
        if value.dtype != torch.float64:
            return value
        if value.numel() > PIECE and value.is_contiguous():
            moved = torch.empty_like(value)
            for piece, into in zip(torch.split(value.view(-1), PIECE), torch.split(moved.view(-1), PIECE), strict=True):
                self._moved_into(into, piece, self._noise(len(piece)))
            return moved
        noise = torch.rand(value.shape, dtype=torch.float64, generator=self.generator).mul_(2).sub_(1)
        return self._moved_into(torch.empty_like(value), value, noise)

    def _noise(self, length: int) -> torch.Tensor:
        """So many numbers from a long row of random ones, from a random place on: new ones take longer."""
        if self.row is None:
            self.row = torch.rand(ROW, dtype=torch.float64, generator=self.generator).mul_(2).sub_(1)
        start = int(torch.randint(ROW - length, (), generator=self.generator))
        return self.row[start : start + length]

    def _moved_into(self, into: torch.Tensor, value: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        size = value.abs()
        least, most = map(float, torch.aminmax(size))
        if least * self.how.unit >= self.how.spacing and most < torch.inf:
            return torch.addcmul(value, value, noise, value=self.how.unit, out=into)
        step = size.mul_(self.how.unit)
        if not most < torch.inf:  # what is infinite or NaN stays so
            step.nan_to_num_(nan=0.0, posinf=0.0)
        if self.how.spacing:
            step = step.clamp_(min=self.how.spacing).masked_fill_(value == 0, 0.0)
        return torch.addcmul(value, step, noise, out=into)


@cache
def _is_factorisation(operation: Any) -> bool:
    """Whether an operation factorises a matrix, or solves with one."""
    return any(word in operation._schema.name for word in _FACTORISATIONS)


@cache
def _is_no_arithmetic(operation: Any) -> bool:
    """Whether an operation is a view, a copy, or writes into its operands."""
    schema = operation._schema
    return schema.name in _COPIES or any(argument.alias_info is not None for argument in schema.arguments)

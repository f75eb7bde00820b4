"""Dtypes by name, and tensors of real or complex numbers brought to them."""

from __future__ import annotations

from typing import Any

import torch

DTYPES = {name: getattr(torch, name) for name in ("float64", "float32", "bfloat16", "float16")}

HALF = ("bfloat16", "float16")

COMPLEX = {torch.float64: torch.complex128, torch.float32: torch.complex64}
"""What complex numbers are in where real ones are in a dtype; there are none in half precision."""


def is_continuous(value: Any) -> bool:
    """Whether a value is a tensor of real or complex numbers, of which there can be a gradient."""
    return isinstance(value, torch.Tensor) and (value.is_floating_point() or value.is_complex())


def cast(value: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """A tensor of real or complex numbers in a dtype; any other as it is."""
    if value.is_complex():
        return value.to(COMPLEX[dtype])
    return value.to(dtype) if value.is_floating_point() else value


def wide(value: torch.Tensor) -> torch.Tensor:
    """A tensor of real or complex numbers with 64 bits for each real one; any other as it is."""
    return cast(value, torch.float64)


def parts(value: torch.Tensor) -> torch.Tensor:
    """Real and imaginary parts along a last axis, in 64 bits; real numbers as they are."""
    value = value.detach()
    return torch.view_as_real(value.resolve_conj().to(torch.complex128)) if value.is_complex() else value.double()

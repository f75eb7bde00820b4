"""How functions are accepted elsewhere: each rule takes a function, its reference and inputs, and says yes or no."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch.autograd import gradcheck

from gradproof.functions.running.inputs import case_sets, draw

Call = Callable[..., torch.Tensor]
TRIALS = 3


def _arguments(inputs: Any, trial: int, dtype: torch.dtype) -> tuple[list[Any], np.random.Generator]:
    drawn = draw(case_sets(inputs, 0)[0], 0, trial, 7)
    values = [
        v.to(dtype).requires_grad_() if torch.is_tensor(v) and v.is_floating_point() else v
        for v in drawn.values.values()
    ]
    return values, np.random.default_rng([trial, 7])


def _results(call: Call, values: list[Any], cotangent: torch.Tensor) -> list[torch.Tensor]:
    given = [v.detach().clone().requires_grad_(v.requires_grad) if torch.is_tensor(v) else v for v in values]
    output = call(*given)
    leaves = [v for v in given if torch.is_tensor(v) and v.requires_grad]
    found = torch.autograd.grad(output, leaves, cotangent.to(output.dtype), allow_unused=True)
    zeros = [torch.zeros_like(v) if d is None else d for v, d in zip(leaves, found, strict=True)]
    return [output.detach(), *zeros]


def _pairs(function: Call, reference: Call, inputs: Any, trial: int) -> list[tuple[torch.Tensor, ...]]:
    """Float32 by both sides, and the reference in float64."""
    values, generator = _arguments(inputs, trial, torch.float32)
    shape = reference(*values).shape
    cotangent = torch.from_numpy(np.array(generator.standard_normal(tuple(shape)))).float()
    wide = [v.detach().double().requires_grad_() if torch.is_tensor(v) and v.requires_grad else v for v in values]
    own, other = _results(function, values, cotangent), _results(reference, values, cotangent)
    return list(zip(own, other, _results(reference, wide, cotangent.double()), strict=True))


def allclose(tolerance: float) -> Callable[[Call, Call, Any], bool]:
    """`torch.allclose` of outputs and gradients in float32 at one tolerance."""

    def rule(function: Call, reference: Call, inputs: Any) -> bool:
        return all(
            torch.allclose(own, other, rtol=tolerance, atol=tolerance)
            for trial in range(TRIALS)
            for own, other, _ in _pairs(function, reference, inputs, trial)
        )

    return rule


def golden(function: Call, reference: Call, inputs: Any) -> bool:
    """No further from float64 than twice the reference in float32 is, and 1e-5."""
    for trial in range(TRIALS):
        for own, other, true in _pairs(function, reference, inputs, trial):
            if not (own - true).abs().max() <= 2 * (other - true).abs().max() + 1e-5:
                return False
    return True


def numeric(fast: bool) -> Callable[[Call, Call, Any], bool]:
    """`gradcheck` in float64, its fast mode or not."""

    def rule(function: Call, reference: Call, inputs: Any) -> bool:
        values, _ = _arguments(inputs, 0, torch.float64)
        return bool(gradcheck(function, values, raise_exception=False, fast_mode=fast))

    return rule


RULES: Mapping[str, Callable[[Call, Call, Any], bool]] = {
    "allclose 1e-2": allclose(1e-2),
    "allclose 1e-5": allclose(1e-5),
    "gradcheck": numeric(False),
    "gradcheck, fast": numeric(True),
    "float64 golden": golden,
}

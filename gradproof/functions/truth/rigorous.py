"""A rigorous bound of the reference's own rounding error in float64 and float32, from its recorded operations.

It holds for sums in any order, so a function that adds up one by one what torch adds in blocks stays within it. In
half precision no such bound is taken: kernels keep sums in float32 there, and one who does not is to be told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from gradproof.arrays.bounds.array import BoundArray
from gradproof.aten import record
from gradproof.errors import GradproofError

BOUNDED = (torch.float64, torch.float32)


def rigorous_errors(
    run: Callable[..., Sequence[torch.Tensor | None]], leaves: Sequence[torch.Tensor], dtype: torch.dtype
) -> list[torch.Tensor | None] | None:
    """How far each entry of each result may be off, in float64.

    Args:
        run: Gives the results, with None for those that are absent, from tensors in the dtype.
        leaves: These tensors, exact in the dtype.
        dtype: What the arithmetic is done in.

    Returns:
        Errors, infinite where there is no bound; None where an operation has no rule, or half precision is asked for.
    """
    if dtype not in BOUNDED or any(leaf.is_complex() for leaf in leaves):
        return None
    present: list[bool] = []

    def results(*tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
        found = run(*tensors)
        present[:] = [value is not None for value in found]
        return tuple(value for value in found if value is not None)

    exact = [leaf.to(dtype) for leaf in leaves]
    try:
        tape = record(results, *exact)
        bounded = iter(tape.run([BoundArray.exact(leaf.numpy()[None]) for leaf in exact]))
    except GradproofError:
        return None
    return [_error(next(bounded)) if there else None for there in present]


def _error(result: object) -> torch.Tensor:
    if not isinstance(result, BoundArray):
        return torch.zeros(np.asarray(result).shape, dtype=torch.float64)
    _, error = result.layers
    return torch.from_numpy(np.array(error[0], dtype=np.float64))

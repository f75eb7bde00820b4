"""`PartialArray`: a part of the rounding bound, at little more than the cost of the values.

The full bound of a product of matrices is gamma |A||B| for its own roundings, plus |A| eb + ea |B| + ea eb for what its
operands are off by, which is two products. Here it is one: the roundings, and what the less exact of the operands is
off by. What comes out is never more than the full bound of the same branch (every other rule is the full one, and all
of them grow with the errors of their operands), so a difference that it explains is explained; one that it does not is
left to `TakenArray`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

import numpy as np

from gradproof.arrays.bounds import sums
from gradproof.arrays.bounds.taken import TakenArray


class PartialArray(TakenArray):
    """Values (trials..., *shape) with parts of their errors along the branches that were taken."""

    __slots__ = ()
    kind: ClassVar[str] = "array of values with partial error bounds"

    def _matmul(self, other: Self) -> Self:
        with np.errstate(all="ignore"):
            return self._paired(sums.matmul_in_part(self._term(), other._term()))

    def _contracted(self, subscripts: str, arrays: Sequence[Self]) -> Self:
        with np.errstate(all="ignore"):
            return self._paired(sums.einsum(subscripts, [(array.layers[0], None) for array in arrays]))

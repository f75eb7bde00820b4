"""`PartialArray`: a part of the rounding bound, at little more than the cost of the values.

The full bound of a product of matrices is gamma |A||B| for its own roundings, plus |A| eb + ea |B| + ea eb for what its
operands are off by, which is two products. Here it is a single one, of some of the terms alone: the roundings, and what
the less exact of the operands is off by. Of elementwise functions the leading terms are kept (`leading`). What comes
out is never more than the full bound of the same branch (every other rule is the full one, and all of them grow with
the errors of their operands), so a difference that it explains is explained; one that it does not is left to
`TakenArray`. NaN stands for no bound here, too: nothing is within it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np

from gradproof.arrays.bounds import sums
from gradproof.arrays.bounds.array import term_of
from gradproof.arrays.bounds.leading import leading_part
from gradproof.arrays.bounds.taken import TakenArray
from gradproof.arrays.structure import Array


class PartialArray(TakenArray):
    """Values (trials..., *shape) with parts of their errors along the branches that were taken."""

    __slots__ = ()
    kind: ClassVar[str] = "array of values with partial error bounds"

    @classmethod
    def of(cls, value: Array, error: Array) -> Self:
        """Values with errors that an array of this kind, or none, has carried: they are as they should be."""
        return cls._make((value, error), 1)

    def _elementwise(self, ufunc: np.ufunc, operands: Sequence[Any]) -> Any:
        with np.errstate(all="ignore"):
            part = leading_part(ufunc, [term_of(x) for x in operands])
        return super()._elementwise(ufunc, operands) if part is None else self._paired(part)

    def _matmul(self, other: Self) -> Self:
        with np.errstate(all="ignore"):
            return self._paired(sums.matmul_in_part(self._term(), other._term()))

    def _contracted(self, subscripts: str, arrays: Sequence[Self]) -> Self:
        with np.errstate(all="ignore"):
            return self._paired(sums.einsum_in_part(subscripts, [array._term() for array in arrays]))

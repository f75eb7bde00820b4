"""Numbers that torch takes from tensors: `torch.add(x, y, alpha=t)` reads t and calls the operation with a float.

Such a number goes straight into the next operation; there it is found by its value and replaced by t's slot. A number
that is not found exactly once is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from gradproof.aten.errors import NoRule
from gradproof.aten.tape import Slot, map_leaves


@dataclass(frozen=True)
class Number:
    """A number, the slot of the tensor that it was taken from, and that tensor's dtype."""

    value: float
    slot: Slot
    dtype: torch.dtype


def with_slots(taker: object, arguments: Any, numbers: Sequence[Number]) -> Any:
    """The nested arguments with each number replaced by its slot; raises NoRule where it is not found once."""
    for number in numbers:
        if sum(_is(part, number) for part in _parts(arguments)) != 1:
            raise lost(taker, number)

        def placed(part: Any, number: Number = number) -> Any:
            return number.slot if _is(part, number) else part

        arguments = map_leaves(placed, arguments)
    return arguments


def refuse_derivative(taker: object, operands: Iterable[torch.Tensor], numbers: Sequence[Number]) -> None:
    """Raises NoRule where autograd would keep the number for its backward, out of sight of the recording."""
    if numbers and torch.is_grad_enabled() and any(tensor.requires_grad for tensor in operands):
        raise NoRule(
            f"{taker} is differentiated and takes the number {numbers[0].value} from a tensor that depends on the "
            f"leaves; autograd would keep the number: multiply by the tensor itself"
        )


def lost(taker: object, number: Number) -> NoRule:
    """The error of a number of which it cannot be told what becomes of it."""
    return NoRule(
        f"torch turned a tensor that depends on the leaves into the number {number.value} for {taker}, and what "
        f"becomes of it cannot be told: use a tensor operation (torch.index_select for an index, a product for a "
        f"factor)"
    )


def _is(part: Any, number: Number) -> bool:
    return isinstance(part, int | float) and not isinstance(part, bool) and part == number.value


def _parts(nested: Any) -> list[Any]:
    found: list[Any] = []
    map_leaves(found.append, nested)
    return found

"""The recorder's own operations: reading and writing parts of memory, and requirements on branches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradproof.arrays.structure import UnsupportedOperation
from gradproof.aten.errors import FlowChanged
from gradproof.aten.rules.shape import put_elements, take_elements

Array = Any


def require(condition: Array, recorded: bool) -> tuple[()]:
    """Raises FlowChanged unless the condition is in every trial what it was in the recording."""
    words = f"the recorded function branched on a value that was {recorded}"
    try:
        same = bool(condition) == recorded
    except UnsupportedOperation as error:
        raise FlowChanged(f"{words}; here it differs from trial to trial: record each branch by itself") from error
    if not same:
        raise FlowChanged(f"{words}; here it is {not recorded}: record again with values of this kind")
    return ()


TABLE: dict[str, Callable[..., Any]] = {
    "put_elements": put_elements,
    "take_elements": take_elements,
    "require": require,
}

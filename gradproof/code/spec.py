"""What a case says of existing code: which functions are read, and what the names in them stand for.

This module imports neither torch nor pandas: it only holds what the author says. `gradproof.code.load` reads the code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gradproof.errors import GradproofError


@dataclass(frozen=True, init=False)
class Code:
    """Functions or methods that compute gradients, as they stand.

    Attributes:
        functions: What is read, in this order: names in `manual/NAME.py`, `"Layer.backward"` for a method; or the
            functions themselves.
        names: Variable -> quantity, where the rules do not find it. A variable is written as in the code (`dh`,
            `self.W`, `cache["x"]`), with its function before it where two functions use one name (`backward.x`).
        values: Arguments that are plain Python values, by name: sizes, flags, strides.
        constructor: Arguments of the class.
        results: The quantities that the last function returns, in order, where its own names do not say.
        absent: Gradients of parameters that the code is meant not to give.
        opaque: Whether the functions are called as a whole, and only what they return is compared.
    """

    functions: tuple[str | Callable[..., Any], ...]
    names: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    constructor: Mapping[str, Any] = field(default_factory=dict)
    results: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    opaque: bool = False

    def __init__(
        self,
        *functions: str | Callable[..., Any],
        names: Mapping[str, str] | None = None,
        values: Mapping[str, Any] | None = None,
        constructor: Mapping[str, Any] | None = None,
        results: Iterable[str] = (),
        absent: Iterable[str] = (),
        opaque: bool = False,
    ) -> None:
        if not functions:
            raise GradproofError('Code(...) takes the functions to read: Code("forward", "backward")')
        for function in functions:
            if not isinstance(function, str) and not callable(function):
                raise GradproofError(f"Code(...) takes functions or their names, not {function!r}")
        for option, quantities in (("results", results), ("absent", absent)):
            if isinstance(quantities, str):
                raise GradproofError(f"Code({option}=...) takes a tuple of quantities: ({quantities!r},)")
        for variable, quantity in (names or {}).items():
            if not isinstance(quantity, str) or not quantity.isidentifier():
                raise GradproofError(f"Code(names=...): {variable!r} stands for {quantity!r}, which is no name")
        for name, value in (
            ("functions", functions),
            ("names", dict(names or {})),
            ("values", dict(values or {})),
            ("constructor", dict(constructor or {})),
            ("results", tuple(results)),
            ("absent", tuple(absent)),
            ("opaque", bool(opaque)),
        ):
            object.__setattr__(self, name, value)

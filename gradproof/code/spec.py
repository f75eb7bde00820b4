"""What a case says of existing code: which functions are read, and what the names in them stand for.

This module imports neither torch nor pandas: it only holds what the author says. `gradproof.code.load` reads the code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gradproof.errors import GradproofError

Structure = Any
"""A quantity's name, None for what is no quantity, or a list, tuple or dict of structures."""


@dataclass(frozen=True, init=False)
class Code:
    """Functions or methods that compute gradients, as they stand.

    Attributes:
        functions: What is read, in this order: names in `manual/NAME.py`, `"Layer.backward"` for a method; or the
            functions themselves.
        names: Variable -> quantity, where the rules do not find it; None where it is no quantity, though it looks like
            one. A variable is written as in the code (`dh`, `self.W`, `cache["x"]`), with its function before it where
            two functions use one name (`backward.x`).
        values: Arguments that are plain Python values, by name: sizes, flags, strides.
        arguments: Arguments that are structures of quantities: `{"params": ["W1", "b1"]}`.
        constructor: Arguments of the class; an array under a parameter's name gets the drawn values.
        results: What the last function returns, in order, where its own names do not say; None for what is no
            gradient, lists and dicts for structures.
        absent: Gradients of parameters that the code is meant not to give.
        opaque: Whether the functions are called as a whole, and only what they return is compared.
        lines: The first and the last line of a piece of a script; empty for the body of its only loop, and None where
            functions are read.

    Example:
        >>> import torch
        >>> from gradproof import Code, Reference, crosscheck, normal
        >>> def linear_backward(dout, cache):
        ...     x, w, b = cache
        ...     dx = dout @ w.T
        ...     dw = x.T @ dout
        ...     db = dout.mean(axis=0)
        ...     return dx, dw, db
        >>> class Linear(torch.nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.w = torch.nn.Parameter(torch.zeros(3, 2))
        ...         self.b = torch.nn.Parameter(torch.zeros(2))
        ...     def forward(self, x):
        ...         return x @ self.w + self.b
        >>> reference = Reference(Linear, inputs={"x": normal(5, 3)}, output="out")
        >>> code = Code(linear_backward, arguments={"cache": ("x", "w", "b")})
        >>> [one.equation for one in crosscheck(code, reference, trials=100).wrong]
        ['dLoss_db']
    """

    functions: tuple[str | Callable[..., Any], ...]
    names: Mapping[str, str | None] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    arguments: Mapping[str, Structure] = field(default_factory=dict)
    constructor: Mapping[str, Any] = field(default_factory=dict)
    results: tuple[Structure, ...] = ()
    absent: tuple[str, ...] = ()
    opaque: bool = False
    lines: tuple[int, ...] | None = None

    def __init__(
        self,
        *functions: str | Callable[..., Any],
        names: Mapping[str, str | None] | None = None,
        values: Mapping[str, Any] | None = None,
        arguments: Mapping[str, Structure] | None = None,
        constructor: Mapping[str, Any] | None = None,
        results: Iterable[Structure] | Mapping[str, Structure] = (),
        absent: Iterable[str] = (),
        opaque: bool = False,
    ) -> None:
        if not functions:
            raise GradproofError('Code(...) takes the functions to read: Code("forward", "backward")')
        for function in functions:
            if not isinstance(function, str) and not callable(function):
                raise GradproofError(
                    f'Code(...) takes functions or their names, one after the other: Code("forward", "backward"); '
                    f"not {function!r}"
                )
        for option, table in (
            ("names", names),
            ("values", values),
            ("arguments", arguments),
            ("constructor", constructor),
        ):
            if not isinstance(table, Mapping | None):
                raise GradproofError(f"Code({option}=...) takes a dictionary, not {table!r}")
        for option, quantities in (("results", results), ("absent", absent)):
            if isinstance(quantities, str):
                raise GradproofError(f"Code({option}=...) takes a tuple of quantities: ({quantities!r},)")
        for variable, quantity in (names or {}).items():
            if quantity is not None and (not isinstance(quantity, str) or not quantity.isidentifier()):
                raise GradproofError(f"Code(names=...): {variable!r} stands for {quantity!r}, which is no name")
        listed = (results,) if isinstance(results, Mapping) else tuple(results)
        for option, structure in (("results", listed), ("arguments", dict(arguments or {}))):
            for quantity in leaves_of(structure):
                if not quantity.isidentifier():
                    raise GradproofError(f"Code({option}=...): {quantity!r} is no name of a quantity")
        for name, value in (
            ("functions", functions),
            ("names", dict(names or {})),
            ("values", dict(values or {})),
            ("arguments", dict(arguments or {})),
            ("constructor", dict(constructor or {})),
            ("results", listed),
            ("absent", tuple(absent)),
            ("opaque", bool(opaque)),
            ("lines", None),
        ):
            object.__setattr__(self, name, value)

    @classmethod
    def script(cls, first: int | None = None, last: int | None = None, **said: Any) -> Code:
        """Code that stands in no function: one step of a script, which is not run but for its imports and definitions.

        What the lines read before they give it a value is what they are given, as the arguments of a function are;
        what they give values to is what they return, a variable that they change under its name with `_new`.

        Args:
            first: The first line of the step; without it the body of the file's only loop, or the whole file.
            last: Its last line.
            said: `names`, `values`, `arguments`, `absent`, `opaque` as for functions.

        Raises:
            GradproofError: One of the lines is missing, or they are no lines.

        Example:
            >>> Code.script(12, 30, names={"l2_delta": "dLoss_dz2"}).lines
            (12, 30)
        """
        lines = () if first is None and last is None else (first, last)
        if lines and not all(isinstance(line, int) for line in lines):
            raise GradproofError(
                f"Code.script(...) takes the first and the last line of a step, not {first!r}, {last!r}"
            )
        if lines and not 1 <= lines[0] <= lines[1]:  # type: ignore[operator]
            raise GradproofError(f"Code.script({first}, {last}): the lines of a file are counted from 1")
        made = cls("script", **said)
        object.__setattr__(made, "lines", lines)
        return made


def leaves_of(structure: Structure) -> Iterator[str]:
    """The quantities in a structure, in order.

    Raises:
        GradproofError: It holds what is neither a name, None, nor a structure.
    """
    if isinstance(structure, str):
        yield structure
    elif isinstance(structure, Mapping):
        for part in structure.values():
            yield from leaves_of(part)
    elif isinstance(structure, (list, tuple)):
        for part in structure:
            yield from leaves_of(part)
    elif structure is not None:
        raise GradproofError(
            f"Code(...) takes names of quantities, None, and lists and dicts of those, not {structure!r}"
        )

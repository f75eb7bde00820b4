"""What reading code yields: the values that it computes, each with the text that computes it.

A variable that is assigned again is another step: a step is never written into. Its text names other steps by their
idents, so that no name means two things.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

PREFIX = "_step_"


@dataclass(frozen=True)
class Origin:
    """Where a statement stands: its file's line, its text, and what the variables in it are.

    Attributes:
        line: Its first line in the file.
        text: Its text, as it is written there.
        function: The function that it stands in.
        scope: Variable -> the step that it was when the statement ran.
    """

    line: int
    text: str
    function: str
    scope: dict[str, Step] = field(default_factory=dict, compare=False, repr=False)


@dataclass(eq=False)
class Block:
    """Statements that run together and make one or more values: a loop, a write into an array, a call.

    Attributes:
        number: Its place in the order of all steps and blocks.
        statements: The statements, with a copy of everything they write into before them.
        origin: The statement of the code.
        kept: Which statements of a loop's body are left, where some are not needed; else None.
    """

    number: int
    statements: list[ast.stmt]
    origin: Origin
    kept: tuple[int, ...] | None = None


@dataclass(eq=False)
class Step:
    """One value that the code computes, or is given.

    Attributes:
        number: Its place in the order of all steps and blocks.
        sample: Its value in one trial.
        expression: What computes it, in terms of other steps; None for a value that is given.
        origin: The statement that it comes from.
        block: The statements that run before the expression.
        static: Whether it depends on shapes and plain Python values alone.
        quantity: What it is on the torch side, once that is known.
        variable: The variable that it was bound to first.
    """

    number: int
    sample: Any = field(repr=False)
    expression: ast.expr | None = None
    origin: Origin | None = None
    block: Block | None = None
    static: bool = False
    quantity: str | None = None
    variable: str = ""

    @property
    def ident(self) -> str:
        """The name by which other steps' texts mean it."""
        return f"{PREFIX}{self.number}"

    @property
    def given(self) -> bool:
        """Whether it is drawn or handed over, not computed."""
        return self.expression is None

    @property
    def is_real(self) -> bool:
        """Whether its value is a real number or an array of them."""
        return not self.static and is_numeric(self.sample) and np.asarray(self.sample).dtype.kind == "f"


@dataclass(eq=False)
class Compound:
    """A tuple, list or dict whose items are known one by one.

    Attributes:
        kind: `tuple`, `list` or `dict`.
        items: By index or key.
        whole: The step that is the whole of it, where a block made it.
    """

    kind: str
    items: dict[Any, Ref]
    whole: Step | None = None


@dataclass(eq=False)
class Instance:
    """An object of the code's own class, whose attributes are variables.

    Attributes:
        value: The object itself, as its constructor made it.
        attributes: Those that were read or written, by name.
        first: Those that were read before they were written, as they were then.
    """

    value: Any
    attributes: dict[str, Ref] = field(default_factory=dict)
    first: dict[str, Ref] = field(default_factory=dict)


Ref = Step | Compound | Instance


def is_numeric(value: Any) -> bool:
    """Whether a value is a number or an array of numbers."""
    return isinstance(value, (int, float, np.number, np.bool_)) or (
        isinstance(value, np.ndarray) and value.dtype.kind in "biuf"
    )


def named_steps(name: str, ref: Ref, within: tuple[int, ...] = ()) -> Iterator[tuple[str, Step]]:
    """Every step in a variable's value with the text that means it: `dW`, `cache['x']`, `self.W`; of objects that
    hold each other, each once."""
    if isinstance(ref, Step):
        yield name, ref
    elif id(ref) in within:
        return
    elif isinstance(ref, Compound):
        for key, item in ref.items.items():
            yield from named_steps(f"{name}[{key!r}]", item, (*within, id(ref)))
    else:
        for attribute, item in ref.attributes.items():
            yield from named_steps(f"{name}.{attribute}", item, (*within, id(ref)))


def idents_in(*nodes: ast.AST) -> dict[int, None]:
    """The numbers of the steps that texts name, in order."""
    return {
        int(name.id.removeprefix(PREFIX)): None
        for node in nodes
        for name in ast.walk(node)
        if isinstance(name, ast.Name) and name.id.startswith(PREFIX)
    }

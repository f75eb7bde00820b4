"""A random derivation as data: leaves, steps forward, and what each step sends back to its operands.

Shapes are in symbols (`("N", "A")`, `("N", "A+B")`), so that one derivation exists at any sizes.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Shape = tuple[str, ...]

TYING = ("relu", "clip", "hinge", "mask", "lookup", "columns", "attention")
"""Steps whose entries may be equal, or 0 or 1, with a probability above 0: what follows may not ask for the largest."""

UNTYING = ("add", "subtract")
"""Steps that make entries different again, if one of their operands has no ties."""

SIZES = ({"N": 5, "A": 3, "B": 4, "C": 2}, {"N": 3, "A": 4, "B": 5, "C": 6})
"""The sizes of the check, and others at which a fix has to hold as well; no two axes are alike."""


def in_numbers(shape: Shape, sizes: Mapping[str, int]) -> tuple[int, ...]:
    """A shape at given sizes: `("N", "A+B")` is `(5, 7)`."""
    return tuple(int(eval(axis, {}, dict(sizes))) for axis in shape)


@dataclass(frozen=True)
class Value:
    """A leaf or an intermediate.

    Attributes:
        name: `x0` an input, `w1` a parameter, `h4` a step.
        shape: In symbols.
        draws: How an input is drawn, as text; empty for anything else.
        ties: Whether several entries may be equal, or sit on a kink, with a probability above 0.
    """

    name: str
    shape: Shape
    draws: str = ""
    ties: bool = False

    @property
    def is_real(self) -> bool:
        """Whether it has a gradient."""
        return not self.draws.startswith(("integers", "one_hot"))


@dataclass(frozen=True)
class Pull:
    """What a step sends back to one operand.

    Attributes:
        operand: Which.
        whole: Its contribution in the operand's shape; with `into`, in that of the entries.
        added: The same where it is added to others and may broadcast; as `whole` if empty.
        fresh: Whether `whole` is an array of its own that can be written to.
        into: The entries that it belongs to (`[:, 1:]`), or `at IDX` where these may repeat.
    """

    operand: Value
    whole: str
    added: str = ""
    fresh: bool = True
    into: str = ""


@dataclass(frozen=True)
class Step:
    """One operation.

    Attributes:
        value: What it yields.
        forward: NumPy statements, target and expression; the last yields the value.
        torch: The same as one torch expression.
        locals: Statements of the backward that come first, target and expression.
        pulls: What goes back.
        kind: The operation's name.
    """

    value: Value
    forward: tuple[tuple[str, str], ...]
    torch: str
    pulls: tuple[Pull, ...]
    locals: tuple[tuple[str, str], ...] = ()
    kind: str = ""


@dataclass
class Builder:
    """A derivation that grows step by step."""

    rng: random.Random
    leaves: list[Value] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    uses: Counter[str] = field(default_factory=Counter)

    @property
    def values(self) -> list[Value]:
        """Everything that a step can read."""
        return [*self.leaves, *(step.value for step in self.steps)]

    def name(self) -> str:
        """The name of the next step."""
        return f"h{len(self.steps) + 1}"

    def operand(self, fits: Callable[[Value], bool]) -> Value | None:
        """A value that fits; one that nothing reads yet four times as likely, late ones more than early ones."""
        fitting = [value for value in self.values if value.is_real and fits(value)]
        if not fitting:
            return None
        weights = [(1 if self.uses[value.name] else 4) * (1 + k) for k, value in enumerate(fitting)]
        return self.rng.choices(fitting, weights)[0]

    def parameter(self, *shape: str) -> Value:
        """A new parameter."""
        return self._leaf(Value(f"w{len(self.leaves)}", shape))

    def input(self, draws: str, *shape: str) -> Value:
        """A new input; `draws` is the call that draws it, its shape left out: `normal`, `integers(0, B)`."""
        return self._leaf(Value(f"x{len(self.leaves)}", shape, draws))

    def _leaf(self, value: Value) -> Value:
        self.leaves.append(value)
        return value

    def add(
        self,
        kind: str,
        shape: Shape,
        forward: str | list[tuple[str, str]],
        torch: str,
        pulls: list[Pull],
        locals: list[tuple[str, str]] | None = None,
    ) -> None:
        """A step; its value is called `name()`."""
        tied = [pull.operand.ties for pull in pulls]
        ties = kind in TYING or (all(tied) if kind in UNTYING else any(tied))
        value = Value(self.name(), shape, ties=ties)
        lines = [(value.name, forward)] if isinstance(forward, str) else forward
        self.steps.append(Step(value, tuple(lines), torch, tuple(pulls), tuple(locals or ()), kind))
        self.uses.update(pull.operand.name for pull in pulls)

    @property
    def open_ends(self) -> list[Value]:
        """The steps that nothing reads."""
        return [step.value for step in self.steps if not self.uses[step.value.name]]

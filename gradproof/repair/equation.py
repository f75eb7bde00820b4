"""What mending needs to know of an equation and of the derivation around it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from gradproof.repair.formulas.formula import Call, Formula, inline, names_in, nodes
from gradproof.repair.formulas.functions import ELEMENTWISE, Functions
from gradproof.repair.formulas.names import Ancestors, Phase, phase
from gradproof.repair.formulas.parsed import Definition, Unreadable
from gradproof.repair.formulas.syntax import read
from gradproof.repair.program.chain.inner import Inner
from gradproof.repair.search.prior import Prior


class Equation(Protocol):
    """An equation of a derivation; `gradproof.case.derivation.Equation` is one."""

    @property
    def name(self) -> str:
        """The function's name, with the label of its form."""

    @property
    def quantity(self) -> str:
        """The quantity that it yields."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """The quantities that it is computed from: the function's parameters."""

    @property
    def function(self) -> Callable[..., Any]:
        """The function itself."""

    @property
    def line(self) -> int:
        """The line of its `def` in its file."""

    @property
    def source(self) -> str:
        """Its text."""


@dataclass(frozen=True)
class ReadEquation:
    """An equation with what its text says."""

    equation: Equation

    @cached_property
    def definition(self) -> Definition | str:
        """Its text, read; or why it cannot be."""
        return definition_of(self.equation)

    @cached_property
    def formula(self) -> Formula | None:
        """Its formula without local names; None where it cannot be read."""
        return inline(self.definition.formula) if isinstance(self.definition, Definition) else None

    @cached_property
    def helpers(self) -> tuple[str, ...]:
        """Helpers that it calls with one argument."""
        calls = [node for node in self._nodes if isinstance(node, Call)]
        names = [call.function for call in calls if len(call.arguments) == 1 and not call.keywords]
        return tuple(name for name in names if name not in ELEMENTWISE and not name.startswith("."))

    @cached_property
    def fragments(self) -> tuple[Formula, ...]:
        """Its parts that are more than a name."""
        plain = ("name", "size", "transpose")
        return tuple(node for node in self._nodes if node.kind not in plain and names_in(node))

    @property
    def _nodes(self) -> Iterator[Formula]:
        return nodes(self.formula) if self.formula is not None else iter(())


@dataclass(frozen=True)
class Context:
    """The derivation around an equation.

    Attributes:
        equations: All equations, the wrong ones among them.
        passing: Names of those that agree with the truth; they are what the search learns from.
        ancestors: Forward quantity -> what it is computed from, directly or not; empty where that is not known.
        settled: Names of equations that have been mended and are not to be edited again.
        inner: What is known of the statements of existing code.
        read: Equations by their identity, with what was read of them: a context hands it on to the next, which differs
            in few equations.
    """

    equations: Sequence[Equation] = ()
    passing: frozenset[str] = frozenset()
    ancestors: Ancestors = field(default_factory=dict)
    settled: frozenset[str] = frozenset()
    inner: Inner = field(default_factory=Inner)
    read: dict[int, ReadEquation] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def inputs(self) -> Mapping[str, frozenset[str]]:
        """Quantity -> what its equations read, but for what no equation of its phase can: that is a slip of its own."""
        found: dict[str, frozenset[str]] = {}
        for equation in self.equations:
            stage = phase(equation.quantity)
            read = frozenset(name for name in equation.inputs if phase(name) <= stage and name != equation.quantity)
            found[equation.quantity] = found.get(equation.quantity, frozenset()) | read
        return found

    def reading(self, equation: Equation) -> ReadEquation:
        """What the text of one of the equations says."""
        return self.read.setdefault(id(equation), ReadEquation(equation))

    @cached_property
    def _right(self) -> tuple[ReadEquation, ...]:
        """The passing equations that can be read."""
        readings = (self.reading(equation) for equation in self.equations if equation.name in self.passing)
        return tuple(reading for reading in readings if reading.formula is not None)

    @cached_property
    def formulas(self) -> Mapping[str, Formula]:
        """Formulas of the passing equations that can be read, without local names, by the equations' names."""
        return {one.equation.name: one.formula for one in self._right if one.formula is not None}

    @cached_property
    def helpers(self) -> tuple[str, ...]:
        """Helpers that passing equations call with one argument, such as the derivative of an activation."""
        return tuple(dict.fromkeys(name for reading in self._right for name in reading.helpers))

    @cached_property
    def fragments(self) -> tuple[Formula, ...]:
        """Parts of passing formulas that are more than a name, each once."""
        return tuple(dict.fromkeys(part for reading in self._right for part in reading.fragments))

    @cached_property
    def prior(self) -> Prior:
        """Prices of names and formulas, learnt from the passing equations."""
        right = {equation.name: equation.inputs for equation in self.equations if equation.name in self.passing}
        forward = {name: reads for name, reads in self.inputs.items() if phase(name) == Phase.FORWARD}
        return Prior(right, forward)

    @cached_property
    def activations(self) -> Mapping[str, str]:
        """Forward quantity that is computed from one other quantity -> that other: an activation -> its argument."""
        return {
            name: next(iter(reads))
            for name, reads in self.inputs.items()
            if phase(name) == Phase.FORWARD and len(reads) == 1
        }


def functions_of(equation: Equation) -> Functions:
    """What the names in an equation's text mean."""
    return Functions(getattr(inspect.unwrap(equation.function), "__globals__", {}))


def definition_of(equation: Equation) -> Definition | str:
    """An equation's text, read; or why it cannot be."""
    try:
        return read(equation.source, functions_of(equation))
    except Unreadable as error:
        return str(error)

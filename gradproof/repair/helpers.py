"""Helper quantities: what equations compute on the way to a quantity that the reference knows.

An equation that reads a helper is run together with the helpers upstream of it, from quantities that the reference
knows. Its own slip is then told from a slip in a helper: both are edits of one formula, in which every helper is a
local name.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradproof.repair.equation import Equation, definition_of
from gradproof.repair.evidence.confirm import outputs
from gradproof.repair.evidence.groups import Evidence
from gradproof.repair.formulas.formula import Formula, Local, Name, nodes, transform
from gradproof.repair.formulas.parsed import Definition
from gradproof.repair.formulas.rewrite import Unwritable

_BLOCK = 10_000
"""Numbers of statements that are set aside for each part of a fused formula; the last is what the part returns."""

Helpers = Mapping[str, Equation]
"""Quantity -> the equation that other equations read it from."""


def helpers_among(equations: Iterable[Equation], known: Collection[str]) -> dict[str, Equation]:
    """The equations of quantities that the reference does not know; the plain form, or the first, where several are."""
    found: dict[str, Equation] = {}
    for equation in equations:
        if equation.quantity not in known and (equation.quantity not in found or equation.name == equation.quantity):
            found[equation.quantity] = equation
    return found


def upstream(equation: Equation, helpers: Helpers) -> tuple[Equation, ...]:
    """The helpers that an equation is computed from, each after those that it reads itself.

    Raises:
        Unwritable: They read each other in a circle.
    """
    done: dict[str, Equation] = {}
    _visit(equation, helpers, done, ())
    return tuple(done.values())


def _visit(equation: Equation, helpers: Helpers, done: dict[str, Equation], path: tuple[str, ...]) -> None:
    for name in equation.inputs:
        if name in path:
            raise Unwritable(f"{name} is read in a circle")
        if name in helpers and name not in done:
            _visit(helpers[name], helpers, done, (*path, name))
            done[name] = helpers[name]


@dataclass(frozen=True)
class Composite:
    """An equation with the helpers upstream of it as one function of known quantities.

    Attributes:
        inputs: The quantities it is computed from.
        function: The function.
    """

    inputs: tuple[str, ...]
    function: Callable[..., Any]


def composite(equation: Equation, helpers: Helpers) -> Composite:
    """The equation and its helpers as one function; the equation's own where it reads none.

    Raises:
        Unwritable: The helpers read each other in a circle.
    """
    steps = (*upstream(equation, helpers), equation)
    if len(steps) == 1:
        return Composite(equation.inputs, equation.function)
    made = {step.quantity for step in steps[:-1]}
    inputs = tuple(dict.fromkeys(name for step in steps for name in step.inputs if name not in made))

    def function(*values: Any) -> Any:
        table = dict(zip(inputs, values, strict=True))
        for step in steps[:-1]:
            table[step.quantity] = step.function(*(table[name] for name in step.inputs))
        return equation.function(*(table[name] for name in equation.inputs))

    return Composite(inputs, function)


def with_helpers(groups: Sequence[Evidence], helpers: Helpers) -> tuple[Evidence, ...]:
    """The groups with the values of all helpers that are finite in all trials, computed as they are written."""
    values: list[dict[str, Any]] = [{} for _ in groups]
    for quantity, equation in helpers.items():
        try:
            whole = composite(equation, helpers)
        except Unwritable:
            continue
        if not all(name in group.values for group in groups for name in whole.inputs):
            continue
        computed = [outputs(whole.function, whole.inputs, group) for group in groups]
        if all(not isinstance(value, Exception) and np.isfinite(value).all() for value in computed):
            for known, value in zip(values, computed, strict=True):
                known[quantity] = value
    return tuple(
        replace(group, values={**group.values, **known}) if known else group
        for group, known in zip(groups, values, strict=True)
    )


@dataclass(frozen=True)
class Part:
    """An equation whose text may hold the slip.

    Attributes:
        equation: The equation.
        definition: Its text, read.
        first: The number of its first statement in the fused formula.
    """

    equation: Equation
    definition: Definition
    first: int


@dataclass(frozen=True)
class Program:
    """An equation fused with the helpers upstream of it that can be read.

    Attributes:
        parts: Their texts, a helper before what reads it, the equation itself last.
        formula: What the equation returns, with the helpers as local names.
    """

    parts: tuple[Part, ...]
    formula: Formula

    def changed(self, formula: Formula) -> tuple[Part, Formula]:
        """The one part whose text must change to give another formula, and its own formula then.

        Raises:
            Unwritable: More than one part must change, or none.
        """
        wanted = _definitions(formula)
        changes = []
        for part in self.parts:
            whole = formula if part is self.parts[-1] else wanted.get(part.first + _BLOCK - 1, part.definition.formula)
            if whole is part.definition.formula:
                continue
            own = _taken_out(whole, part)
            if own != part.definition.formula:
                changes.append((part, own))
        if len(changes) != 1:
            raise Unwritable(f"{len(changes)} texts would have to be changed")
        return changes[0]

    def place(self, formula: Formula) -> str:
        """The name of the equation that has to be changed to give a formula; empty where that is not one alone."""
        try:
            return self.changed(formula)[0].equation.name if len(self.parts) > 1 else ""
        except Unwritable:
            return ""


def fused(equation: Equation, definition: Definition, helpers: Helpers, settled: Collection[str] = ()) -> Program:
    """An equation with its helpers as local names; helpers that cannot be read or are settled stay names.

    Raises:
        Unwritable: The helpers read each other in a circle.
    """
    parts, made = [], dict[str, Formula]()
    for number, helper in enumerate(upstream(equation, helpers), 1):
        read = definition_of(helper) if helper.name not in settled and _one_module(helper, equation) else ""
        if isinstance(read, Definition):
            part = Part(helper, read, number * _BLOCK)
            parts.append(part)
            made[helper.quantity] = Local(helper.quantity, part.first + _BLOCK - 1, _put_in(part, made))
    own = Part(equation, definition, 0)
    return Program((*parts, own), _put_in(own, made))


def _one_module(helper: Equation, equation: Equation) -> bool:
    """Whether names mean the same in both texts."""
    spaces = [getattr(inspect.unwrap(each.function), "__globals__", None) for each in (helper, equation)]
    return spaces[0] is spaces[1]


def _put_in(part: Part, made: Mapping[str, Formula]) -> Formula:
    def rule(node: Formula) -> Formula | None:
        if isinstance(node, Name):
            return made.get(node.id)
        if isinstance(node, Local):
            return Local(node.id, node.step + part.first, transform(node.definition, rule))
        return None

    return transform(part.definition.formula, rule)


def _taken_out(formula: Formula, part: Part) -> Formula:
    """A part's own formula: helpers are names again, and its statements have their own numbers."""

    def rule(node: Formula) -> Formula | None:
        if not isinstance(node, Local):
            return None
        if node.step % _BLOCK == _BLOCK - 1:
            return Name(node.id)
        if not 0 <= node.step - part.first < _BLOCK:
            raise Unwritable(f"{node.id} is a local name of another equation")
        return Local(node.id, node.step - part.first, transform(node.definition, rule))

    return transform(formula, rule)


def _definitions(formula: Formula) -> dict[int, Formula]:
    """What each local name of a formula stands for, by the number of its statement.

    Raises:
        Unwritable: One stands for several things.
    """
    found: dict[int, Formula] = {}
    for node in nodes(formula):
        if isinstance(node, Local) and found.setdefault(node.step, node.definition) != node.definition:
            raise Unwritable(f"{node.id} would stand for two formulas")
    return found

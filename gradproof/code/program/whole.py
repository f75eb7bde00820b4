"""A case's code as a whole: bound, called once on the values of one trial, and what that gave."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch

from gradproof.case.derivation import Equation
from gradproof.code.program.calls import Argument, Binder, Given, found_in, of_function, shape_of
from gradproof.code.program.claim import Claim
from gradproof.code.program.equations import Runner, equations_of, form_of
from gradproof.code.program.objects import program_of
from gradproof.code.program.results import claims_of
from gradproof.code.program.running import Outcome, Program
from gradproof.code.program.said import require_meant
from gradproof.code.quantities import Quantities
from gradproof.code.spec import Code
from gradproof.errors import GradproofError
from gradproof.truth.sources import Leaf


@dataclass(frozen=True)
class Whole:
    """Functions as they stand, on one trial.

    Attributes:
        program: The calls.
        outcome: What they left.
        claims: The values with a meaning, by the equation's name.
        unknown: Returned values without one.
        shapes: The shape of a truth, where the value only differs from it in axes of size 1.
        notes: Why statements could not be followed, and what was not taken for a quantity.
        meanings: What each variable was taken for, a `Meaning` each.
    """

    program: Program
    outcome: Outcome
    claims: dict[str, Claim]
    unknown: tuple[Claim, ...]
    shapes: dict[str, tuple[int, ...]]
    notes: list[str] = field(default_factory=list, compare=False)
    meanings: list[Any] = field(default_factory=list, compare=False)

    @cached_property
    def equations(self) -> tuple[Equation, ...]:
        """An equation for each result, that calls everything."""
        path, line = place_of(self.program)
        return equations_of(Runner(self.program, self.claims, self.shapes), path, line)

    def equation(self, name: str) -> Equation:
        """That of one result."""
        return next(one for one in self.equations if one.name == name)


def whole_of(code: Code, quantities: Quantities, module: ModuleType | None, name: str) -> Whole:
    """Bind the functions of a case and call them.

    Raises:
        GradproofError: An argument has no meaning, or they cannot be called.
    """
    binder = Binder(quantities)
    for function in code.functions:
        call = found_in(module, function, name) if isinstance(function, str) else of_function(function)
        _refuse_generators(call.plain)
        binder.add(call)
    require_meant(code, binder.calls)
    program = program_of(tuple(binder.calls), quantities)
    _require_parameters(program, quantities)
    quantities.samples.look_up(program.inputs)
    values = {quantity: quantities.samples.of(quantity) for quantity in program.inputs}
    for quantity, value in values.items():
        if value is None:
            raise GradproofError(f"Code(...): {quantity} is given, but {quantities.binding.why_unknown(quantity)}")
    program, outcome = _run(program, values)
    claims = claims_of(program, outcome, quantities)
    _require_repeatable(program, values, claims, outcome)
    named = {claim.quantity: claim for claim in claims if claim.quantity}
    shapes = {}
    for quantity, claim in named.items():
        shape = form_of(claim.pick(outcome), quantities.samples.of(quantity))
        if shape is not None:
            shapes[quantity] = shape
    return Whole(program, outcome, named, tuple(c for c in claims if not c.quantity), shapes)


def _run(program: Program, values: dict[str, object]) -> tuple[Program, Outcome]:
    """The program's first run: as the case says, or as its code turns out to need it.

    Raises:
        GradproofError: It raises.
    """
    try:
        return program, program.run(values)
    except (Exception, SystemExit) as error:
        for other in _otherwise(program):
            with suppress(Exception, SystemExit):
                return other, other.run(values)
        raise GradproofError(_why(error, program, values)) from error


def _otherwise(program: Program) -> Iterator[Program]:
    """The same with quantities by their names where the case lists them, and on tensors."""
    calls = [replace(call, arguments={n: _by_name(one) for n, one in call.arguments.items()}) for call in program.calls]
    if calls != list(program.calls):
        yield replace(program, calls=tuple(calls))
    if any(_knows_torch(call.plain) for call in program.calls):
        yield replace(program, tensors=True)


def _by_name(argument: Argument) -> Argument:
    """A list of quantities as a dict of them, for code that reads `params["W1"]`."""
    listed = argument.structure if isinstance(argument, Given) and isinstance(argument.structure, list) else []
    names = [part for part in listed if isinstance(part, str)]
    return Given({name: name for name in names}) if names and len(names) == len(listed) else argument


def _knows_torch(function: Callable[..., Any] | None) -> bool:
    return function is not None and any(value is torch for value in getattr(function, "__globals__", {}).values())


def _require_repeatable(program: Program, values: dict[str, object], claims: list[Claim], outcome: Outcome) -> None:
    """The same numbers give the same results when the code is called once more.

    Raises:
        GradproofError: They do not.
    """
    again = program.run(values)
    for claim in claims:
        one, other = (np.asarray(claim.pick(found)) for found in (outcome, again))
        if one.shape != other.shape or not np.array_equal(one, other, equal_nan=True):
            path, line = place_of(program)
            raise GradproofError(
                f"{path.parent.name}/{path.name}:{line}: {program.calls[-1].name}: called again on the same numbers, "
                f"the code gives another value of {claim.label}: random numbers are drawn, or state is kept outside "
                "the object; hand both over as arguments"
            )


def _refuse_generators(function: object) -> None:
    if inspect.isgeneratorfunction(function) or inspect.iscoroutinefunction(function):
        raise GradproofError(
            f"{getattr(function, '__qualname__', function)} is a generator or a coroutine, which gives its values one "
            "by one; let it return them all"
        )


def _require_parameters(program: Program, quantities: Quantities) -> None:
    """An object that reads no parameter of the model computes with other numbers than those that are drawn."""
    binding = quantities.binding
    sources = [binding.find(quantity) for quantity in program.inputs]
    read = {source.path for source in sources if isinstance(source, Leaf)}
    has_object = any(call.owner is not None for call in program.calls)
    if has_object and binding.parameters and not read.intersection(binding.parameters):
        symbols = [s for s, source in binding.roots.items() if getattr(source, "path", None) in binding.parameters]
        if not symbols:
            raise GradproofError(
                "the code never reads a parameter of the model, and the reference has no symbol for one: "
                'Reference(symbols={"W1": "layers.0.weight"}), then Code(names={"self.weights[0]": "W1"})'
            )
        raise GradproofError(
            f"the code never reads a parameter of the model ({', '.join(symbols)}): say which variable each is: "
            f'Code(names={{"self.w": "{symbols[0]}"}}), by its path where other objects hold it: '
            f'Code(names={{"self.layers[0].w": "{symbols[0]}"}})'
        )


def _why(error: BaseException, program: Program, values: dict[str, object]) -> str:
    files = {call.plain.__code__.co_filename for call in program.calls if call.plain is not None}
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in files]
    place, text = "", ""
    if frames:
        path = Path(frames[-1].filename)
        place, text = f"{path.parent.name}/{path.name}:{frames[-1].lineno}: ", f"{frames[-1].line}: "
    return (
        f"{place}{text}{type(error).__name__}: {error}; {program.calls[-1].name} was called on one trial with shapes "
        f"{ {name: shape_of(value) for name, value in values.items()} }"
    )


def place_of(program: Program) -> tuple[Path, int]:
    """The file and the line of the last function."""
    plain = program.calls[-1].plain
    if plain is None:
        return Path("opaque.py"), 1
    return Path(plain.__code__.co_filename), plain.__code__.co_firstlineno

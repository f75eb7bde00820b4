"""Objects of the code's own classes: which of their attributes and constructor arguments are quantities."""

from __future__ import annotations

import dis
import inspect
from collections.abc import Iterator, Mapping
from types import FunctionType
from typing import Any

import numpy as np

from gradproof.code.naming import symbol_of
from gradproof.code.paths import arrays_in, drawn_at, part_of
from gradproof.code.program.calls import Argument, Call, Given, Length
from gradproof.code.program.constructing import constructed
from gradproof.code.program.running import Program
from gradproof.code.quantities import Quantities
from gradproof.code.spec import leaves_of
from gradproof.errors import GradproofError
from gradproof.truth.sources import Leaf


def program_of(calls: tuple[Call, ...], quantities: Quantities) -> Program:
    """The calls with the values of objects bound.

    Raises:
        GradproofError: An object cannot be made.
    """
    owners = list(dict.fromkeys(call.owner for call in calls if call.owner is not None and call.bound is None))
    constructor = {
        owner: constructed(next(c for c in calls if c.owner is owner), quantities, alone=len(owners) == 1)
        for owner in owners
    }
    inputs = dict.fromkeys(
        quantity
        for one in [
            *(argument for made in constructor.values() for argument in made.values()),
            *(argument for call in calls for argument in call.arguments.values()),
        ]
        for quantity in _quantities_of(one)
    )
    attributes: dict[type, dict[str, str]] = {}
    for call in calls:
        if call.owner is not None and call.owner not in attributes:
            attributes[call.owner] = {}
            bare = Program(calls, tuple(inputs), {}, constructor)
            made = _made(bare, call, quantities)
            attributes[call.owner] = dict(_attributes(call.owner, made, quantities, frozenset(inputs)))
            inputs |= dict.fromkeys(attributes[call.owner].values())
    return Program(calls, tuple(inputs), attributes, constructor)


def _quantities_of(argument: Argument) -> list[str]:
    """The quantities whose values, or sizes, an argument is made of."""
    match argument:
        case Given(structure=structure):
            return list(leaves_of(structure))
        case Length(places=places):
            return [quantity for quantity, _ in places]
    return []


def places_of(program: Program, quantities: Quantities) -> dict[type, dict[str, str]]:
    """Class -> path within its object -> the quantity whose drawn numbers stand there before the first call."""
    given = {name: quantities.samples.of(name) for name in program.inputs}
    found: dict[type, dict[str, str]] = {}
    for call in program.calls:
        if call.owner is None or call.owner in found:
            continue
        made = program.object_of(call, {name: np.array(value)[()] for name, value in given.items()})
        found[call.owner] = {
            path: name
            for path, value in arrays_in(made)
            for name, drawn in given.items()
            if np.ndim(drawn) and np.shape(drawn) == np.shape(value) and np.array_equal(drawn, value)
        }
    return found


def _made(program: Program, call: Call, quantities: Quantities) -> Any:
    assert call.owner is not None
    given = {name: quantities.samples.of(name) for name in program.inputs}
    try:
        return program.object_of(call, given)
    except Exception as error:
        raise GradproofError(
            f"{call.owner.__name__}(...) cannot be made: {type(error).__name__}: {error}; give its arguments: "
            f"Code(constructor={{...}}) for {inspect.signature(call.owner)}"
        ) from error


def _attributes(owner: type, made: Any, quantities: Quantities, handed: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Path -> quantity of what stands in an object before its methods are called."""
    leaves = quantities.samples.leaves
    listed = {}
    for key, quantity in quantities.code.names.items():
        path = key.removeprefix(f"{owner.__name__}.").removeprefix("self.")
        if key == path or quantity is None or quantity not in leaves:
            continue
        listed[path.replace('"', "'")] = quantity
        quantities.used.add(key)
    yield from listed.items()
    bound = {*listed.values()}
    shallow: dict[str, list[str]] = {}
    for path, value in arrays_in(made, depth=3):
        symbol = drawn_at(path, sorted(leaves))
        if symbol is None or symbol in bound or path in listed or "grad" in path.lower():
            continue
        truth = quantities.samples.of(symbol)
        is_drawn = symbol in handed and np.array_equal(value, truth)
        if np.shape(value) == np.shape(truth) and not is_drawn:
            shallow.setdefault(symbol, []).append(path)
    for symbol, paths in shallow.items():
        nearest = min(path.count(".") + path.count("[") for path in paths)
        best = [path for path in paths if path.count(".") + path.count("[") == nearest]
        if len(best) == 1 and not _stands(made, symbol, quantities):
            bound.add(symbol)
            yield best[0], symbol
    loaded, stored = _names_of(owner)
    for name in sorted(loaded):
        symbol = symbol_of(name, sorted(leaves))
        if symbol is None or symbol in bound or name in listed or callable(getattr(made, name, None)):
            continue
        source = quantities.binding.roots[symbol]
        is_parameter = isinstance(source, Leaf) and source.path in quantities.binding.parameters
        missing = not hasattr(made, name) and name not in stored
        if missing or (is_parameter and hasattr(made, name) and getattr(made, name) is None):
            bound.add(symbol)
            yield name, symbol


def _stands(made: Any, symbol: str, quantities: Quantities) -> bool:
    """Whether the drawn values of a quantity stand in an object already, under whatever name."""
    truth = quantities.samples.of(symbol)
    return np.ndim(truth) > 0 and any(np.array_equal(value, truth) for _, value in arrays_in(made))


def _names_of(owner: type) -> tuple[set[str], set[str]]:
    """The attributes that the methods of a class read, and those that they set."""
    loaded: set[str] = set()
    stored: set[str] = set()
    for holder in owner.__mro__[:-1]:
        for member in vars(holder).values():
            plain = inspect.unwrap(getattr(member, "__func__", member)) if callable(member) else member
            if isinstance(plain, FunctionType):
                for step in dis.get_instructions(plain):
                    if step.opname in ("LOAD_ATTR", "LOAD_METHOD"):
                        loaded.add(str(step.argval))
                    elif step.opname == "STORE_ATTR":
                        stored.add(str(step.argval))
    return loaded, stored


def value_at(objects: Mapping[type, Any], owner: type, path: str) -> Any:
    """What stands at a path of an object after the calls; None where nothing does."""
    try:
        return part_of(objects[owner], path)
    except LookupError:
        return None

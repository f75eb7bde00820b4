"""Functions that are called as a whole: every result is an equation, and nothing inside is located."""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gradproof.case.derivation import Equation
from gradproof.case.project import suggestions
from gradproof.code.quantities import Quantities
from gradproof.code.samples import Samples
from gradproof.errors import GradproofError

KEPT = frozenset({"cache", "ctx", "state", "saved", "context", "memory", "tape", "residuals"})
"""Names of the argument by which a backward function is handed what the forward function kept."""


@dataclass(frozen=True)
class Call:
    """One function of a chain.

    Attributes:
        name: Its name.
        function: What is called.
        owner: Its class where it is a method.
        arguments: Parameter -> quantity, or a plain value, or what the function before it kept.
    """

    name: str
    function: Callable[..., Any]
    owner: type | None
    arguments: Mapping[str, tuple[str, Any]]


def equations(
    functions: list[tuple[type | None, Any]], quantities: Quantities, samples: Samples
) -> tuple[Equation, ...]:
    """An equation for every result of functions that are called one after the other.

    Raises:
        GradproofError: An argument or a result has no meaning.
    """
    calls = [_call(owner, function, quantities, samples) for owner, function in functions]
    inputs = tuple(
        dict.fromkeys(value for call in calls for kind, value in call.arguments.values() if kind == "quantity")
    )
    attributes = {
        key.removeprefix("self."): quantity
        for key, quantity in quantities.code.names.items()
        if key.startswith("self.") and quantity not in inputs
    }
    given = {
        key.removeprefix("self."): quantity
        for key, quantity in quantities.code.names.items()
        if key.startswith("self.") and quantity in samples.leaves
    }
    inputs = tuple(dict.fromkeys((*inputs, *given.values())))
    chain = _Chain(tuple(calls), inputs, given, dict(quantities.code.constructor))
    try:
        results, _ = chain.run([copy.deepcopy(samples.of(name)) for name in inputs])
    except Exception as error:
        raise GradproofError(
            f"{calls[-1].name} cannot be called on one trial with shapes "
            f"{ {name: np.shape(samples.of(name)) for name in inputs} }: {type(error).__name__}: {error}"
        ) from error
    picks = _picks(calls, results, quantities)
    for attribute, quantity in attributes.items():
        if quantity not in given.values():
            picks.setdefault(quantity, lambda _, made, attribute=attribute: _part(made[-1], attribute))
    if not picks:
        raise GradproofError(
            f"nothing says what {calls[-1].name} returns; name its results in order: "
            f'Code(..., opaque=True, results=("d{quantities.loss}_dX", ...))'
        )
    path, line = _place(functions[-1][1])
    return tuple(Equation(name, inputs, _picking(name, chain, pick), path, line, "") for name, pick in picks.items())


@dataclass(frozen=True)
class _Chain:
    """Calls that hand what they keep to each other."""

    calls: tuple[Call, ...]
    inputs: tuple[str, ...]
    attributes: Mapping[str, str]
    constructor: Mapping[str, Any]

    def run(self, values: list[Any]) -> tuple[list[Any], list[Any]]:
        """What each call returns, and the objects that methods were called on."""
        named = dict(zip(self.inputs, values, strict=True))
        objects: dict[type, Any] = {}
        results: list[Any] = []
        for call in self.calls:
            arguments = {}
            for parameter, (kind, value) in call.arguments.items():
                arguments[parameter] = (
                    named[value] if kind == "quantity" else _kept(results[-1]) if kind == "kept" else value
                )
            if call.owner is None:
                results.append(call.function(**arguments))
                continue
            if call.owner not in objects:
                made = objects[call.owner] = call.owner(**self.constructor)
                for attribute, quantity in self.attributes.items():
                    _set_part(made, attribute, named[quantity])
            results.append(call.function(objects[call.owner], **arguments))
        return results, list(objects.values())


def _steps(path: str) -> list[str | int]:
    """A path within an object, step by step: `layers[0].params['W']`."""
    tokens = re.findall(r"(\w+)|\[(\d+)\]|\[['\"]([^'\"]+)['\"]\]", path)
    return [f".{name}" if name else int(index) if index else key for name, index, key in tokens]


def _part(value: Any, path: str) -> Any:
    """What stands at a path within an object."""
    for step in _steps(path):
        value = getattr(value, step[1:]) if isinstance(step, str) and step.startswith(".") else value[step]
    return value


def _set_part(value: Any, path: str, new: Any) -> None:
    """Put a value at a path within an object."""
    *way, last = _steps(path)
    for step in way:
        value = getattr(value, step[1:]) if isinstance(step, str) and step.startswith(".") else value[step]
    if isinstance(last, str) and last.startswith("."):
        setattr(value, last[1:], new)
    else:
        value[last] = new


def _kept(result: Any) -> Any:
    """What a forward function hands on: the last thing it returns."""
    return result[-1] if isinstance(result, tuple) else result


def _picking(name: str, chain: _Chain, pick: Callable[..., Any]) -> Callable[..., Any]:
    def result(*values: Any) -> Any:
        results, made = chain.run([value.copy() if isinstance(value, np.ndarray) else value for value in values])
        return pick(results, made)

    result.__name__ = name
    return result


def _call(owner: type | None, function: Any, quantities: Quantities, samples: Samples) -> Call:
    name = getattr(function, "__qualname__", type(function).__name__)
    try:
        parameters = list(inspect.signature(function).parameters.values())[owner is not None :]
    except (TypeError, ValueError) as error:
        raise GradproofError(
            f"the arguments of {name} cannot be seen; wrap it into a function whose arguments have names"
        ) from error
    code = quantities.code
    arguments: dict[str, tuple[str, Any]] = {}
    for parameter in parameters:
        key = parameter.name
        quantity = quantities.of_argument(key, name) or ""
        if quantity and samples.of(quantity) is not None:
            arguments[key] = "quantity", quantity
        elif key in code.values:
            arguments[key] = "value", code.values[key]
        elif key in KEPT:
            arguments[key] = "kept", None
        elif parameter.default is parameter.empty:
            close = suggestions(key, list(quantities.binding.roots))
            raise GradproofError(
                f"{name}: no meaning is known for the argument {key}{close}; "
                f'say which quantity it is: Code(names={{"{key}": "X"}}), or which plain value: '
                f'Code(values={{"{key}": 2}})'
            )
    return Call(name, function, owner, arguments)


def _picks(calls: list[Call], results: list[Any], quantities: Quantities) -> dict[str, Callable[..., Any]]:
    """Quantity -> how it is taken from what the calls return."""
    last = results[-1]
    parts = list(last) if isinstance(last, (tuple, list)) else [last]
    named = quantities.code.results
    picks: dict[str, Callable[..., Any]] = {}
    if named:
        if len(named) != len(parts):
            raise GradproofError(
                f"Code(results=...) names {len(named)} quantities, but {calls[-1].name} returns {len(parts)}"
            )
        for place, quantity in enumerate(named):
            if isinstance(last, (tuple, list)):
                picks[quantity] = lambda found, _, place=place: found[-1][place]
            else:
                picks[quantity] = lambda found, _: found[-1]
    elif isinstance(last, dict):
        for key in last:
            stored = quantities.of_variable(f"grads['{key}']", calls[-1].name)
            if stored is not None:
                picks[stored] = lambda found, _, key=key: found[-1][key]
    wanted = quantities.binding.results or {quantities.loss: ()}
    forward = results[0] if isinstance(results[0], tuple) else (results[0],)
    for place, ((name, shape), value) in enumerate(zip(wanted.items(), forward, strict=False)):
        if len(results) > 1 and isinstance(value, (np.ndarray, np.generic, float)) and np.shape(value) == shape:
            whole = not isinstance(results[0], tuple)
            picks.setdefault(name, lambda found, _, at=place, whole=whole: found[0] if whole else found[0][at])
    return picks


def _place(function: Any) -> tuple[Path, int]:
    code = getattr(inspect.unwrap(function), "__code__", None)
    return (Path(code.co_filename), code.co_firstlineno) if code is not None else (Path("opaque.py"), 1)

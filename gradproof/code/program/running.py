"""The functions of a case called as they are, one after the other, on the values of one trial."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradproof.case.depth import usual_depth
from gradproof.code.paths import put
from gradproof.code.program.calls import Argument, Call, Given, Kept, Length, Plain, kept_of
from gradproof.code.program.tensors import tensor_of, with_arrays
from gradproof.code.spec import Structure


@dataclass(frozen=True)
class Outcome:
    """What a run left.

    Attributes:
        returned: What each call returned.
        objects: The objects in which methods were called, by their class.
        arguments: The arguments of each call as it left them.
        given: The array that stood for each quantity, as the calls left it.
    """

    returned: tuple[Any, ...]
    objects: Mapping[type, Any]
    arguments: tuple[Mapping[str, Any], ...]
    given: Mapping[str, Any]


@dataclass(frozen=True)
class Program:
    """Calls that hand what they keep to each other.

    Attributes:
        calls: In their order.
        inputs: The quantities that they are given.
        attributes: Class -> path within its object -> the quantity that stands there before the first call.
        constructor: Class -> its arguments; an argument may be a structure of quantities.
        tensors: Whether it computes on torch's tensors rather than on arrays.
    """

    calls: tuple[Call, ...]
    inputs: tuple[str, ...]
    attributes: Mapping[type, Mapping[str, str]]
    constructor: Mapping[type, Mapping[str, Argument]]
    tensors: bool = False

    def run(self, values: Mapping[str, Any]) -> Outcome:
        """Call everything on copies of the values of the inputs.

        Raises:
            Exception: Whatever the code raises.
        """
        own = {name: _own(values[name]) for name in self.inputs}
        given = {name: tensor_of(value) for name, value in own.items()} if self.tensors else own
        objects: dict[type, Any] = {}
        returned: list[Any] = []
        handed: list[Mapping[str, Any]] = []
        with np.errstate(all="ignore"), usual_depth():
            for call in self.calls:
                arguments = {name: self._value(one, given, returned) for name, one in call.arguments.items()}
                if call.owner is None:
                    returned.append(call.function(**arguments))
                else:
                    if call.owner not in objects:
                        objects[call.owner] = self.object_of(call, given)
                    returned.append(call.function(objects[call.owner], **arguments))
                handed.append(arguments)
        if self.tensors:
            seen: dict[int, Any] = {}
            returned, handed, objects = (with_arrays(found, seen) for found in (returned, handed, objects))
        return Outcome(tuple(returned), objects, tuple(handed), own)

    def object_of(self, call: Call, given: Mapping[str, Any]) -> Any:
        """The object in which a method is called, as its constructor makes it."""
        assert call.owner is not None
        if call.bound is not None:
            made = copy.deepcopy(call.bound)
        else:
            handed = self.constructor.get(call.owner, {})
            made = call.owner(**{name: self._value(one, given, ()) for name, one in handed.items()})
        for path, quantity in self.attributes.get(call.owner, {}).items():
            put(made, path, given[quantity])
        return made

    @staticmethod
    def _value(argument: Argument, given: Mapping[str, Any], returned: Any) -> Any:
        match argument:
            case Given(structure=structure):
                return _filled(structure, given)
            case Plain(value=value):
                return copied(value)
            case Length():
                return argument.of({name: np.shape(value) for name, value in given.items()})
            case Kept(call=call, part=None):
                return kept_of(returned[call])
            case Kept(call=call, part=()):
                return returned[call]
            case Kept(call=call, part=part):
                return returned[call][part]
        raise AssertionError(argument)


def _filled(structure: Structure, given: Mapping[str, Any]) -> Any:
    """A structure with the values of its quantities."""
    if isinstance(structure, str):
        return given[structure]
    if isinstance(structure, Mapping):
        return {key: _filled(part, given) for key, part in structure.items()}
    if isinstance(structure, tuple):
        return tuple(_filled(part, given) for part in structure)
    if isinstance(structure, list):
        return [_filled(part, given) for part in structure]
    return structure


def _own(value: Any) -> Any:
    """A value that the code may write into; a number as a plain one of Python's where it is a single number."""
    if isinstance(value, np.ndarray):
        return value.copy() if value.ndim else value[()]
    return copy.copy(value)


def copied(value: Any) -> Any:
    """A copy of a plain value; itself where it cannot be copied: a module, a function."""
    try:
        return copy.deepcopy(value)
    except (TypeError, ValueError):
        return value

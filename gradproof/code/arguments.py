"""What the functions are called with, as they are read: drawn quantities, plain values, what is kept, and objects."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from gradproof.code.paths import attribute_of, is_object
from gradproof.code.program.calls import Argument, Call, Given, Kept, Plain
from gradproof.code.program.running import Program, copied
from gradproof.code.program.sized import SizedObjects
from gradproof.code.quantities import Quantities
from gradproof.code.reading.functions import Text
from gradproof.code.reading.nodes import name_of
from gradproof.code.reading.reader import Reader
from gradproof.code.reading.statements import StatementReader
from gradproof.code.reading.steps import Compound, Instance, Ref, Step
from gradproof.code.samples import Samples
from gradproof.code.spec import Structure
from gradproof.errors import GradproofError

Place = tuple[type, str]
"""The class whose object is called, and a path within that object."""


class Arguments:
    """The arguments of functions that belong together; each quantity and each object is one step throughout.

    Attributes:
        reader: What the functions are read with.
        owners: By class: its object, whose methods are among the functions.
    """

    def __init__(self, program: Program, quantities: Quantities, samples: Samples, first: Text) -> None:
        self._program, self._quantities, self._samples, self._first = program, quantities, samples, first
        self.reader = StatementReader(self.attribute, quantities.of_variable)
        self.owners: dict[type, Instance] = {}
        self._values = {name: samples.of(name) for name in program.inputs}
        self._given_steps: dict[str, Step] = {}
        self._instances: dict[int, Instance] = {}
        self._places: dict[int, Place] = {}
        self._sized = SizedObjects(program, quantities)

    def of_call(self, call: Call, text: Text, returned: list[Ref]) -> dict[str, Ref]:
        found: dict[str, Ref] = {}
        for position, name in enumerate(text.parameters):
            if call.owner is not None and position == 0:
                found[name] = self._owner(call)
            elif name in call.arguments:
                found[name] = self._argument(call.arguments[name], text, name, returned)
            elif position == 0 and inspect.ismethod(call.function):
                found[name] = self._plain(call.function.__self__, name)
        return found

    def _argument(self, argument: Argument, text: Text, name: str, returned: list[Ref]) -> Ref:
        match argument:
            case Given(structure=structure):
                return self._structure(structure, text, name)
            case Plain(value=value):
                return self._plain(value, name)
            case Kept(call=call, part=part):
                whole = returned[call]
                if part == ():
                    return whole
                if part is not None and isinstance(whole, Compound):
                    return whole.items[part]
                return _kept(whole)
        raise AssertionError(argument)

    def _structure(self, structure: Structure, text: Text, name: str) -> Ref:
        """A structure of quantities, each a step of its own."""
        if isinstance(structure, str):
            return self._given(structure, text, name)
        if isinstance(structure, Mapping):
            return Compound("dict", {k: self._structure(v, text, f"{name}[{k!r}]") for k, v in structure.items()})
        if isinstance(structure, (list, tuple)):
            items = {k: self._structure(v, text, f"{name}[{k}]") for k, v in enumerate(structure)}
            return Compound(type(structure).__name__, dict(items))
        return self._plain(structure, name)

    def _given(self, quantity: str, text: Text, name: str) -> Step:
        if quantity not in self._given_steps:
            sample = self._samples.of(quantity)
            if sample is None:
                raise GradproofError(
                    f"{text.name}: {name} stands for {quantity}, but {self._quantities.binding.why_unknown(quantity)}"
                )
            made = self.reader.step(sample)
            made.quantity, made.variable = quantity, name
            self._given_steps[quantity] = made
        return self._given_steps[quantity]

    def _plain(self, value: Any, name: str) -> Ref:
        """A plain Python value as it stands; where it cannot be spelt, by a global name."""
        expression: ast.expr
        if isinstance(value, dict) and all(isinstance(key, str) for key in value):
            return Compound("dict", {key: self._plain(item, f"{name}_{key}") for key, item in value.items()})
        if type(value) in (bool, int, float, str, type(None)):
            expression = ast.Constant(value)
        else:
            expression = self._hold(name, value)
        made = self.reader.step(value, expression, static=True)
        made.variable = name
        return made

    def _hold(self, name: str, value: Any) -> ast.Name:
        """A global name for a value that cannot be spelt."""
        held, count = f"_held_{name}", 1  # two objects may have an attribute of one name
        while held in self.reader.globals and self.reader.globals[held] is not value:
            held, count = f"_held_{name}_{count}", count + 1
        self.reader.globals[held] = value
        return ast.Name(held, ast.Load())

    # Objects ------------------------------------------------------------------------------------------------------

    def _owner(self, call: Call) -> Instance:
        assert call.owner is not None
        if call.owner not in self.owners:
            made = self._program.object_of(call, {name: copied(value) for name, value in self._values.items()})
            self.owners[call.owner] = self._instance(made, (call.owner, ""))
        return self.owners[call.owner]

    def _instance(self, value: Any, place: Place) -> Instance:
        if id(value) not in self._instances:
            self._instances[id(value)] = Instance(value)
            self._places[id(value)] = place
            self.reader.instances.append(self._instances[id(value)])
        return self._instances[id(value)]

    def attribute(self, reader: Reader, owner: Instance, name: str) -> Ref:
        """What an attribute is before the code writes it: a quantity, or what the constructor made."""
        function = type(owner.value).__name__
        try:
            value = attribute_of(owner.value, name)
        except AttributeError as error:
            raise GradproofError(
                f"{function} has no attribute {name!r} when it is read; is it set in another method?"
            ) from error
        root, path = self._places[id(owner.value)]
        return self._wrapped(value, f"self.{name}", (root, f"{path}.{name}" if path else name))

    def _wrapped(self, value: Any, name: str, place: Place) -> Ref:
        """A value of an object: a quantity where it has its drawn numbers, an object, a compound, or plain."""
        quantity = self._drawn(value)
        if quantity is not None:
            return self._given(quantity, self._first, name)
        if isinstance(value, dict):
            return Compound("dict", {k: self._part(item, name, place, f"[{k!r}]") for k, item in value.items()})
        if type(value) in (list, tuple):
            items = {k: self._part(item, name, place, f"[{k}]") for k, item in enumerate(value)}
            return Compound(type(value).__name__, dict(items))
        if is_object(value):
            return self._instance(value, place)
        plain = "".join(c if c.isalnum() else "_" for c in name.removeprefix("self."))
        lengths = self._sized.lengths(*place, value)
        return self._by_size(value, plain, place, lengths) if lengths else self._plain(copied(value), plain)

    def _part(self, item: Any, name: str, place: Place, key: str) -> Ref:
        return self._wrapped(item, name + key, (place[0], place[1] + key))

    def _by_size(self, value: Any, name: str, place: Place, lengths: tuple[str, ...]) -> Step:
        """What an object holds that is another value at other sizes: made anew from the shapes that decide it."""
        held = self._hold(name, self._sized.maker(*place, lengths))
        steps = [self._given(quantity, self._first, quantity) for quantity in lengths]
        shapes: list[ast.expr] = [ast.Attribute(name_of(step.ident), "shape", ast.Load()) for step in steps]
        made = self.reader.step(value, ast.Call(held, shapes, []), static=True)
        made.variable = name
        return made

    def _drawn(self, value: Any) -> str | None:
        """The quantity whose drawn numbers an array has."""
        if not isinstance(value, (np.ndarray, np.floating)) or value.dtype.kind != "f" or not value.size:
            return None
        for quantity, drawn in self._values.items():
            if np.shape(drawn) == value.shape and np.asarray(drawn).dtype.kind == "f" and np.array_equal(drawn, value):
                return quantity
        return None


def _kept(ref: Ref) -> Ref:
    """What a function kept beside its result, as `kept_of` takes it from the values."""
    if not isinstance(ref, Compound) or ref.kind == "dict" or not ref.items:
        return ref
    items = list(ref.items.values())
    if len(items) == 2:
        return items[1]
    compound = [item for item in items if isinstance(item, Compound)]
    return compound[0] if len(compound) == 1 else ref

"""Existing code as a case's derivation: functions found, arguments bound, statements read, results held to account."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
import torch

from gradproof.case.derivation import Derivation, Equation, known_errata, parts_of
from gradproof.case.reference import Reference
from gradproof.code.acquittal import acquitted, is_result, reached
from gradproof.code.emit import equation
from gradproof.code.meanings import meanings_of
from gradproof.code.paths import arrays_in, attribute_of, part_or_none
from gradproof.code.program.calls import Argument, Call, Given, Kept, Plain
from gradproof.code.program.equations import form_of
from gradproof.code.program.results import Claim, agrees
from gradproof.code.program.running import copied
from gradproof.code.program.whole import Whole, whole_of
from gradproof.code.quantities import Quantities, assign
from gradproof.code.reading.blocks import same
from gradproof.code.reading.functions import Text, text_of
from gradproof.code.reading.reader import Reader
from gradproof.code.reading.statements import StatementReader
from gradproof.code.reading.steps import Compound, Instance, Ref, Step, named_steps
from gradproof.code.samples import Samples
from gradproof.code.spec import Code, Structure
from gradproof.code.stored import require_stored
from gradproof.errors import GradproofError
from gradproof.tolerances import READ
from gradproof.truth.binding import Binding
from gradproof.truth.sources import Derivative, Leaf, Updated


def read_code(
    code: Code,
    reference: Reference,
    *,
    name: str = "code",
    module: ModuleType | None = None,
    known: object = (),
    title: str = "",
    place: str = "reference",
) -> Derivation:
    """The derivation that existing code holds.

    Args:
        code: What is to be read, and what the names mean.
        reference: The torch side, whose draws the code is tried on; the first of several.
        name: The case's name.
        module: Where functions that are given by name are found.
        known: Names of equations that are known to be wrong.
        title: The case's title.
        place: The reference's file, for messages.

    Raises:
        GradproofError: A function cannot be read, an argument has no meaning, or a gradient is missing.
    """
    binding = Binding(reference, place, torch.float64)
    samples = Samples(binding)
    quantities = Quantities(code, samples)
    with np.errstate(all="ignore"):
        whole = whole_of(code, quantities, module, name)
        equations = whole.equations if code.opaque else _as_read(whole, quantities, samples)
        if code.opaque:
            whole.meanings.extend(meanings_of(whole, {}, quantities))
    errata = known_errata(known, equations, f"manual/{name}.py")
    derivation = Derivation(name, equations, errata, title or name, whole=whole)
    _require_gradients(derivation, quantities)
    return derivation


def _require_gradients(derivation: Derivation, quantities: Quantities) -> None:
    """Every gradient of a parameter is there, or declared absent; nothing is lost in silence."""
    found = {equation.quantity for equation in derivation.equations}
    loss, binding = quantities.loss, quantities.binding
    if not found:
        raise GradproofError(
            "no variable of the code is a quantity of the reference; say which is which: "
            f'Code(names={{"dw": "d{loss}_dW"}}); the reference has: {", ".join(binding.roots)}'
        )
    for quantity in quantities.code.absent:
        if quantity in found:
            raise GradproofError(f"Code(absent=...): {quantity} is not absent: the code computes it")
        if binding.find(quantity) is None:
            raise GradproofError(f"Code(absent=...): {quantity} is no quantity here: {binding.why_unknown(quantity)}")
    names: dict[str, list[str]] = {}  # a parameter -> its symbols
    spoken = {*binding.symbols, *binding.parameters, *(derivation.whole.program.inputs if derivation.whole else ())}
    for name in quantities.parameters:
        source = binding.roots[name]
        if name in spoken and isinstance(source, Leaf):
            names.setdefault(source.path, []).append(name)
    given = found.union(quantities.code.absent)
    gives = any(quantity.startswith(f"d{loss}_d") for quantity in found)
    updates = any(isinstance(binding.find(quantity), Updated) for quantity in found)
    for has_any, made_of, other in ((gives, f"d{loss}_d{{}}", "{}_new"), (updates, "{}_new", "")):
        # A parameter that is updated has its gradient judged by that, whatever the variable is called.
        missing = [
            symbols[-1]
            for symbols in names.values()
            if not given.intersection(form.format(symbol) for symbol in symbols for form in (made_of, other) if form)
        ]
        if has_any and missing:
            wanted = ", ".join(map(made_of.format, missing))
            raise GradproofError(
                f"the code has no variable for {wanted}: name the variable in Code(names=...), what the last "
                "function returns in Code(results=...), or declare it in Code(absent=...)"
            )


def _as_read(whole: Whole, quantities: Quantities, samples: Samples) -> tuple[Equation, ...]:
    """The statements as equations, with the results of the whole where they are not read; the whole alone where no
    statement can be followed."""
    returned: list[Any] | None = None
    try:
        loader = _Loader(whole, quantities, samples)
        returned = loader.read()
        read = loader.equations(returned)
    except Exception as problem:  # what this reader stumbles over is not the user's: the code runs as a whole
        if returned is not None and isinstance(problem, GradproofError):
            raise
        foreseen = isinstance(problem, (GradproofError, SyntaxError))
        fault = f"gradproof failed to read it, which is its own fault ({type(problem).__name__}: {problem})"
        whole.notes.append(str(problem) if foreseen else fault)
        whole.meanings.extend(meanings_of(whole, {}, quantities))
        _ask_for_unknown(whole, quantities, {})
        return whole.equations
    if fault := _cannot_run(read, samples):
        whole.notes.append(fault)  # the code itself has run: what fails is how it was read
        return whole.equations
    whole.meanings.extend(meanings_of(whole, loader.named, quantities))
    # A variable that is right does not speak for what is stored or returned in its place.
    lost = {
        quantity
        for quantity, claim in whole.claims.items()
        if not agrees(claim.pick(whole.outcome), quantities.samples.of(quantity))
    } - loader.results
    read = tuple(one for one in read if one.name not in lost)
    found = {equation.quantity for equation in read}
    beside = tuple(equation for equation in whole.equations if equation.quantity not in found)
    return (*read, *beside)


def _cannot_run(read: Sequence[Equation], samples: Samples) -> str:
    """What an equation that was read raises on the trial that the code was tried on; empty where all of them run."""
    values: dict[str, Any] = {}
    for one in read:
        inputs = [values[name] if name in values else samples.of(name) for name in one.inputs]
        if any(value is None for value in inputs):
            continue
        try:
            values.setdefault(one.quantity, one.function(*map(_copy, inputs)))
        except Exception as error:
            return f"{one.name}, read by itself, raises {type(error).__name__}: {error}"
    return ""


def _ask_for_unknown(whole: Whole, quantities: Quantities, passed: Mapping[str, bool]) -> None:
    """A returned value that may be a gradient, and that nothing names, is taken for the one that has its shape; where
    several have, it is asked for.

    Args:
        whole: What the code gave; what is found is added to its claims.
        quantities: The reference's names.
        passed: Place in what is returned -> whether right results are computed from it.

    Raises:
        GradproofError: There is one that may be several.
    """
    wanted = [f"d{quantities.loss}_d{root}" for root in quantities.binding.roots]
    nameless = [claim for claim in whole.unknown if _is_nameless(claim) and not passed.get(claim.path, False)]
    shapes = [np.shape(claim.pick(whole.outcome)) for claim in nameless]
    for claim, shape in zip(nameless, shapes, strict=True):
        open_ones = [
            quantity
            for quantity in wanted
            if quantity not in whole.claims
            and quantity not in quantities.code.absent
            and quantities.is_computed(quantity)
            and np.shape(quantities.samples.of(quantity)) == shape
        ]
        if len(open_ones) == 1 == shapes.count(shape):
            whole.claims[open_ones[0]] = replace(claim, quantity=open_ones[0], why="shape")
            whole.notes.append(f"{claim.label} is taken for {open_ones[0]}: of what is returned it alone has its shape")
        elif open_ones:
            raise GradproofError(
                f"{whole.program.calls[-1].name} returns {claim.label} of the shape {shape}, and nothing "
                f"says which quantity that is: it has the shape of {', '.join(open_ones)}; name all that it returns in "
                f'order, with None for what is no gradient: Code(..., results=("{open_ones[0]}", None, ...))'
            )


def _is_nameless(claim: Claim) -> bool:
    """Whether a value is known by its place alone; a name of its own that is no quantity's speaks against one."""
    return claim.label.startswith(("result[", "the result")) and "['" not in claim.label


class _Loader:
    """One reading of functions that belong together."""

    def __init__(self, whole: Whole, quantities: Quantities, samples: Samples) -> None:
        self.whole, self.quantities, self.samples = whole, quantities, samples
        self.program = whole.program
        self.reader = StatementReader(self._attribute, quantities.of_variable)
        self.given: dict[str, Step] = {}
        self.instances: dict[int, Instance] = {}
        self.values = {name: samples.of(name) for name in self.program.inputs}
        self.owners: dict[type, Instance] = {}
        self.results: set[str] = set()
        self.named: Mapping[Step, str] = {}
        self.texts = [text_of(call.plain or call.function) for call in self.program.calls]
        for text in self.texts:
            for key, value in text.function.__globals__.items():
                self.reader.globals.setdefault(key, value)

    def read(self) -> list[Ref]:
        """Read the functions one after the other; what each returns.

        Raises:
            GradproofError: A statement cannot be followed.
        """
        returned: list[Ref] = []
        for call, text in zip(self.program.calls, self.texts, strict=True):
            returned.append(self.reader.run(text, self._arguments(call, text, returned)))
        self._hold(returned)
        return returned

    def equations(self, returned: list[Ref]) -> tuple[Equation, ...]:
        """The quantities among what was read."""
        for text in self.texts:
            require_stored(next(scope for scope in self.reader.scopes if scope.text is text), self.quantities)
        claimed = {claim.path: quantity for quantity, claim in self.whole.claims.items() if claim.returned}
        named = assign(self.reader, self.quantities, returned[-1], claimed)
        self.results = {parts_of(name)[0] for step, name in named.items() if is_result(step, name, self.whole)}
        names = acquitted(named, self.reader, self.quantities, self.whole)
        self.named = names
        _ask_for_unknown(self.whole, self.quantities, self._passed(returned[-1], names))
        reader = self.reader
        return tuple(
            equation(
                step, name, reader.steps, reader.globals, self._path(step), names=names, form=self._form(step, name)
            )
            for step, name in sorted(names.items(), key=lambda item: item[0].number)
        )

    def _passed(self, returned: Ref, names: Mapping[Step, str]) -> dict[str, bool]:
        """Which returned values right gradients are computed from: states and other values on the way, no gradients."""
        binding = self.quantities.binding
        right = {
            step
            for step, name in names.items()
            if isinstance(binding.find(parts_of(name)[0]), (Derivative, Updated))
            and agrees(step.sample, self.samples.of(parts_of(name)[0]))
        }
        used = frozenset().union(*reached(right, self.reader).values())
        values = [array for number in used if number in self.reader.steps for array in self._arrays(number)]
        return {
            path: step.number in used or any(same(step.sample, value) for value in values)
            for path, step in named_steps("", returned)
        }

    def _arrays(self, number: int) -> list[Any]:
        """The arrays that a step is, or holds: the states of all steps of a recurrence."""
        return [value for _, value in arrays_in(self.reader.steps[number].sample, depth=2) if np.ndim(value)]

    def _form(self, step: Step, name: str) -> tuple[int, ...] | None:
        truth = self.samples.of(parts_of(name)[0])
        return None if truth is None else form_of(step.sample, truth)

    def _path(self, step: Step) -> Path:
        wanted = step.origin.function if step.origin is not None else ""
        return next((t.path for t in self.texts if t.name == wanted), self.texts[0].path)

    # Arguments ----------------------------------------------------------------------------------------------------

    def _arguments(self, call: Call, text: Text, returned: list[Ref]) -> dict[str, Ref]:
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
        if quantity not in self.given:
            sample = self.samples.of(quantity)
            if sample is None:
                raise GradproofError(
                    f"{text.name}: {name} stands for {quantity}, but {self.quantities.binding.why_unknown(quantity)}"
                )
            made = self.reader.step(sample)
            made.quantity, made.variable = quantity, name
            self.given[quantity] = made
        return self.given[quantity]

    def _plain(self, value: Any, name: str) -> Ref:
        """A plain Python value as it stands; where it cannot be spelt, by a global name."""
        expression: ast.expr
        if isinstance(value, dict) and all(isinstance(key, str) for key in value):
            return Compound("dict", {key: self._plain(item, f"{name}_{key}") for key, item in value.items()})
        if type(value) in (bool, int, float, str, type(None)):
            expression = ast.Constant(value)
        else:
            held, count = f"_held_{name}", 1  # two objects may have an attribute of one name
            while held in self.reader.globals and self.reader.globals[held] is not value:
                held, count = f"_held_{name}_{count}", count + 1
            self.reader.globals[held] = value
            expression = ast.Name(held, ast.Load())
        made = self.reader.step(value, expression, static=True)
        made.variable = name
        return made

    # Objects ------------------------------------------------------------------------------------------------------

    def _owner(self, call: Call) -> Instance:
        assert call.owner is not None
        if call.owner not in self.owners:
            made = self.program.object_of(call, {name: _copy(value) for name, value in self.values.items()})
            self.owners[call.owner] = self._instance(made)
        return self.owners[call.owner]

    def _instance(self, value: Any) -> Instance:
        if id(value) not in self.instances:
            self.instances[id(value)] = Instance(value)
            self.reader.instances.append(self.instances[id(value)])
        return self.instances[id(value)]

    def _attribute(self, reader: Reader, owner: Instance, name: str) -> Ref:
        """What an attribute is before the code writes it: a quantity, or what the constructor made."""
        function = type(owner.value).__name__
        try:
            value = attribute_of(owner.value, name)
        except AttributeError as error:
            raise GradproofError(
                f"{function} has no attribute {name!r} when it is read; is it set in another method?"
            ) from error
        return self._wrapped(value, f"self.{name}")

    def _wrapped(self, value: Any, name: str) -> Ref:
        """A value of an object: a quantity where it has its drawn numbers, an object, a compound, or plain."""
        quantity = self._drawn(value)
        if quantity is not None:
            return self._given(quantity, self.texts[0], name)
        if isinstance(value, dict):
            return Compound("dict", {k: self._wrapped(item, f"{name}[{k!r}]") for k, item in value.items()})
        if type(value) in (list, tuple):
            items = {k: self._wrapped(item, f"{name}[{k}]") for k, item in enumerate(value)}
            return Compound(type(value).__name__, dict(items))
        if _is_object(value):
            return self._instance(value)
        plain = "".join(c if c.isalnum() else "_" for c in name.removeprefix("self."))
        return self._plain(copied(value), plain)

    def _drawn(self, value: Any) -> str | None:
        """The quantity whose drawn numbers an array has."""
        if not isinstance(value, (np.ndarray, np.floating)) or value.dtype.kind != "f" or not value.size:
            return None
        for quantity, drawn in self.values.items():
            if np.shape(drawn) == value.shape and np.asarray(drawn).dtype.kind == "f" and np.array_equal(drawn, value):
                return quantity
        return None

    # Whether what was read is what the code does ------------------------------------------------------------------

    def _hold(self, returned: list[Ref]) -> None:
        """The functions as they are, on the same values, gave what the statements give one by one.

        Raises:
            GradproofError: They did not: an array was written through another name for a part of it, a function keeps
                state, or draws random numbers.
        """
        outcome = self.whole.outcome
        scopes = [next(scope for scope in self.reader.scopes if scope.text is text) for text in self.texts]
        for number, (ref, text, scope) in enumerate(zip(returned, self.texts, scopes, strict=True)):
            self._compare(ref, outcome.returned[number], text)
            for name, held in scope.held.items():
                if isinstance(held, Step) and name in outcome.arguments[number]:
                    last = number == len(returned) - 1
                    if last:
                        self._compare(held, outcome.arguments[number][name], text, name)
        for owner, instance in self.owners.items():
            self._compare_object(instance, outcome.objects[owner], "self", set())

    def _compare_object(self, instance: Instance, real: Any, path: str, seen: set[int]) -> None:
        if id(instance) in seen:
            return
        seen.add(id(instance))
        for name, ref in instance.attributes.items():
            value = part_or_none(real, name)
            if isinstance(ref, Instance):
                self._compare_object(ref, value, f"{path}.{name}", seen)
            else:
                self._compare(ref, value, self.texts[-1], f"{path}.{name}")

    def _compare(self, ref: Ref, value: Any, text: Text, what: str = "") -> None:
        for path, step in named_steps("", ref):
            if "." in path:
                continue  # an object within it, which is compared by itself
            real = _at(value, path)
            if not same(_plain_array(step.sample), _plain_array(real)) and not _close(step.sample, real):
                raise GradproofError(
                    f"{text.place(text.function.__code__.co_firstlineno)}: {text.name}{path} {what}: read statement by "
                    "statement, the code gives other values than when it is called: an array is written through "
                    "another name for a part of it, or state is kept outside, or random numbers are drawn"
                )


def _kept(ref: Ref) -> Ref:
    """What a function kept beside its result, as `kept_of` takes it from the values."""
    if not isinstance(ref, Compound) or ref.kind == "dict" or not ref.items:
        return ref
    items = list(ref.items.values())
    if len(items) == 2:
        return items[1]
    compound = [item for item in items if isinstance(item, Compound)]
    return compound[0] if len(compound) == 1 else ref


def _is_object(value: Any) -> bool:
    """Whether a value is an object of a class that somebody wrote in Python, whose methods can be read."""
    kind = type(value)
    return (
        hasattr(value, "__dict__")
        and not callable(getattr(value, "__array__", None))
        and not isinstance(value, (type, ModuleType, FunctionType, np.random.Generator))
        and kind.__module__ not in ("builtins", "numpy", "functools")
    )


def _copy(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value


def _at(value: Any, path: str) -> Any:
    try:
        return eval(f"value{path}", {"value": value}) if path else value  # a path such as [0]['W'] of our own making
    except (TypeError, LookupError):
        return None


def _plain_array(value: Any) -> Any:
    return np.asarray(value) if isinstance(value, (np.ndarray, np.generic, float, int)) else value


def _close(one: Any, other: Any) -> bool:
    if callable(one) or not isinstance(one, (np.ndarray, np.generic, float, int)):
        return True
    a, b = np.asarray(one), np.asarray(other)
    return READ.holds(a, b)

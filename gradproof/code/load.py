"""Existing code as a case's derivation: functions found, arguments bound, statements read, results held to account."""

from __future__ import annotations

import ast
import copy
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch

from gradproof.case.derivation import Derivation, known_errata
from gradproof.case.project import suggestions
from gradproof.case.reference import Reference
from gradproof.code import opaque
from gradproof.code.emit import equation
from gradproof.code.opaque import KEPT
from gradproof.code.quantities import Quantities, assign
from gradproof.code.reading.blocks import same, sample_of
from gradproof.code.reading.functions import Text, text_of
from gradproof.code.reading.reader import Reader
from gradproof.code.reading.statements import StatementReader
from gradproof.code.reading.steps import Compound, Instance, Ref, Step, named_steps
from gradproof.code.samples import Samples
from gradproof.code.spec import Code
from gradproof.code.stored import require_stored
from gradproof.errors import GradproofError
from gradproof.truth.binding import Binding
from gradproof.truth.sources import Leaf

TABLES = frozenset({"params", "parameters", "weights", "theta", "p"})
"""Names of an argument that holds all parameters by their names."""


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
    functions = [_found(function, module, name) for function in code.functions]
    with np.errstate(all="ignore"):
        if code.opaque:
            equations = opaque.equations(functions, quantities, samples)
        else:
            equations = _Loader(functions, quantities, samples).equations()
    derivation = Derivation(name, equations, known_errata(known, equations, f"manual/{name}.py"), title or name)
    _require_gradients(derivation, quantities)
    return derivation


def _found(function: str | Callable[..., Any], module: ModuleType | None, name: str) -> tuple[type | None, Any]:
    """A function by its name, or itself; with its class where it is a method."""
    if not isinstance(function, str):
        return _class_of(function), function
    owner: Any = module
    found: Any = module
    for part in function.split("."):
        owner, found = found, getattr(found, part, None)
        if found is None:
            known = [key for key, value in vars(owner).items() if callable(value)] if owner is not None else []
            raise GradproofError(
                f'Code("{function}"): manual/{name}.py has no {function}{suggestions(part, known)}; '
                f"it has: {', '.join(known) or 'no functions'}"
            )
    return (owner, found) if isinstance(owner, type) else (None, found)


def _class_of(function: Callable[..., Any]) -> type | None:
    """The class of its own file in whose body a function was written."""
    owner, _, name = getattr(function, "__qualname__", "").rpartition(".")
    found = getattr(function, "__globals__", {}).get(owner)
    return found if isinstance(found, type) and vars(found).get(name) is function else None


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
    names: dict[str, list[str]] = {}  # a parameter -> its symbols
    for name, source in binding.roots.items():
        if isinstance(source, Leaf) and source.path in binding.parameters and not source.index:
            names.setdefault(source.path, []).append(name)
    given = found.union(quantities.code.absent)
    for has_any, made_of in (
        (any(quantity.startswith(f"d{loss}_d") for quantity in found), f"d{loss}_d{{}}"),
        (any(quantity.endswith("_new") for quantity in found), "{}_new"),
    ):
        missing = [symbols[-1] for symbols in names.values() if not given.intersection(map(made_of.format, symbols))]
        if has_any and missing:
            raise GradproofError(
                f"the code has no variable for {', '.join(map(made_of.format, missing))}: name the variable in "
                "Code(names=...), what the last function returns in Code(results=...), or declare it in "
                "Code(absent=...)"
            )


class _Loader:
    """One reading of functions that belong together."""

    def __init__(self, functions: list[tuple[type | None, Any]], quantities: Quantities, samples: Samples) -> None:
        self.quantities, self.samples = quantities, samples
        self.functions = functions
        self.reader = StatementReader(self._attribute, quantities.of_variable)
        self.given: dict[str, Step] = {}
        self.instances: dict[type, Instance] = {}
        self.texts = [text_of(function) for _, function in functions]
        for text in self.texts:
            for key, value in text.function.__globals__.items():
                self.reader.globals.setdefault(key, value)

    def equations(self) -> tuple[Any, ...]:
        returned: list[Ref] = []
        calls = []
        for (owner, _), text in zip(self.functions, self.texts, strict=True):
            arguments = self._arguments(owner, text)
            calls.append((text, {name: copy.deepcopy(self._argument_sample(ref)) for name, ref in arguments.items()}))
            returned.append(self.reader.run(text, arguments))
        self._hold(returned)
        self._require_parameters()
        for text in self.texts:
            require_stored(next(scope for scope in self.reader.scopes if scope.text is text), self.quantities)
        names = assign(self.reader, self.quantities, returned[-1])
        reader = self.reader
        return tuple(
            equation(step, name, reader.steps, reader.globals, self._path(step))
            for step, name in sorted(names.items(), key=lambda item: item[0].number)
        )

    def _require_parameters(self) -> None:
        """An object that reads no parameter of the model computes with other numbers than those that are drawn."""
        binding = self.quantities.binding
        read = {source.path for q in self.given if isinstance(source := binding.find(q), Leaf)}
        if self.instances and binding.parameters and not read.intersection(binding.parameters):
            symbols = [s for s, source in binding.roots.items() if getattr(source, "path", None) in binding.parameters]
            raise GradproofError(
                f"the code never reads a parameter of the model ({', '.join(symbols)}): say which variable each is: "
                f'Code(names={{"w": "{symbols[0]}"}}); where other objects hold them, write a function that is handed '
                "the parameters, or give Code(..., opaque=True)"
            )

    def _path(self, step: Step) -> Path:
        wanted = step.origin.function if step.origin is not None else ""
        return next((t.path for t in self.texts if t.name == wanted), self.texts[0].path)

    # Arguments ----------------------------------------------------------------------------------------------------

    def _arguments(self, owner: type | None, text: Text) -> dict[str, Ref]:
        found: dict[str, Ref] = {}
        problems = []
        for position, name in enumerate(text.parameters):
            if owner is not None and position == 0:
                found[name] = self._instance(owner)
                continue
            ref = self._argument(name, text)
            if ref is None:
                problems.append(name)
            else:
                found[name] = ref
        if problems:
            roots = list(self.quantities.binding.roots)
            listed = ", ".join(f"{name}{suggestions(name, roots)}" for name in problems)
            raise GradproofError(
                f"{text.place(text.function.__code__.co_firstlineno)}: {text.name}: no meaning is known for the "
                f'arguments {listed}; say which quantity each is: Code(names={{"{problems[0]}": "X"}}), or which plain '
                f'value: Code(values={{"{problems[0]}": 2}}); the reference has: {", ".join(roots)}'
            )
        return found

    def _argument(self, name: str, text: Text) -> Ref | None:
        code, quantities = self.quantities.code, self.quantities
        listed = quantities.listed(name, text.name)
        if listed is not None:
            return self._given(listed, text, name)
        for key in (f"{text.name}.{name}", f"{text.name.rpartition('.')[2]}.{name}", name):
            if key in code.values:
                return self._plain(code.values[key], name)
        quantity = quantities.of_argument(name, text.name)
        earlier = [scope.variables[name] for scope in self.reader.scopes if name in scope.variables]
        if quantity is not None and (not earlier or quantity in self.samples.leaves):
            return self._given(quantity, text, name)
        if earlier:
            return earlier[-1]
        if name in text.defaults:
            return self._plain(text.defaults[name], name)
        if items := self._table(name, text):
            return Compound("dict", items)
        held = [scope.returned for scope in self.reader.scopes if isinstance(scope.returned, Compound)]
        if held and name in KEPT:
            parts = [item for item in held[-1].items.values() if isinstance(item, Compound)]
            return parts[0] if len(parts) == 1 else held[-1]
        return None

    def _table(self, name: str, text: Text) -> dict[Any, Ref]:
        """The parameters by their symbols, for an argument that is a dict of them: `params["W1"]`."""
        binding = self.quantities.binding
        items: dict[Any, Ref] = {}
        if name in TABLES:
            for symbol, source in binding.roots.items():
                if isinstance(source, Leaf) and source.path in binding.parameters:
                    items[symbol] = self._given(symbol, text, f"{name}[{symbol!r}]")
        for variable, quantity in self.quantities.code.names.items():
            holder, _, key = variable.replace('"', "'").partition("['")
            if holder in (name, f"{text.name}.{name}") and key.endswith("']"):
                self.quantities.used.add(variable)
                items[key.removesuffix("']")] = self._given(quantity, text, variable)
        return items

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
        if isinstance(value, (bool, int, float, str, type(None))):
            expression = ast.Constant(value)
        else:
            held = f"_held_{name}"
            self.reader.globals[held] = value
            expression = ast.Name(held, ast.Load())
        made = self.reader.step(value, expression, static=True)
        made.variable = name
        return made

    # Objects ------------------------------------------------------------------------------------------------------

    def _instance(self, owner: type) -> Instance:
        if owner not in self.instances:
            try:
                made = owner(**self.quantities.code.constructor)
            except Exception as error:
                raise GradproofError(
                    f"{owner.__name__}(...) cannot be made: {type(error).__name__}: {error}; give its arguments: "
                    f"Code(constructor={{...}}) for {inspect.signature(owner)}"
                ) from error
            self.instances[owner] = Instance(made)
            self.reader.instances.append(self.instances[owner])
        return self.instances[owner]

    def _attribute(self, reader: Reader, owner: Instance, name: str) -> Ref:
        """What an attribute is before the code writes it: a quantity, or what the constructor made."""
        function = type(owner.value).__name__
        quantity = self.quantities.listed(f"self.{name}", function)
        if quantity is None and isinstance(getattr(owner.value, name, None), np.ndarray):
            quantity = self.quantities.of_argument(f"self.{name}", function)
        if quantity is not None and self.samples.of(quantity) is not None:
            return self._given(quantity, self.texts[0], f"self.{name}")
        if not hasattr(owner.value, name):
            raise GradproofError(f"{function} has no attribute {name!r} when it is read; is it set in another method?")
        value = getattr(owner.value, name)
        if isinstance(value, dict):
            return Compound(
                "dict", {key: self._item(f"{name}[{key!r}]", item, function) for key, item in value.items()}
            )
        return self._plain(copy.deepcopy(value), name)

    def _item(self, variable: str, value: Any, function: str) -> Ref:
        quantity = self.quantities.listed(f"self.{variable}", function)
        if quantity is None and isinstance(value, np.ndarray) and "grad" not in variable.lower():
            quantity = self.quantities.of_argument(variable.rpartition("['")[2].removesuffix("']"), function)
        if quantity is not None and self.samples.of(quantity) is not None:
            return self._given(quantity, self.texts[0], f"self.{variable}")
        return self._plain(copy.deepcopy(value), "".join(c if c.isalnum() else "_" for c in variable))

    # Whether what was read is what the code does ------------------------------------------------------------------

    def _argument_sample(self, ref: Ref) -> Any:
        return None if isinstance(ref, Instance) else sample_of(ref)

    def _hold(self, returned: list[Ref]) -> None:
        """The functions as they are, on the same values, return what the statements give one by one.

        Raises:
            GradproofError: They do not: an array was written through another name for a part of it, a function keeps
                state, or draws random numbers.
        """
        fresh = {owner: self._filled(instance) for owner, instance in self.instances.items()}
        before = {quantity: step.sample.copy() for quantity, step in self.given.items()}
        kept: dict[str, Any] = {}
        results: list[tuple[Ref, Any]] = []
        for (owner, function), text, ref in zip(self.functions, self.texts, returned, strict=True):
            arguments = self._real_arguments(owner, text, fresh, kept, results)
            value = inspect.unwrap(function)(**arguments)
            results.append((ref, value))
            kept.update(arguments)
        for step in self.given.values():
            step.sample = before[step.quantity or ""]
        for (ref, value), text in zip(results, self.texts, strict=True):
            self._compare(ref, value, text)
        for owner, instance in self.instances.items():
            for name, ref in instance.attributes.items():
                self._compare(ref, getattr(fresh[owner], name, None), self.texts[-1], f"self.{name}")

    def _filled(self, instance: Instance) -> Any:
        made = copy.deepcopy(instance.value)
        for name, step in instance.first.items():
            setattr(made, name, copy.deepcopy(sample_of(step)))
        return made

    def _real_arguments(
        self,
        owner: type | None,
        text: Text,
        fresh: Mapping[type, Any],
        kept: Mapping[str, Any],
        results: list[tuple[Ref, Any]],
    ) -> dict[str, Any]:
        scope = next(scope for scope in self.reader.scopes if scope.text is text)
        found: dict[str, Any] = {}
        for position, name in enumerate(text.parameters):
            if owner is not None and position == 0:
                found[name] = fresh[owner]
                continue
            found[name] = self._real(scope.arguments[name], results)
        return found

    def _real(self, ref: Ref, results: list[tuple[Ref, Any]]) -> Any:
        """A value that a function is really called with: what an earlier one returned, where it is that."""
        for returned, value in results:
            if ref is returned:
                return value
            if isinstance(returned, Compound) and isinstance(value, (tuple, list, dict)):
                for key, item in returned.items.items():
                    if item is ref:
                        return value[key]
        return sample_of(ref)

    def _compare(self, ref: Ref, value: Any, text: Text, what: str = "") -> None:
        for path, step in named_steps("", ref):
            real = _at(value, path)
            if not same(_plain_array(step.sample), _plain_array(real)) and not _close(step.sample, real):
                raise GradproofError(
                    f"{text.place(text.function.__code__.co_firstlineno)}: {text.name}{path} {what}: read statement by "
                    "statement, the code gives other values than when it is called: an array is written through "
                    "another name for a part of it, or state is kept outside, or random numbers are drawn; write into "
                    "a copy, hand the state over as an argument, or give Code(..., opaque=True)"
                )


def _at(value: Any, path: str) -> Any:
    return eval(f"value{path}", {"value": value}) if path else value  # a path such as [0]['W'] of our own making


def _plain_array(value: Any) -> Any:
    return np.asarray(value) if isinstance(value, (np.ndarray, np.generic, float, int)) else value


def _close(one: Any, other: Any) -> bool:
    if callable(one) or not isinstance(one, (np.ndarray, np.generic, float, int)):
        return True
    a, b = np.asarray(one), np.asarray(other)
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=1e-9, atol=1e-12, equal_nan=True))

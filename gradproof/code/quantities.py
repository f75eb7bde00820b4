"""Which quantity each value of the code is: by the case's own map, else by the variables' names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from gradproof.case.project import suggestions
from gradproof.code.naming import gradient_of, is_rate, symbol_of
from gradproof.code.reading.reader import Reader, Scope
from gradproof.code.reading.steps import Compound, Origin, Ref, Step, named_steps
from gradproof.code.samples import Samples
from gradproof.code.spec import Code
from gradproof.errors import GradproofError
from gradproof.truth.binding import Binding
from gradproof.truth.sources import Leaf, Result, reading_of


@dataclass
class Quantities:
    """The names of a reference, as code spells them.

    Attributes:
        code: What the case says of its code.
        samples: One trial's values of them.
        used: The names of the case's own map that meant something.
        others: Those of the same case at other sizes.
    """

    code: Code
    samples: Samples
    used: set[str] = field(default_factory=set)
    others: Sequence[Quantities] = ()

    @property
    def binding(self) -> Binding:
        """What the reference's names are."""
        return self.samples.binding

    @property
    def loss(self) -> str:
        """The loss's name."""
        return self.binding.reference.loss

    @property
    def only_input(self) -> str:
        """The model's only real input; empty where there are several."""
        inputs = self.binding.reference.inputs
        real = [name for name, distribution in inputs.items() if not distribution.is_integer]
        return real[0] if len(real) == 1 else ""

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """The symbols of the model's parameters, whole ones, in their order."""
        binding = self.binding
        return tuple(
            name
            for name, source in binding.roots.items()
            if isinstance(source, Leaf) and source.path in binding.parameters and not source.index
        )

    @cached_property
    def functions(self) -> frozenset[str]:
        """The functions that the case names, by their own names and, where a module holds them, without it."""
        names = [one if isinstance(one, str) else str(getattr(one, "__qualname__", "")) for one in self.code.functions]
        return frozenset(part for name in names for part in (name, name.partition(".")[2]) if part)

    @property
    def rate(self) -> str:
        """The symbol of the optimizer's learning rate; empty where there is none."""
        found = [n for n, source in self.binding.roots.items() if isinstance(source, Leaf) and source.path == "lr"]
        return found[0] if found else ""

    def of_argument(self, variable: str, function: str) -> str | None:
        """The quantity that an argument or an attribute stands for; None where no rule says so."""
        listed = self.listed(variable, function)
        if listed is not None or self.denied(variable, function):
            return listed
        symbol = symbol_of(variable, self.binding.roots)
        if symbol is None and is_rate(variable) and self.rate:
            return self.rate
        return symbol or gradient_of(variable, self.binding.roots, self.loss, self.binding.cotangent)

    def beside(self, path: str, places: Mapping[str, str]) -> str | None:
        """The gradient that an attribute is by the one beside it: `layers[0].dW` where `layers[0].W` is W1.

        Args:
            path: Of the attribute within its object.
            places: Path -> the quantity that is drawn there.
        """
        holder, _, bare = path.rpartition(".")
        own = {place.rpartition(".")[2]: name for place, name in places.items() if place.rpartition(".")[0] == holder}
        return self.gradient_by(bare, own)

    def gradient_by(self, bare: str, own: Mapping[str, str]) -> str | None:
        """The gradient that an attribute's name says, of the attributes of one object with their quantities."""
        named = gradient_of(bare, own, self.loss, None)
        quantity = f"d{self.loss}_d{own[named.removeprefix(f'd{self.loss}_d')]}" if named is not None else None
        return quantity if quantity is not None and self.is_computed(quantity) else None

    def listed(self, variable: str, function: str) -> str | None:
        """What the case's own map says of a variable; None where it says nothing, or that it is no quantity."""
        key = self._key(variable, function)
        return None if key is None else self.code.names[key]

    def denied(self, variable: str, function: str) -> bool:
        """Whether the case says that a variable is no quantity."""
        key = self._key(variable, function)
        return key is not None and self.code.names[key] is None

    def _key(self, variable: str, function: str) -> str | None:
        plain = variable.replace('"', "'")
        short = function.rpartition(".")[2]
        for key in self.code.names:
            if key.replace('"', "'") in (plain, f"{function}.{plain}", f"{short}.{plain}"):
                self.used.add(key)
                return key
        return None

    def listed_as_computed(self, variable: str, function: str) -> str | None:
        """The same of a variable that is written; the update of what is drawn is listed by its old name: `self.t += 1`.

        A parameter, or an entry of an optimizer's state, is then its value after the step.
        """
        listed = self.listed(variable, function)
        if listed is None or not isinstance(self.binding.find(listed), Leaf):
            return listed
        return f"{listed}_new" if self.binding.find(f"{listed}_new") is not None else listed

    def is_computed(self, quantity: str) -> bool:
        """Whether the reference has such a quantity and it is none that is drawn."""
        source = self.binding.find(quantity)
        return source is not None and not isinstance(source, Leaf)

    def fits(self, variable: str, quantity: str, value: Any) -> bool:
        """Whether a computed value can be what its variable's name says: spelt like it, or of its shape.

        `h` may be a state of one step where `H` is that of all; a slip may give `dW` another shape than that of W.
        """
        symbol = quantity.removeprefix(f"d{self.loss}_d").removesuffix("_new")
        return symbol in _bare(variable) or np.shape(value) == np.shape(self.samples.of(quantity))

    def is_of_parameter(self, quantity: str) -> bool:
        """Whether a quantity is the gradient of a parameter, which code has to give."""
        source = self.binding.roots.get(quantity.removeprefix(f"d{self.loss}_d"))
        of_loss = quantity.startswith(f"d{self.loss}_d")
        return of_loss and isinstance(source, Leaf) and source.path in self.binding.parameters

    def of_variable(self, variable: str, function: str) -> str | None:
        """The quantity that a computed variable is; None where the reference has no such thing."""
        listed = self.listed_as_computed(variable, function)
        if listed is not None or self.denied(variable, function):
            return listed
        bare = _bare(variable)
        known = self.binding.find(bare)
        if known is not None and not isinstance(known, Leaf) and not reading_of(bare, known):
            return bare
        symbol = symbol_of(bare, self.binding.roots)
        holds_gradients = "grad" in variable.partition("[")[0].lower() and "[" in variable
        if symbol is not None and holds_gradients:
            return f"d{self.loss}_d{symbol}"
        if symbol is not None:
            source = self.binding.roots[symbol]
            if not isinstance(source, Leaf):
                return symbol
            return f"{symbol}_new" if self.binding.find(f"{symbol}_new") is not None else None
        return gradient_of(bare, self.binding.roots, self.loss, self.binding.cotangent)


def assign(reader: Reader, quantities: Quantities, returned: Ref, claimed: Mapping[str, str]) -> Mapping[Step, str]:
    """Give every step that is a quantity its name; a name that two functions compute is a second form in the later.

    Args:
        reader: What was read.
        quantities: The reference's names.
        returned: What the last function returns.
        claimed: Place in that -> the quantity that it claims to be.

    Returns:
        Step -> the equation's name.

    Raises:
        GradproofError: `names` has a variable that the code does not.
    """
    names: dict[Step, str] = {}
    taken: dict[str, Step] = {}
    passed_on: list[tuple[Step, str, Origin | None]] = []
    for step, quantity, function, origin in _candidates(reader, quantities, returned, claimed):
        if not step.is_real and not _never_filled(step, quantity, quantities):
            continue
        if step.given or step in names or _of_another(step, function, quantities):
            passed_on.append((step, quantity, origin))
            continue
        name = quantity
        if quantity in taken:
            name = f"{quantity}__{function.rpartition('.')[2]}"
            if name in taken:
                continue
        taken[name] = step
        names[step] = name
        step.quantity = quantity
    for step, quantity, origin in passed_on:
        if (
            origin is not None
            and quantity not in taken
            and quantity not in (step.quantity, f"{step.quantity}_new")  # a parameter under its own name is no update
            and quantities.is_computed(quantity)
        ):
            same = reader.step(step.sample, ast.Name(step.ident, ast.Load()), origin)
            names[same], taken[quantity], same.quantity = quantity, same, quantity
    known = {*names, *(step for step, _, _ in passed_on)}
    rest = [step for _, step in named_steps("", returned) if step.is_real and not step.given and step not in known]
    _name_the_rest(rest, reader, quantities, names, taken)
    unknown = [key for key in quantities.code.names if key not in quantities.used]
    if unknown:
        variables = sorted({v for scope in reader.scopes for v, _ in _finals(scope)})
        raise GradproofError(
            f"Code(names=...): no variable {unknown[0]!r}{suggestions(unknown[0], variables)}; there are: "
            f"{', '.join(variables)}",
            name=unknown[0],
            known=variables,
        )
    return names


def _never_filled(step: Step, quantity: str, quantities: Quantities) -> bool:
    """Whether an array made for a quantity is still what it was made as: what should be stored there never was."""
    is_array = isinstance(step.sample, np.ndarray) and step.sample.dtype.kind == "f"
    return step.static and is_array and step.sample.ndim > 0 and quantities.is_computed(quantity)


def _of_another(step: Step, function: str, quantities: Quantities) -> bool:
    """Whether a value was made by another of the functions that are read, for a purpose of its own: a cached factor."""
    made_in = step.origin.function if step.origin is not None else function
    return made_in != function and made_in in quantities.functions


def _name_the_rest(
    rest: list[Step], reader: Reader, quantities: Quantities, names: dict[Step, str], taken: dict[str, Step]
) -> None:
    """What the last function returns and no rule names is an equation under its variable's name; it stays unchecked."""
    for step in rest:
        name = _identifier(step.variable)
        if not name or name in taken or name in quantities.binding.roots:
            continue
        taken[name] = step
        names[step] = name
        step.quantity = name


def _identifier(variable: str) -> str:
    """A variable's text as a name: `grads['W']` -> `grads_W`."""
    name = re.sub(r"\W+", "_", variable.removeprefix("self.")).strip("_")
    return name if name.isidentifier() else ""


def _candidates(
    reader: Reader, quantities: Quantities, returned: Ref, claimed: Mapping[str, str]
) -> Iterator[tuple[Step, str, str, Origin | None]]:
    """Steps with the quantities that they may be, the surest first, the functions that they are variables of, and
    the statements that say so."""
    last = next((scope for scope in reader.scopes if scope.returned is returned), None)
    for path, step in named_steps("", returned):
        if path in claimed and last is not None:
            yield step, claimed[path], last.text.name, last.left
    yield from _by_variables(reader, quantities)
    yield from _of_objects(reader, quantities)
    yield from _outputs(reader, quantities)


def _by_variables(reader: Reader, quantities: Quantities) -> Iterator[tuple[Step, str, str, Origin | None]]:
    """Variables that the case's own map lists, then those whose names say what they are."""
    finals = [(scope, variable, step) for scope in reader.scopes for variable, step in _finals(scope)]
    for scope, variable, step in finals:
        name = quantities.listed_as_computed(variable, scope.text.name)
        if name is not None:
            yield step, name, scope.text.name, scope.bound.get(variable)
    doubtful, found = [], set()
    for scope, variable, step in finals:
        name = quantities.of_variable(variable, scope.text.name)
        if name is None or (name in quantities.samples.leaves and not step.given):
            continue  # what is drawn is never computed: such a variable only has its name
        one = step, name, scope.text.name, scope.bound.get(variable)
        if step.given or quantities.fits(variable, name, step.sample):
            found.add(name)
            yield one
        else:
            doubtful.append(one)
    yield from (one for one in doubtful if one[1] not in found and quantities.is_of_parameter(one[1]))


def _of_objects(reader: Reader, quantities: Quantities) -> Iterator[tuple[Step, str, str, Origin | None]]:
    """Attributes of the objects that hold parameters: those parameters after the step, and gradients beside them."""
    for instance in reader.instances:
        own = {name: ref.quantity for name, ref in instance.first.items() if isinstance(ref, Step) and ref.quantity}
        for name, ref in instance.attributes.items():
            if not isinstance(ref, Step) or ref is instance.first.get(name) or ref.origin is None:
                continue
            quantity = f"{own[name]}_new" if name in own else quantities.gradient_by(name, own)
            if quantity is not None and quantities.is_computed(quantity):
                yield ref, quantity, ref.origin.function, ref.origin


def _outputs(reader: Reader, quantities: Quantities) -> Iterator[tuple[Step, str, str, Origin | None]]:
    """What a function returns, without names that say more, are the model's results where they have their shapes."""
    binding = quantities.binding
    wanted = binding.results or {quantities.loss: ()}
    for scope in reader.scopes:
        if _is_backward(scope, quantities):
            continue
        returned = list(named_steps("", scope.returned)) if scope.returned is not None else []
        for (name, shape), (_, step) in zip(wanted.items(), returned, strict=False):
            if step.is_real and np.shape(step.sample) == shape and isinstance(binding.roots.get(name), Result):
                yield step, name, scope.text.name, scope.left


def _is_backward(scope: Scope, quantities: Quantities) -> bool:
    """Whether a function is handed what comes from above, so that what it returns are gradients."""
    given = [step for name, ref in scope.held.items() for _, step in named_steps(name, ref)]
    cotangents = set(quantities.binding.cotangents.values())
    return any(step.quantity in cotangents for step in given)


def _finals(scope: Scope) -> Iterator[tuple[str, Step]]:
    """The variables of a function as it ends, its own object's attributes and what it returns in a dict among them."""
    for name, ref in scope.variables.items():
        yield from named_steps(name, ref)
    if isinstance(scope.returned, Compound) and scope.returned.kind == "dict":
        yield from ((f"return[{key!r}]", step) for key, item in scope.returned.items.items()
                    for _, step in named_steps("", item))  # fmt: skip


def _bare(variable: str) -> str:
    """A variable's own name: the key of an item, the attribute of an object."""
    if variable.endswith("']"):
        return variable.rpartition("['")[2].removesuffix("']")
    return variable.rpartition(".")[2]

"""A note's own forward pass as torch tensors: what it defines, from what it leaves open, and every derivative."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gradproof.audit.own.beside.backing import Backing
from gradproof.audit.own.beside.declared import Callables, applied
from gradproof.audit.own.draws import drawn
from gradproof.audit.own.gradients import Independent, gradient, plain_of
from gradproof.audit.own.names.chapters import instances
from gradproof.audit.own.names.definitions import Definition, Definitions
from gradproof.audit.own.names.families import Families
from gradproof.audit.own.tensors import TensorArray
from gradproof.audit.reading.limits import Budget, Limits
from gradproof.audit.reading.names import Names, form, plain
from gradproof.audit.reading.tree import Call, Derivative, Label, Node, Number, Power, Symbol, walk
from gradproof.audit.values import lookup
from gradproof.audit.values.evaluate import evaluation, laid_out
from gradproof.audit.values.evaluation import Evaluation, Unjudged
from gradproof.audit.values.forall import is_met
from gradproof.audit.values.functions import sigmoid
from gradproof.audit.values.indices import index_value, symbols_with
from gradproof.audit.values.provider import Agreement, Array, NotAvailable, Role
from gradproof.audit.values.ranges import inferred
from gradproof.audit.values.readings import Reading
from gradproof.audit.values.shapes import Misfit
from gradproof.errors import GradproofError

Numbers = NDArray[np.float64]
_STEPS = 400_000  # of evaluation, in one chapter
_SINGULAR = 1e10  # a condition number by which an inverse is made of rounding
_ENTRIES = 400  # of an array that is defined entry by entry
_TRIED = (Reading(), Reading(vectors="rows"), Reading(grouping="products"), Reading(columns="inner"))


@dataclass
class World:
    """The values of one chapter's quantities in some trials, each computed when it is first asked for.

    `shapes`: of the leaves, by form. `labels`: the names whose entries sum to one. `assumed` collects what was taken
    for granted, `open` the leaves that were drawn. `fixed`: numbers that the note gives to leaves, in one more trial.
    """

    names: Names
    definitions: Definitions
    families: Families
    shapes: Mapping[object, tuple[int, ...]]
    labels: frozenset[tuple[str, str]]
    trials: int
    seed: int
    heads: Mapping[str, Symbol]
    limits: Limits = field(default_factory=Limits)
    assumed: dict[str, str] = field(default_factory=dict)
    open: dict[str, tuple[int, ...]] = field(default_factory=dict)
    fixed: Mapping[object, float | Numbers] | None = None
    positive: frozenset[tuple[str, str]] = frozenset()  # names of which a root or a logarithm is taken
    others: Mapping[object, Sequence[Node]] = field(default_factory=dict)  # what names are equal to besides, by form
    lengths: Mapping[tuple[object, int], int] = field(
        default_factory=dict
    )  # of the axes of defined quantities, by form and axis
    printed: frozenset[object] = frozenset()  # leaves of which the note prints all sizes, by form
    callables: Callables = field(default_factory=dict)  # functions that are declared beside the note
    backing: Backing | None = None  # a reference that knows some of the quantities
    pinned: Mapping[object, float] = field(default_factory=dict)  # leaves that have one number in all trials, by form
    few: Mapping[str, Sequence[float]] = field(default_factory=dict)  # all values that leaves of a name can have
    means: bool = False  # whether a bar over the name of an array is its mean
    symmetric: frozenset[str] | None = frozenset()  # names of symmetric matrices; None for all
    _values: dict[str, TensorArray | str] = field(default_factory=dict)
    _computing: set[str] = field(default_factory=set)
    _again: int = 0  # derivatives that are to be differentiated themselves
    _budget: Budget = field(default_factory=lambda: Budget(_STEPS))

    def with_numbers(self, pinned: Mapping[object, float]) -> World:
        """The same with some leaves set to numbers, by form."""
        return replace(self, pinned=pinned, open={}, assumed={}, _values={}, _computing=set())

    def value(self, key: str) -> TensorArray:
        """A quantity; raises `NotAvailable` where the note does not lead to it."""
        known = self._values.get(key)
        if isinstance(known, str):
            raise NotAvailable(known)
        if known is not None:
            return known
        if key not in self.heads:
            raise NotAvailable(f"nothing in the note says what {key} is")
        if key in self._computing:
            raise NotAvailable(f"{key} is defined by itself")
        self._computing.add(key)
        try:
            value = self._computed(key)
        except (NotAvailable, Unjudged, Misfit) as error:
            self._values[key] = str(error)
            raise NotAvailable(str(error)) from error
        except (RuntimeError, IndexError) as error:  # the guessed sizes do not go together
            self._values[key] = f"{key} cannot be computed with the sizes that were guessed"
            raise NotAvailable(str(self._values[key])) from error
        finally:
            self._computing.discard(key)
        self._values[key] = value
        return value

    def _computed(self, key: str) -> TensorArray:
        head = self.heads[key]
        if self.backing is not None and (backed := self.backing.key(head)) is not None:
            return TensorArray(self.backing.tensors[backed].value)
        function = self.definitions.functions.get(form(head))
        if function is not None:
            return self._evaluated(self.definitions.named.get(form(head), function.tree), {})
        problem: Exception | None = None
        for definition, values in self.definitions.matches(head):
            if not self._is_met(definition, values):
                continue
            try:
                value = self._defined(definition, values)
            except (NotAvailable, Unjudged, Misfit) as error:
                problem = problem or error
                continue
            if len(set(definition.axes)) < len(definition.axes):
                self.assumed[key] = "zero off its diagonal"
            return value
        if problem is not None:
            raise NotAvailable(f"{key} cannot be computed from its definition: {problem}")
        return self._leaf(key, head)

    def _is_met(self, definition: Definition, values: Mapping[str, int]) -> bool:
        e = self.evaluation(values)
        return all(is_met(e, condition, {}) for condition in definition.conditions if condition.left in values)

    def _leaf(self, key: str, head: Symbol) -> TensorArray:
        shape = self.shapes.get(form(head))
        if head.name == "I" and not head.mark and shape is not None and len(shape) == 2 and shape[0] == shape[1]:
            self.assumed[key] = "the identity"
            return TensorArray(torch.eye(shape[0], dtype=torch.float64)[None])
        if self.means and head.mark == "bar" and not (head.sub or head.sup):
            whole = plain(replace(head, mark=""))
            if whole in self.heads and (value := self.value(whole)).ndim > 0:
                self.assumed[key] = f"the mean of {whole}"
                return TensorArray(value.tensor.mean(dim=1))
        if shape is None:
            raise NotAvailable(f"nothing in the note says what {key} is")
        if head.name == "1" and shape:
            self.assumed[key] = "ones"
            return TensorArray(torch.ones((1, *shape), dtype=torch.float64))
        if form(head) in self.definitions.letters.zeros:
            count = self.trials if self.fixed is None else 1
            return TensorArray(torch.zeros((count, *shape), dtype=torch.float64, requires_grad=True))
        if self.fixed is not None:
            if form(head) not in self.fixed:
                raise NotAvailable(f"the note gives no number for {key}")
            given = np.asarray(self.fixed[form(head)], dtype=np.float64)
            numbers = given[None] if given.ndim else np.full((1, *shape), given)  # a printed list has its own length
        else:
            few = self.few.get(head.name, ())
            numbers = drawn(head, shape, self.trials, self.seed, self.labels, self.positive, few)
            symmetric = self.symmetric is None or head.name in self.symmetric
            if symmetric and len(shape) == 2 and shape[0] == shape[1]:
                numbers = (numbers + numbers.swapaxes(1, 2)) / 2.0
        if form(head) in self.pinned:
            numbers = np.full_like(numbers, self.pinned[form(head)])
        self.open[key] = shape
        return TensorArray(torch.tensor(numbers, dtype=torch.float64, requires_grad=True))

    def _defined(self, definition: Definition, values: Mapping[str, int]) -> TensorArray:
        if not definition.axes:
            return self._evaluated(definition.tree, values)
        if any(text.isdecimal() for text in definition.axes) and not all(text.isdecimal() for text in definition.axes):
            raise NotAvailable("only some of its entries are defined together")
        e = self.evaluation(values)
        ranges = [self._range(e, definition, text) for text in definition.axes]
        count = int(np.prod([len(r) for r in ranges]))
        if count > _ENTRIES:
            raise NotAvailable(f"an array of {count:,} entries that is defined entry by entry")
        letters = definition.axes
        places = [tuple(zip(letters, numbers, strict=True)) for numbers in product(*ranges)]
        # `R_{nn} = ...` says what stands on the diagonal, and nothing of what stands beside it.
        given = {at: dict(at) for at in places if len(set(at)) == len(set(letters))}
        known = {at: self._evaluated(definition.tree, {**values, **numbers}) for at, numbers in given.items()}
        nothing = 0.0 * next(iter(known.values()))
        entries = [known.get(at, nothing) for at in places]
        if len({entry.shape for entry in entries}) != 1:
            raise NotAvailable("its entries have different shapes")
        stack: Any = np.stack  # by NumPy's protocol, which a TensorArray answers
        stacked: TensorArray = stack(entries)
        tensor = stacked.tensor
        lengths = [len(r) for r in ranges]
        return TensorArray(tensor.reshape(tensor.shape[0], *lengths, *tensor.shape[2:]))

    def _range(self, e: Evaluation, definition: Definition, text: str) -> Sequence[int]:
        for condition in definition.conditions:
            if condition.left == text and condition.high:
                low, high = (_whole(e, limit) for limit in (condition.right, condition.high))
                if low == 1 and high is not None:
                    return range(1, high + 1)
        found = inferred(e, text, symbols_with(text, definition.tree))
        length = self.lengths.get((form(definition.head), definition.axes.index(text)), 0)
        if length > 0 and (not found or length < len(found)):  # `x_{i+j-1}` exists for more than z_i has entries
            return range(1, length + 1)
        if not found or list(found) != list(range(1, len(found) + 1)):
            raise NotAvailable(f"the range of the index {text} is not known")
        return found

    def _evaluated(self, tree: Node, values: Mapping[str, int]) -> TensorArray:
        """A tree in the first reading in which its shapes fit."""
        problem: Misfit | None = None
        for reading in _TRIED:
            try:
                value = self.evaluation(values, reading).value(tree)
            except Misfit as error:
                problem = problem or error
                continue
            return value if isinstance(value, TensorArray) else TensorArray(torch.as_tensor(np.asarray(value))[None])
        assert problem is not None
        raise problem

    def evaluation(
        self, values: Mapping[str, int], reading: Reading | None = None, bound: Mapping[object, Array] | None = None
    ) -> Evaluation:
        """A fresh evaluation on this world."""
        e = evaluation(self, self._budget, self.limits, {**self.families.letters.fixed, **values}, reading)
        e.bound = bound or {}
        return e

    # ---- what judging asks for

    def failures(self) -> list[str]:
        """Why quantities that were asked for could not be computed."""
        return [value for value in self._values.values() if isinstance(value, str)]

    def is_number(self, key: str) -> bool:
        """Whether a quantity is a single number."""
        try:
            return self.value(key).shape == ()
        except NotAvailable:
            return False

    def slope(self, of: str, by: str) -> TensorArray | None:
        """The derivative of one quantity by another; None where there is none."""
        try:
            below, index = self._below(by)
            return TensorArray(gradient(self.value(of).tensor, below.tensor, index, "", -1))
        except (NotAvailable, Unjudged):
            return None

    def leaves_under(self, key: str) -> set[str]:
        """The leaves on which a quantity depends."""
        try:
            return self._leaves_below(self.value(key))
        except NotAvailable:
            return set()

    def leaves_of(self, tree: Node, values: Mapping[str, int]) -> set[str] | None:
        """The leaves that stand below the symbols of a tree; None where one of them has no value."""
        found: set[str] = set()
        e = self.evaluation(values)
        for node in walk(tree):
            if isinstance(node, Symbol) and not (form(node) in e.bound or node.name in e.indices):
                if lookup.is_kronecker(self, node):
                    continue
                keys = self._keys_of(node, e)
                below = []
                for key in keys:
                    with suppress(NotAvailable):
                        below.append(self._leaves_below(self.value(key)))
                if keys and not below:  # of all layers one is there at least
                    return None
                found |= set[str]().union(*below)
        return found

    def _keys_of(self, symbol: Symbol, e: Evaluation) -> list[str]:
        """The quantities that a symbol may mean; under a sum over its index, each of them."""
        place = lookup.find(self, symbol, e.indices)
        if place is not None:
            return [place.key]
        every = instances(self.families.split(symbol).head, self.families.letters)
        return [key for head in every if (key := plain(head)) in self.heads]

    def _leaves_below(self, value: TensorArray) -> set[str]:
        keys = [key for key in self.open if isinstance(self._values.get(key), TensorArray)]
        if not value.tensor.requires_grad or not keys:
            return set()
        known = self._values
        tensors = [known[key].tensor for key in keys]  # type: ignore[union-attr]
        slopes = torch.autograd.grad(value.tensor.sum(), tensors, retain_graph=True, allow_unused=True)
        return {key for key, slope in zip(keys, slopes, strict=True) if slope is not None}

    # ---- what the rules of evaluation ask for

    def derived(self, e: Evaluation, node: Derivative) -> TensorArray:
        """A derivative of anything by a quantity, an entry of one, or a function's dummy."""
        if (at := self._slot(e, node)) is not None:
            return at
        if isinstance(node.by, Power) and isinstance(node.by.exponent, Number):  # d/ds = n s^{n-1} d/d(s^n)
            inner = replace(node, by=node.by.base)
            slope, by = self.derived(e, inner), e.value(node.by.base)
            if slope.shape == by.shape:
                exponent = float(Fraction(node.by.exponent.text))
                return TensorArray((slope / (exponent * by ** (exponent - 1.0))).tensor)
        self._again += any(isinstance(below, Derivative | Call) for below in walk(node.of))
        try:
            of = e.value(node.of)
        finally:
            self._again -= any(isinstance(below, Derivative | Call) for below in walk(node.of))
        by, index = self._variable(e, node)
        again = self._again > 0 or bool(self._computing)
        try:
            return TensorArray(gradient(of.tensor, by.tensor, index, plain_of(node), node.span[0], again=again))
        except Independent:
            for other in self._printed_otherwise(node.of, of):
                with suppress(Independent):
                    return TensorArray(gradient(other, by.tensor, index, plain_of(node), node.span[0], again=again))
            raise

    def _printed_otherwise(self, node: Node, value: TensorArray) -> Iterator[torch.Tensor]:
        """The values of what else a note says that a name is equal to: `L = \\|X - ABX\\|^2 = \\|X - AZ\\|^2`."""
        for tree in self.others.get(form(node), ()) if isinstance(node, Symbol) else ():
            try:
                other = self._evaluated(tree, {}).tensor
            except (NotAvailable, Unjudged, Misfit):
                continue
            if other.shape == value.tensor.shape and torch.allclose(other, value.tensor, rtol=1e-9, atol=1e-12):
                yield other

    def _slot(self, e: Evaluation, node: Derivative) -> TensorArray | None:
        """`\\nabla_\\theta J(\\theta_t)`: a function's derivative by its dummy, taken at what stands there."""
        of = node.of
        if not isinstance(of, Call) or of.name is None or of.primes:
            return None
        definition = self.definitions.function(of.name)
        parameters = definition.parameters if definition is not None and definition.parameters is not None else ()
        if len(parameters) != len(of.arguments):
            return None
        for parameter, argument in zip(parameters, of.arguments, strict=True):
            if form(parameter) == form(node.by) if isinstance(node.by, Symbol) else False:
                if argument == parameter:
                    return None
                at = e.value(argument).tensor * 1.0
                at = at if at.requires_grad else at.detach().requires_grad_()
                values = [TensorArray(at) if a is argument else e.value(a) for a in of.arguments]
                value = self._applied(e, of, definition, values)
                return TensorArray(gradient(value.tensor, at, (), plain_of(node), node.span[0], again=True))
        return None

    def _variable(self, e: Evaluation, node: Derivative) -> tuple[TensorArray, tuple[Any, ...]]:
        by = node.by
        if isinstance(by, Call) and by.name is not None:
            by = by.name
        if not isinstance(by, Symbol):
            raise Unjudged("a derivative by an expression", node.span[0])
        dummy = e.bound.get(form(by))
        if dummy is not None:
            return dummy, ()
        place = e.place(by)
        try:
            whole, index = self._below(place.key)
            return whole, (*index, *place.index)
        except NotAvailable as error:
            raise Unjudged(str(error), node.span[0]) from error

    def _below(self, key: str) -> tuple[TensorArray, tuple[Any, ...]]:
        """What is differentiated by where a quantity is: itself, but for what a reference knows."""
        backed = None if self.backing is None or key not in self.heads else self.backing.key(self.heads[key])
        if backed is None or self.backing is None:
            return self.value(key), ()
        tensor = self.backing.tensors[backed]
        return TensorArray(tensor.below), tensor.index

    def applied(self, e: Evaluation, node: Call, arguments: Sequence[Array]) -> Array:
        """A function of the note's own, or its derivative, at some values."""
        assert node.name is not None
        definition = self.definitions.function(node.name)
        if definition is None and not node.primes:
            place = e.find(node.name)
            if place is not None and (node.name.name, node.name.mark) in self.definitions.quantities:
                return lookup.value_at(self, place)
        arguments = [
            a if isinstance(a, TensorArray) else TensorArray(torch.as_tensor(np.asarray(a))[None]) for a in arguments
        ]
        if node.primes:
            if len(arguments) != 1:
                raise Unjudged("a prime at a function of several arguments", node.span[0])
            at = arguments[0].tensor * 1.0
            at = at if at.requires_grad else at.detach().requires_grad_()
            value = self._applied(e, node, definition, [TensorArray(at)]).tensor
            for _ in range(node.primes):
                if not value.requires_grad:
                    return TensorArray(torch.zeros_like(at))
                (slope,) = torch.autograd.grad(value.sum(), at, create_graph=True, allow_unused=True)
                value = torch.zeros_like(at) if slope is None else slope
            return TensorArray(value)
        return self._applied(e, node, definition, arguments)

    def _applied(
        self, e: Evaluation, node: Call, definition: Definition | None, arguments: Sequence[Array]
    ) -> TensorArray:
        assert node.name is not None
        if definition is None:
            return self._unknown(node, arguments)
        parameters = definition.parameters or ()
        if len(parameters) != len(arguments):
            raise Unjudged(f"{plain(node.name)} of {len(arguments)} arguments is not defined", node.span[0])
        bound: dict[object, Array] = {form(p): a for p, a in zip(parameters, arguments, strict=True)}
        mark = f"function {form(node.name)}"
        if mark in self._computing:
            raise Unjudged(f"{plain(node.name)} is defined by itself", node.span[0])
        self._computing.add(mark)
        try:
            value = self.evaluation({}, e.reading, bound).value(definition.tree)
        finally:
            self._computing.discard(mark)
        zero = arguments[0] * 0.0 if len(arguments) == 1 else 0.0
        return value if isinstance(value, TensorArray) else zero + value

    def _unknown(self, node: Call, arguments: Sequence[Array]) -> TensorArray:
        """A function that the note only names: the logistic one for σ, else any smooth one."""
        assert node.name is not None
        if len(arguments) != 1:
            raise Unjudged(f"the function {plain(node.name)} is not defined", node.span[0])
        x = arguments[0]
        if (given := self.callables.get(plain(node.name))) is not None:
            try:
                return TensorArray(applied(given, x.tensor, plain(node.name)))
            except GradproofError as error:
                raise Unjudged(str(error), node.span[0]) from error
        if node.name.name == r"\sigma":
            self.assumed[plain(node.name)] = "the logistic function"
            found: TensorArray = sigmoid(x)
            return found
        self.assumed[plain(node.name)] = "any smooth function, entry by entry"
        shift = 0.1 * (sum(map(ord, plain(node.name))) % 7)
        smooth: TensorArray = np.tanh(0.8 * x + shift) + 0.3 * x + 0.1 * x * x
        return smooth

    def of_matrix(self, name: str, value: TensorArray) -> TensorArray:
        """The inverse or the determinant of a matrix; raises `Unjudged` for a singular one."""
        if name != "inverse":
            return TensorArray(torch.linalg.det(value.tensor))
        if bool((torch.linalg.cond(value.tensor.detach()) > _SINGULAR).any()):
            raise Unjudged("the inverse of a matrix that is singular with the sizes that were guessed", -1)
        return TensorArray(torch.linalg.inv(value.tensor))

    def derivative(self, of: str, by: str) -> Array:
        """The derivative of one quantity by another."""
        below, index = self._below(by)
        return TensorArray(gradient(self.value(of).tensor, below.tensor, index, f"{of} by {by}", -1))

    def updated(self, key: str) -> Array:
        """There is no optimizer here."""
        raise NotAvailable(f"no step gives {key} a new value")

    def constant(self, number: Fraction) -> Array:
        """A number."""
        return TensorArray(torch.full((1,), float(number), dtype=torch.float64))

    def role(self, key: str) -> Role:
        """Everything is a value here."""
        return "value"

    def numbers(self, value: Array) -> Numbers:
        """The numbers behind a value."""
        tensor = value.tensor if isinstance(value, TensorArray) else torch.as_tensor(np.asarray(value))[None]
        return tensor.detach().numpy()

    def compare(self, left: Array, right: Array) -> Agreement:
        """Sides are compared as numbers, outside of this world."""
        raise NotImplementedError


def _whole(e: Evaluation, text: str) -> int | None:
    number = index_value(text, e.indices)
    if number is not None:
        return number
    constant = e.provider.names.constant(Symbol(text))
    return int(constant) if constant is not None and constant.denominator == 1 else None


__all__ = ["Independent", "Label", "World", "laid_out"]

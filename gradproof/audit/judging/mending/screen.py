"""Many parts tried at one spot with one evaluation: the parts' values are stacked on a trial axis of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gradproof.arrays.trials import TrialArray
from gradproof.audit.judging.mending.changes import Combine, Spot
from gradproof.audit.reading.names import Names
from gradproof.audit.reading.tree import Big, Call, Derivative, Node, Product, Sum, Symbol, children, walk
from gradproof.audit.values.evaluation import Evaluation, Unjudged
from gradproof.audit.values.provider import Agreement, Array, Role
from gradproof.audit.values.shapes import Misfit, alike
from gradproof.tolerances import MEND_NEAR

Numbers = NDArray[np.float64]
_TRIALS = 64  # of which a first look is taken


class OpenScreen:
    """A screen that lets everything pass."""

    def is_number(self, spot: Spot) -> bool:
        """Nothing is known of any spot."""
        return False

    def fitting(self, spot: Spot, parts: Sequence[Node], combine: Combine) -> Iterable[Node]:
        """All parts."""
        return parts


@dataclass
class StackedScreen:
    """A screen for one wrong side: its tree, the evaluation it is wrong in, the numbers it should be worth.

    Parts of one shape are tried together; one whose numbers cannot be told is left out.
    """

    tree: Node
    side: Evaluation
    target: Numbers
    trials: ClassVar[int] = _TRIALS
    _numbers: dict[tuple[int, ...], tuple[Node, Numbers | None]] = field(default_factory=dict)
    _stacked: Evaluation | None = None
    _tried: Sequence[Node] = ()
    _summed: Sequence[str] = ()

    def is_number(self, spot: Spot) -> bool:
        """Whether the spot has a single number as its value."""
        value = self._value(spot.node)
        return value is not None and value.ndim == 1

    def fitting(self, spot: Spot, parts: Sequence[Node], combine: Combine) -> Iterable[Node]:
        """The parts with which the side comes near its target in all trials."""
        if not parts:
            return parts
        if not self.side.budget.spend(1 + len(parts) // 4):
            return ()
        summed = _letters_above(spot.rebuild(_HOLE))
        first = self.side.with_indices(dict.fromkeys(summed, 1)) if summed else self.side
        shapes: dict[tuple[int, ...], list[Node]] = {}
        for part in parts:
            value = self._value(part, first, summed)
            if value is not None:
                shapes.setdefault(value.shape[1:], []).append(part)
        passed: set[int] = set()
        for shape, valued in shapes.items():
            near = np.zeros(len(valued), bool)
            for put in _ways(spot.node, _HOLE, combine, number=not shape and self.is_number(spot)):
                near |= self._near(spot.rebuild(put), valued, summed)
            passed |= {id(part) for part, passes in zip(valued, near, strict=True) if passes}
        return [part for part in parts if id(part) in passed]

    def bank(self, e: Evaluation) -> Array:
        """What stands in the hole, a row for each part that is tried, where the sums around it are at some indices."""
        values = {letter: e.indices[letter] for letter in self._summed if letter in e.indices}
        at = self.side.with_indices(values) if values else self.side
        found = [self._value(part, at, tuple(values)) for part in self._tried]
        shape = next((value.shape[1:] for value in found if value is not None), ())
        trials = max(len(self.target), *(len(value) for value in found if value is not None), 1)
        bank = np.full((len(found), trials, *shape), np.nan)
        for row, value in zip(bank, found, strict=True):
            if value is not None and value.shape[1:] == shape:
                row[:] = value
        return TrialArray(bank, lead=2)

    def _value(self, node: Node, at: Evaluation | None = None, letters: Sequence[str] = ()) -> Numbers | None:
        """The numbers (trials, *shape) of a node, None where it has none; `letters`: those that sums give values."""
        side = self.side if at is None else at
        key = (id(node), *(side.indices[letter] for letter in letters))
        if key not in self._numbers:
            try:
                numbers: Numbers | None = side.provider.numbers(side.value(node))[:_TRIALS]
            except (Unjudged, Misfit):
                numbers = None
            self._numbers[key] = (node, numbers)
        return self._numbers[key][1]

    def _near(self, tree: Node, parts: Sequence[Node], summed: Sequence[str]) -> NDArray[np.bool_]:
        """For each part in the hole of a side, whether that has its target's value then."""
        self._tried, self._summed = parts, summed
        nothing = np.zeros(len(parts), bool)
        if not self.side.budget.spend(len(parts) // 16):
            return nothing
        evaluation = self._stacked_side().with_indices({})
        evaluation._known = {key: pair for key, pair in self._stacked_side()._known.items() if pair[0] is not _HOLE}
        try:
            whole, target = alike(evaluation.value(tree), TrialArray(self.target[None], lead=2))
        except (Unjudged, Misfit):
            return nothing
        result: Numbers = whole.values
        with np.errstate(all="ignore"):
            allowed = MEND_NEAR * (np.abs(result) + np.abs(target.values) + MEND_NEAR)
            near = np.abs(result - target.values) <= allowed
        near |= ~np.isfinite(target.values)  # a trial in which the target has no value says nothing
        near = near.reshape(*near.shape[:2], -1).all(axis=(1, 2))
        return np.asarray(np.broadcast_to(near, len(parts)))

    def _stacked_side(self) -> Evaluation:
        """The evaluation of the side on stacked numbers, which knows the values of all its nodes."""
        if self._stacked is None:
            s = self.side
            stacked = _Stacked(s, self.bank)
            bound = {key: stacked.lifted(value) for key, value in s.bound.items()}
            self._stacked = Evaluation(stacked, s.rules, s.budget, s.limits, s.indices, s.reading, bound=bound)
            try:
                self._stacked.value(self.tree)
            except (Unjudged, Misfit):
                return self._stacked  # the side as printed has no value; with another part it may have one
        return self._stacked


_HOLE = Call("own", 0, (), "hole", Symbol("hole"))
"""Where a part is tried; a call, so that its value may depend on the indices of the sums around it."""


def _letters_above(tree: Node) -> tuple[str, ...]:
    """The indices of the sums in which the hole stands."""
    if tree is _HOLE:
        return ()
    for below in children(tree):
        if any(node is _HOLE for node in walk(below)):
            return (*((tree.index,) if isinstance(tree, Big) else ()), *_letters_above(below))
    return ()


def _ways(node: Node, part: Node, combine: Combine, *, number: bool) -> Iterator[Node]:
    """How a part may be put to a node."""
    if combine == "instead":
        yield part
    elif combine == "factor":
        factors = node.factors if isinstance(node, Product) else (node,)
        operators = node.operators if isinstance(node, Product) else ()
        yield Product((*factors, part), (*operators, "juxt"))
        if not number:
            yield Product((*factors, part), (*operators, "odot"))
            yield Product((part, *factors), ("juxt", *operators))
    else:
        terms = node.terms if isinstance(node, Sum) else (node,)
        signs = node.signs if isinstance(node, Sum) else ("+",)
        yield Sum((*signs, "+" if combine == "plus" else "-"), (*terms, part))


class _Stacked:
    """A provider's first trials as plain numbers, with an axis before them on which parts are stacked."""

    def __init__(self, side: Evaluation, bank: Callable[[Evaluation], Array]) -> None:
        self._provider = side.provider
        self._side = side
        self._bank = bank

    @property
    def names(self) -> Names:
        return self._provider.names

    def role(self, key: str) -> Role:
        return self._provider.role(key)

    def value(self, key: str) -> Array:
        return self.lifted(self._provider.value(key))

    def derivative(self, of: str, by: str) -> Array:
        return self.lifted(self._provider.derivative(of, by))

    def updated(self, key: str) -> Array:
        return self.lifted(self._provider.updated(key))

    def constant(self, number: Fraction) -> Array:
        return TrialArray(np.full((1, 1), float(number)), lead=2)

    def numbers(self, value: Array) -> Numbers:
        return np.asarray(value.values[0])

    def compare(self, left: Array, right: Array) -> Agreement:
        raise NotImplementedError("a screen compares by itself")

    def __getattr__(self, name: str) -> Any:
        """What a note that is its own reference knows besides: derivatives of expressions, its own functions."""
        if name not in ("derived", "of_matrix") or not hasattr(self._provider, name):
            raise AttributeError(name)
        return {"derived": self._derived, "of_matrix": self._of_matrix}[name]

    def _derived(self, e: Evaluation, node: Derivative) -> Array:
        provider: Any = self._provider
        return self.lifted(provider.derived(self._side.with_indices(e.indices), node))

    def applied(self, e: Evaluation, node: Call, arguments: Sequence[Array]) -> Array:
        """What stands in the hole; a function of the note's own at some values."""
        if node is _HOLE:
            return self._bank(e)
        provider: Any = self._provider
        parameters, tree = provider.formula(node)
        if len(parameters) != len(arguments):
            raise Unjudged("another number of arguments", node.span[0])
        bound = dict(zip(parameters, arguments, strict=True))
        return Evaluation(self, e.rules, e.budget, e.limits, e.indices, e.reading, bound=bound).value(tree)

    def _of_matrix(self, name: str, value: Array) -> Array:
        numbers = value.values
        try:
            with np.errstate(all="ignore"):
                found = np.linalg.inv(numbers) if name == "inverse" else np.linalg.det(numbers)
        except np.linalg.LinAlgError as error:
            raise Unjudged("the inverse of a singular matrix", -1) from error
        return TrialArray(found, lead=2)

    def lifted(self, value: Array) -> Array:
        """Numbers (trials, ...) with an axis before them."""
        return TrialArray(self._provider.numbers(value)[None, :_TRIALS], lead=2)

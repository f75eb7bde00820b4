"""Many parts tried at one spot with one evaluation: the parts' values are stacked on a trial axis of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from gradproof.arrays.trials import TrialArray
from gradproof.audit.judging.mending.changes import Combine, Spot
from gradproof.audit.reading.names import Names
from gradproof.audit.reading.tree import Node, Symbol
from gradproof.audit.values.evaluation import Evaluation, Unjudged
from gradproof.audit.values.provider import Agreement, Array, Provider, Role
from gradproof.audit.values.shapes import Misfit
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

    Works where the spot, the parts and the side are single numbers; elsewhere every part passes.
    """

    tree: Node
    side: Evaluation
    target: Numbers
    trials: ClassVar[int] = _TRIALS
    _numbers: dict[int, tuple[Node, Numbers | None]] = field(default_factory=dict)
    _stacked: Evaluation | None = None

    def is_number(self, spot: Spot) -> bool:
        """Whether the spot has a single number as its value."""
        return self._value(spot.node) is not None

    def fitting(self, spot: Spot, parts: Sequence[Node], combine: Combine) -> Iterable[Node]:
        """The parts with which the side comes near its target in all trials; all where that cannot be told."""
        if self.target.ndim != 1 or not parts:
            return parts
        here = self._value(spot.node)
        if here is None:
            return parts
        if not self.side.budget.spend(1 + len(parts) // 4):
            return ()
        valued = [(part, value) for part in parts if (value := self._value(part)) is not None]
        if not valued:
            return ()
        trials = max(len(self.target), len(here), *(len(value) for _, value in valued))  # a constant has one
        bank = np.empty((len(valued), trials))
        for row, (_, value) in zip(bank, valued, strict=True):
            row[:] = value
        near = self._near(spot, _COMBINED[combine](here[None], bank))
        return [part for (part, _), passes in zip(valued, near, strict=True) if passes]

    def _value(self, node: Node) -> Numbers | None:
        """The numbers (trials,) of a node that is a single number, else None."""
        if id(node) not in self._numbers:
            try:
                value = self.side.value(node)
            except (Unjudged, Misfit):
                numbers = None
            else:
                numbers = self.side.provider.numbers(value)[:_TRIALS] if value.shape == () else None
            self._numbers[id(node)] = (node, numbers)
        return self._numbers[id(node)][1]

    def _near(self, spot: Spot, values: Numbers) -> NDArray[np.bool_]:
        """For each row of values (parts, trials) at the spot, whether the side then has its target's value."""
        hole = Symbol("hole")
        evaluation = self._stacked_side().assuming(hole, TrialArray(values, lead=2))
        try:
            whole = evaluation.value(spot.rebuild(hole))
        except (Unjudged, Misfit):
            return np.zeros(len(values), bool)
        if whole.shape != ():
            return np.ones(len(values), bool)
        result: Numbers = whole.values
        with np.errstate(all="ignore"):
            allowed = MEND_NEAR * (np.abs(result) + np.abs(self.target) + MEND_NEAR)
            near = (np.abs(result - self.target) <= allowed).all(axis=1)
        return np.asarray(np.broadcast_to(near, len(values)))

    def _stacked_side(self) -> Evaluation:
        """The evaluation of the side on stacked numbers, which knows the values of all its nodes."""
        if self._stacked is None:
            s = self.side
            self._stacked = Evaluation(_Stacked(s.provider), s.rules, s.budget, s.limits, s.indices, s.reading)
            try:
                self._stacked.value(self.tree)
            except (Unjudged, Misfit):
                return self._stacked  # the side as printed has no value; with another part it may have one
        return self._stacked


_COMBINED: dict[Combine, Callable[[Numbers, Numbers], Numbers]] = {
    "factor": np.multiply,
    "plus": np.add,
    "minus": np.subtract,
    "instead": lambda here, parts: parts,
}


class _Stacked:
    """A provider's first trials as plain numbers, with an axis before them on which parts are stacked."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    @property
    def names(self) -> Names:
        return self._provider.names

    def role(self, key: str) -> Role:
        return self._provider.role(key)

    def value(self, key: str) -> Array:
        return self._lifted(self._provider.value(key))

    def derivative(self, of: str, by: str) -> Array:
        return self._lifted(self._provider.derivative(of, by))

    def updated(self, key: str) -> Array:
        return self._lifted(self._provider.updated(key))

    def constant(self, number: Fraction) -> Array:
        return TrialArray(np.full((1, 1), float(number)), lead=2)

    def numbers(self, value: Array) -> Numbers:
        return np.asarray(value.values[0])

    def compare(self, left: Array, right: Array) -> Agreement:
        raise NotImplementedError("a screen compares by itself")

    def _lifted(self, value: Array) -> Array:
        return TrialArray(self._provider.numbers(value)[None, :_TRIALS], lead=2)

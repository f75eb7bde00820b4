"""What a note says of itself, as the numbers that an audit compares; a world of tensors stands behind them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gradproof.arrays.trials import TrialArray
from gradproof.audit.own.names.chapters import Chapter
from gradproof.audit.own.tensors import TensorArray
from gradproof.audit.own.world import World
from gradproof.audit.reading.names import Names, form
from gradproof.audit.reading.read import Statement
from gradproof.audit.reading.tree import Call, Derivative, Node
from gradproof.audit.values.evaluation import Evaluation, Unjudged
from gradproof.audit.values.provider import Agreement, Array, NotAvailable, Role, compare_numbers
from gradproof.audit.values.shapes import Misfit
from gradproof.tolerances import OWN_PASS

Numbers = NDArray[np.float64]


@dataclass
class Own:
    """A provider whose truth is the note's own forward pass, with derivatives by autograd.

    `steps`: new values of parameters, put there by whoever judges an update.
    """

    world: World
    parameters: frozenset[str] = frozenset()
    rates: frozenset[str] = frozenset()
    steps: dict[str, Array] = field(default_factory=dict)
    why: str = ""
    bound: dict[object, Array] = field(default_factory=dict)
    met: NDArray[np.bool_] | None = None  # the trials in which the condition of the statement that is judged holds
    on_enter: Callable[[Statement], None] | None = None
    elsewhere: Callable[[], tuple[Chapter, Own]] | None = None  # the same with other numbers, sizes and layers
    confirms: Callable[[Statement, int], bool] | None = None
    as_printed: Callable[[Node], Node] | None = None
    standing: dict[object, bool] = field(default_factory=dict, init=False, repr=False)  # what was looked up before
    _lowered: dict[str, tuple[Any, Array]] = field(default_factory=dict, init=False, repr=False)

    @property
    def is_own(self) -> bool:
        """The note is its own reference, so what stands for what is a guess."""
        return True

    @property
    def names(self) -> Names:
        """What printed names mean."""
        return self.world.names

    @property
    def letters(self) -> dict[str, int]:
        """Letters in labels that are constants."""
        return self.world.families.letters.fixed

    @property
    def running(self) -> frozenset[str]:
        """Letters in labels that run over entries, layers or steps."""
        letters = self.world.families.letters
        return frozenset(letters.indices | letters.layered)

    @property
    def counting(self) -> frozenset[str]:
        """Letters that count layers or steps."""
        return frozenset(self.world.families.letters.layered)

    def value(self, key: str) -> Array:
        """The value of a quantity."""
        value = self.world.value(key)
        known = self._lowered.get(key)
        if known is None or known[0] is not value:
            known = self._lowered[key] = value, lowered(value)
        return known[1]

    def derivative(self, of: str, by: str) -> Array:
        """The derivative of one quantity by another."""
        return lowered(self.world.derivative(of, by))

    def derived(self, e: Evaluation, node: Derivative) -> Array:
        """A derivative of anything by a quantity."""
        return lowered(self.world.derived(self._inside(e), node))

    def applied(self, e: Evaluation, node: Call, arguments: Sequence[Array]) -> Array:
        """A function of the note's own at some values."""
        return lowered(self.world.applied(self._inside(e), node, [lifted(a) for a in arguments]))

    def formula(self, node: Call) -> tuple[tuple[object, ...], Node]:
        """The dummies of a function of the note's own, by their form, and its formula; raises `Unjudged`."""
        definition = self.world.definitions.function(node.name) if node.name is not None else None
        if definition is None or definition.parameters is None or node.primes:
            raise Unjudged("a function that has no formula", node.span[0])
        return tuple(form(parameter) for parameter in definition.parameters), definition.tree

    def of_matrix(self, name: str, value: Array) -> Array:
        """The inverse or the determinant of a matrix."""
        return lowered(self.world.of_matrix(name, lifted(value)))

    def _inside(self, e: Evaluation) -> Evaluation:
        bound = {key: lifted(value) for key, value in e.bound.items()}
        return self.world.evaluation(e.indices, e.reading, bound)

    def enter(self, statement: Statement) -> None:
        """Told of the statement that is judged next."""
        self.met = self.meets(statement)
        if self.on_enter is not None:
            self.on_enter(statement)

    def meets(self, statement: Statement) -> NDArray[np.bool_] | None:
        """The trials in which what a statement is said under holds; None where it is said of all, or of none known."""
        met = np.ones(self.world.trials, dtype=bool)
        for condition in statement.given:
            try:
                value = self.world.numbers(self.world.evaluation(self.letters).value(condition))
            except (Unjudged, Misfit, NotAvailable):
                return None
            met = met & value.astype(bool).reshape(len(value), -1).all(axis=1)
        return met if statement.given else None

    def updated(self, key: str) -> Array:
        """The value of a parameter after the step that is judged."""
        if key not in self.steps:
            raise NotAvailable(self.why or f"the note does not say which step gives {key} its new value")
        return self.steps[key]

    def constant(self, number: Fraction) -> Array:
        """A number; the same in all trials."""
        return TrialArray(np.full(1, float(number)))

    def role(self, key: str) -> Role:
        """Whether a quantity is updated somewhere, or is a step size."""
        return "parameter" if key in self.parameters else "hyperparameter" if key in self.rates else "value"

    def numbers(self, value: Array) -> Numbers:
        """The numbers (trials, *shape)."""
        return np.asarray(value.values if isinstance(value, TrialArray) else value, dtype=np.float64)

    def compare(self, left: Array, right: Array) -> Agreement:
        """Compare trial by trial, within what float64 loses in so many operations."""
        a, b = np.broadcast_arrays(self.numbers(left), self.numbers(right))
        finite = np.isfinite(a).reshape(len(a), -1).all(axis=1) & np.isfinite(b).reshape(len(b), -1).all(axis=1)
        if self.met is not None and len(self.met) == len(finite):
            finite &= self.met
            if not finite.any():
                return Agreement("undecided", "in no trial does the condition hold under which it is said", len(a))
        if not finite.any():
            return Agreement("undecided", "in no trial are both sides finite", len(a))
        return compare_numbers(a[finite], b[finite], OWN_PASS)


def lowered(value: Any) -> Array:
    """A tensor as numbers."""
    if isinstance(value, TensorArray):
        return TrialArray(value.tensor.detach().numpy())
    return TrialArray(np.asarray(value, dtype=np.float64)[None])


def lifted(value: Any) -> TensorArray:
    """Numbers as a tensor, by which a function's derivative can be taken."""
    numbers = value.values if isinstance(value, TrialArray) else np.asarray(value, dtype=np.float64)[None]
    return TensorArray(torch.tensor(np.asarray(numbers, dtype=np.float64), requires_grad=True))

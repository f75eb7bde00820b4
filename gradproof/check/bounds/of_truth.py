"""Bounds of the truth: torch's own operations, recorded for one trial, run again on arrays that carry bounds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gradproof.arrays.bounds.array import BoundArray
from gradproof.arrays.bounds.taken import TakenArray, noting_choices
from gradproof.arrays.bounds.ties import TieArray, noting_ties
from gradproof.aten import Slot, Tape, no_rule_for, record
from gradproof.check.bounds import sampled
from gradproof.check.bounds.bounded import Array, Bounded, as_drawn, follows, layers_of, near_to, settled_on
from gradproof.check.bounds.by_torch import rule_for
from gradproof.check.bounds.exploding import explodes, is_long, may_explode, sizes
from gradproof.errors import GradproofError
from gradproof.truth.optimizer import Tensors
from gradproof.truth.truth import Truth

UNRECORDED = 4
"""Where torch's operations could not be recorded, their results are taken to have so many times the bytes of all
quantities."""


class TruthBounds:
    """Bounds of the truth's error, from the recorded operations of one trial.

    Attributes:
        tape: The operations, or None where they could not be recorded. Its first leaf is the 1 that backpropagation
            starts from: as a leaf it keeps what autograd makes of it alone, such as 1/5 in a mean, from becoming a
            rounded constant. The others are the drawn leaves in their order; its outputs are the quantities by name.
        why_none: Why there is no tape.
        partial: The operations, some of which may have no rule; None where they could not be recorded.
        ruled: The quantities that the partial tape can be run for.
    """

    def __init__(self, truth: Truth, draws: Mapping[str, Array]) -> None:
        self.truth = truth
        self.names = list(truth.sources)
        self.exploding: set[str] = set()
        self.steady: set[str] = set()
        self.partial: Tape | None = None
        self.why_none = ""
        try:
            self.partial = self._record(draws)
        except (GradproofError, RuntimeError, NotImplementedError, TypeError) as error:
            self.why_none = str(error)  # the model runs, though not on what a recording gives it
        unruled = self.partial.unruled if self.partial is not None else ()
        if unruled:
            self.why_none = no_rule_for(unruled[0])
        self.tape = self.partial if not unruled else None
        self.ruled = self._ruled(self.partial, complete=not unruled)

    @staticmethod
    def _ruled(tape: Tape | None, *, complete: bool) -> frozenset[str]:
        if tape is None:
            return frozenset()
        names = enumerate(tape.outputs)
        return frozenset(name for k, name in names if complete or not tape.restrict([k]).unruled)

    def _record(self, draws: Mapping[str, Array]) -> Tape:
        leaves = self.truth.passes.leaves({name: values[:1] for name, values in draws.items()})
        order = list(self.truth.binding.leaves)

        def one_trial(one: torch.Tensor, *tensors: torch.Tensor) -> Tensors:
            named = dict(zip(order, tensors, strict=True))
            return self.truth.passes.quantities(named, batch=False, step=self.truth.recorded_step, one=one)

        one = torch.ones((), dtype=self.truth.dtype)
        return record(one_trial, one, *(leaves[name][0] for name in order), partial=True)

    def trial_bytes(self, draws: Mapping[str, Array]) -> int:
        """What one trial takes: its draws, all that torch computes from them, and every quantity on both sides.

        Args:
            draws: One trial's, `(1, *shape)` by leaf.
        """
        values = self.truth.evaluate(draws)
        known = sum(value.nbytes for value in values.values())
        computed = self.partial.nbytes if self.partial is not None else UNRECORDED * known
        return sum(value.nbytes for value in draws.values()) + computed + 2 * known

    def of(
        self, draws: Mapping[str, Array], values: Mapping[str, Array], names: Iterable[str], *, ties: bool = False
    ) -> dict[str, Bounded]:
        """Bounds for the named quantities, whose values by torch are given, `(n, *shape)` each."""
        known, wanted = self.exploding.intersection(names), sorted(set(names), key=self.names.index)
        drawn = [name for name in wanted if name in self.truth.binding.leaves]
        wanted = [name for name in wanted if name not in known and name not in self.truth.binding.leaves]
        replayed = self._replay(draws, wanted, noting_ties if ties else noting_choices)
        bounds = {name: settled_on(bounded, values[name]) for name, bounded in replayed.items()}
        near = {
            name: np.ones(len(values[name]), dtype=bool)
            if follows(bounded, values[name])
            else near_to(bounded, values[name])
            for name, bounded in replayed.items()
        }
        astray = [name for name in wanted if name not in near or not near[name].all()]
        if astray:
            for name, spread in sampled.of_truth(self.truth, draws, values, astray).items():
                error = spread if name not in near else np.where(_along(near[name], spread), bounds[name].error, spread)
                # Where nothing was replayed samples are all there is, whatever ties are asked for.
                decided = None if name in near else np.zeros(len(error), dtype=bool)
                bounds[name] = Bounded(values[name], error, "sampled", near=decided)
        bounds |= self._exploded(draws, values, {} if ties else bounds, known)
        return bounds | {name: as_drawn(values[name]) for name in drawn}  # nothing was computed

    def from_inputs(
        self, draws: Mapping[str, Array], values: Mapping[str, Array], name: str, inputs: Iterable[str]
    ) -> Bounded | None:
        """A quantity's bound where what torch has computed of some others is taken as it is, without an error.

        Args:
            draws: What was drawn, `(n, *shape)` by leaf.
            values: What torch makes of it, `(n, *shape)` by quantity.
            name: The quantity.
            inputs: The quantities that are taken as they are.

        Returns:
            None where torch's operations between them have no rule, or their replay is of something else.
        """
        if self.partial is None or not isinstance(self.partial.outputs[name], Slot):
            return None
        slots = {self.partial.outputs[one]: one for one in inputs}
        given = {
            slot: values[one].shape[1:]
            for slot, one in slots.items()
            if isinstance(slot, Slot) and slot.index >= len(self.partial.leaves)
        }
        tape = self.partial.starting_at(given, (self.partial.outputs[name],))
        if tape.unruled:
            return None
        arrays = noting_choices()
        leaves = [*self._leaves(draws, arrays), *(arrays.exact(values[slots[slot]]) for slot in given)]
        try:
            (result,) = tape.run(leaves)
        except GradproofError:  # a branch that other trials take
            return None
        plain = None if isinstance(result, BoundArray) else np.asarray(result)
        bounded = layers_of(result, plain, len(values[name]), arrays)
        return settled_on(bounded, values[name]) if follows(bounded, values[name]) else None

    def _exploded(
        self, draws: Mapping[str, Array], values: Mapping[str, Array], bounds: Mapping[str, Bounded], known: set[str]
    ) -> dict[str, Bounded]:
        """Sampled bounds of those that are known to explode, and of those that turn out to."""
        if not is_long((*draws.values(), *values.values()), len(next(iter(values.values()), ()))):
            return {}
        largest = cache(lambda: sizes(draws.values()))
        asked = {name for name, one in bounds.items() if name not in self.steady and may_explode(one, largest)}
        drawn, known_there = ({name: value[:1] for name, value in table.items()} for table in (draws, values))
        told = self._by_samples(drawn, known_there, asked)  # by a single trial: samples cost much
        exploding = {name for name in asked if explodes(bounds[name].rows([0]), told[name].error)}
        self.steady |= asked - exploding
        self.exploding |= exploding
        return self._by_samples(draws, values, exploding | known)

    def _by_samples(
        self, draws: Mapping[str, Array], values: Mapping[str, Array], names: set[str]
    ) -> dict[str, Bounded]:
        """The named quantities with sampled bounds."""
        if not names:
            return {}
        found = sampled.of_truth(self.truth, draws, values, sorted(names, key=self.names.index), wide=True)
        return {
            name: Bounded(values[name], error, "sampled", near=np.zeros(len(error), dtype=bool))
            for name, error in found.items()
        }

    def _replay(
        self, draws: Mapping[str, Array], wanted: list[str], kind: Callable[[], type[TakenArray | TieArray]]
    ) -> dict[str, Bounded]:
        if self.partial is None or not wanted:
            return {}
        arrays = kind()
        leaves = self._leaves(draws, arrays)
        outputs = list(self.partial.outputs)
        count = len(next(iter(draws.values())))
        found = {
            name: self._kind_of(
                name,
                layers_of(result, np.asarray(result) if not isinstance(result, BoundArray) else None, count, arrays),
            )
            for name, result in self._run(self.partial, leaves, {name: outputs.index(name) for name in wanted}).items()
        }
        if len(wanted) > 1 and issubclass(arrays, TieArray) and arrays.undecided:
            for name in wanted:  # a choice that stays open is one of what depends on it alone
                found |= self._replay(draws, [name], kind)
        return found

    def _leaves(self, draws: Mapping[str, Array], arrays: type[BoundArray]) -> list[Any]:
        """The tape's leaves, which are exact."""
        dtype = np.dtype(str(self.truth.dtype).removeprefix("torch."))
        leaves: list[Any] = [arrays.exact(np.ones(1, dtype=dtype))]
        for name in self.truth.binding.leaves:
            values = draws[name]
            leaves.append(arrays.exact(values.astype(dtype) if values.dtype.kind == "f" else values))
        return leaves

    def _kind_of(self, name: str, bounded: Bounded) -> Bounded:
        """The bound by its name: where a step on the way has no rule it rests on samples of that step."""
        return bounded if name in self.ruled else replace(bounded, kind="sampled")

    @staticmethod
    def _run(tape: Tape, leaves: list[Any], places: Mapping[str, int]) -> dict[str, Any]:
        """Outputs by name; those are left out, to be sampled, whose operations cannot be run on these trials."""
        try:
            found = tape.run(leaves, only=list(places.values()), rule_for=rule_for)
            return dict(zip(places, found, strict=True))
        except GradproofError:  # a branch that other trials take, or a choice that rounding leaves open
            if len(places) == 1:
                return {}
        found = {}
        for name, place in places.items():
            found |= TruthBounds._run(tape, leaves, {name: place})
        return found


def _along(trials: NDArray[np.bool_], values: Array) -> NDArray[np.bool_]:
    """What is said of trials `(n,)`, of each of their entries `(n, *shape)`."""
    return np.broadcast_to(trials.reshape(-1, *(1,) * (values.ndim - 1)), values.shape)

"""Bounds of the computed side: an equation's NumPy code, run on arrays that carry bounds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from functools import cache

import numpy as np

from gradproof.arrays.bounds.array import BoundArray
from gradproof.arrays.bounds.taken import noting_choices
from gradproof.arrays.bounds.ties import noting_ties
from gradproof.arrays.creation import call_on_arrays
from gradproof.case.derivation import Derivation, Equation
from gradproof.check.bounds import sampled
from gradproof.check.bounds.bounded import Bounded, follows, layers_of, settled_on, stacked
from gradproof.check.bounds.exploding import explodes, is_long, may_explode, sizes
from gradproof.check.evaluate import Evaluator, as_numbers


class EquationBounds:
    """Bounds of the computed side: equations run on values that carry their errors."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self.alone: set[str] = set()
        self.unruled: set[str] = set()
        self.exploding: set[str] = set()
        self.steady: set[str] = set()

    def of(self, equation: Equation, inputs: list[Bounded], trials: int, *, ties: bool = False) -> Bounded:
        """The equation's result on inputs that are known up to their errors.

        The value is what the function gives on plain arrays; a function that gives another one on arrays that carry
        bounds (it asks for the type of its arguments) gets a sampled bound.
        """
        plain = self.evaluator.run(equation, [bounded.value for bounded in inputs], trials)
        replayed = self._replayed(equation, inputs, trials, ties=ties)
        if replayed is None or replayed.value.shape != plain.shape or not follows(replayed, plain):
            value, error = sampled.of_equation(self.evaluator.run, equation, inputs, trials)
            own = np.full(trials, replayed is not None)  # samples are the same whatever ties are asked for
            near = np.logical_or.reduce([own, *(one.perhaps_near for one in inputs)])
            return Bounded(value, error, "sampled", near=near)
        bounded = settled_on(replayed, plain)
        near = np.logical_or.reduce([bounded.perhaps_near, *(one.perhaps_near for one in inputs)])
        kinds = {bounded.kind, *(one.kind for one in inputs)}
        return replace(bounded, near=near, kind="sampled" if "sampled" in kinds else bounded.kind)

    def _replayed(self, equation: Equation, inputs: list[Bounded], trials: int, *, ties: bool) -> Bounded | None:
        """The function on arrays with bounds: on all trials at once, else one by one; None where it has no bound."""
        kind = noting_ties if ties else noting_choices
        if equation.name not in self.alone | self.unruled:
            try:
                return run_with_bounds(equation, inputs, trials, kind())
            except Exception:  # user code that takes another branch in another trial, or has no bound
                self.alone.add(equation.name)
        if equation.name not in self.unruled:
            try:
                rows = [
                    run_with_bounds(equation, [one.rows([k]) for one in inputs], 1, kind(), alone=True)
                    for k in range(trials)
                ]
            except Exception:  # user code meets an operation that has no bound; the sampled one takes its place
                self.unruled.add(equation.name)
            else:
                return stacked(rows)
        return None

    def free_run(
        self,
        derivation: Derivation,
        leaves: Mapping[str, Bounded],
        wanted: Iterable[str],
        trials: int,
        given: Mapping[str, Bounded],
        *,
        ties: bool = False,
    ) -> dict[str, Bounded]:
        """The named equations from the leaves alone, with all that they read; some results may be given.

        Where bounds explode on the way sampled ones of the whole run take their place.
        """
        needed = set(wanted)
        for name in list(needed):
            needed.update(derivation.upstream(derivation.by_name[name]))
        known = self.exploding & needed - given.keys()
        values = {**given, **self._by_samples(known, leaves, given, trials)}
        for equation in derivation.order:
            if equation.name in needed and equation.name not in values:
                sources = [derivation.yields(name, equation) for name in equation.inputs]
                inputs = [
                    leaves[name] if source is None else values[source.name]
                    for name, source in zip(equation.inputs, sources, strict=True)
                ]
                values[equation.name] = self.of(equation, inputs, trials, ties=ties)
        if ties or any(one.value.dtype == np.float32 for one in leaves.values()):
            return values
        if not is_long((one.value for one in (*leaves.values(), *values.values())), trials):
            return values
        drawn = cache(lambda: sizes(one.value for one in leaves.values()))
        asked = {name for name in needed - known - self.steady - given.keys() if may_explode(values[name], drawn)}
        starts, held = ({name: one.rows([0]) for name, one in table.items()} for table in (leaves, given))
        told = self._by_samples(asked, starts, held, 1)  # by a single trial: samples cost much
        exploding = {name for name in asked if explodes(values[name].rows([0]), told[name].error)}
        self.exploding |= exploding
        self.steady |= asked - exploding
        return values | self._by_samples(exploding, leaves, given, trials)

    def _by_samples(
        self, names: Collection[str], leaves: Mapping[str, Bounded], given: Mapping[str, Bounded], trials: int
    ) -> dict[str, Bounded]:
        """The named equations in a free run with sampled bounds."""
        if not names:
            return {}
        values, errors = sampled.of_run(self.evaluator, leaves, given, trials)
        near = np.zeros(trials, dtype=bool)  # a quantity that near ties decide keeps its rigorous bound
        return {name: Bounded(values[name], errors[name], "sampled", near=near) for name in names}


def run_with_bounds(
    equation: Equation, inputs: list[Bounded], trials: int, arrays: type[BoundArray], *, alone: bool = False
) -> Bounded:
    """One run on arrays that carry bounds; of one trial alone, whole numbers are handed over as they are.

    Raises whatever the function raises on them.
    """
    operands = [one.value[0] if alone and one.value.dtype.kind in "iub" else one.operand(arrays) for one in inputs]
    with np.errstate(all="ignore"):
        result = call_on_arrays(equation.function, operands)
    plain = None if isinstance(result, BoundArray) else as_numbers(equation, result)
    return layers_of(result, plain, trials, arrays)

"""Large trials are not all judged in full: most differences are explained by a part of the bound of one side.

Where a trial has thousands of entries, some entry of nearly every trial differs by more than a few units in the last
place, and the bounds of both sides cost many times what they bound. So the free run is first run on arrays that carry a
part of its rounding bound (`gradproof.arrays.bounds.partial`), which is never more than the bound that a full judgement
would take: a difference within that part is rounding. Only trials with a larger one are judged in full.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from gradproof.arrays.bounds.model import exact_zeros
from gradproof.arrays.bounds.partial import PartialArray
from gradproof.case.derivation import Derivation, Equation
from gradproof.check.bounds import Bounded, follows, run_with_bounds
from gradproof.check.compare import NO_ROWS, Rows, rows_of

Array = NDArray[np.floating]
Values = Mapping[str, Array]

LARGE = 10_000
"""Bytes of a trial from which a screen costs less than the judgements that it saves."""


AT_ONCE = 1 << 21
"""Bytes of the largest quantity in the trials that are screened together: more leaves a processor's cache."""


class Screen:
    """Parts of the bounds of the free run.

    Args:
        derivation: The equations.
    """

    def __init__(self, derivation: Derivation) -> None:
        self.derivation = derivation
        self.without: set[str] = set()

    def unexplained(
        self, suspected: Mapping[str, Rows], leaves: Values, free: Values, truth: Values
    ) -> dict[str, Rows]:
        """Of the places that differ by more than a few units those whose differences a part of the bound leaves open.

        Args:
            suspected: Places in the flattened block by the equation's name, in rising order.
            leaves: What the free run starts from, `(n, *shape)` by quantity.
            free: What it gave, by the equation's name.
            truth: What torch gives, by quantity.
        """
        left = {name: [NO_ROWS] for name in suspected}
        rows = np.unique(np.concatenate([rows_of(places, free[name]) for name, places in suspected.items()]))
        portion = max(AT_ONCE // max(values[0].nbytes for values in free.values()), 1)
        for start in range(0, len(rows), portion):
            some = rows[start : start + portion]
            errors = self._errors(suspected, some, leaves, free)
            for name, places in suspected.items():
                size = free[name].size // len(free[name])
                within = places[slice(*np.searchsorted(places, [some[0] * size, (some[-1] + 1) * size]))]
                true = truth[self.derivation.by_name[name].quantity]
                error = errors[name].reshape(len(some), size)[np.searchsorted(some, within // size), within % size]
                entries = np.unravel_index(within, true.shape)
                left[name].append(within[_open(free[name][entries], true[entries], error)])
        return {name: np.concatenate(parts) for name, parts in left.items()}

    def _errors(self, suspected: Mapping[str, Rows], rows: Rows, leaves: Values, free: Values) -> dict[str, Array]:
        """Parts of the error bounds of the suspected equations in some rows, along the whole free run."""
        needed = set(suspected)
        for name in suspected:
            needed.update(self.derivation.upstream(self.derivation.by_name[name]))
        block = slice(rows[0], rows[-1] + 1) if rows[-1] - rows[0] + 1 == len(rows) else rows  # a slice is no copy
        known: dict[str, Bounded] = {name: _exact(values[block]) for name, values in leaves.items()}
        found: dict[str, Bounded] = {}
        for equation in self.derivation.order:
            if equation.name in needed:
                sources = [self.derivation.yields(name, equation) for name in equation.inputs]
                inputs = [
                    known[name] if source is None else found[source.name]
                    for name, source in zip(equation.inputs, sources, strict=True)
                ]
                found[equation.name] = self._bounded(equation, inputs, free[equation.name][block])
        return {name: found[name].error for name in suspected}

    def _bounded(self, equation: Equation, inputs: list[Bounded], values: Array) -> Bounded:
        """The values of an equation with a part of their error; of one that has no rule the part is 0."""
        if equation.name not in self.without:
            try:
                replayed = run_with_bounds(equation, inputs, len(values), PartialArray)
            except Exception:  # user code that takes another branch in another trial, or has no bound
                self.without.add(equation.name)
            else:
                same = np.array_equal(replayed.value, values)  # nearly always, and told in a single pass
                if same or (replayed.value.shape == values.shape and follows(replayed, values)):
                    return Bounded(values, replayed.error, "rigorous")
        return _exact(values)


def _exact(values: Array) -> Bounded:
    return Bounded(values, exact_zeros(values.shape), "rigorous")


def _open(values: Array, truth: Array, error: Array) -> NDArray[np.bool_]:
    """Which differences, `(n,)`, are not within the error."""
    with np.errstate(all="ignore"):
        return np.logical_not((np.abs(values.astype(np.float64) - truth) <= error) & np.isfinite(error))

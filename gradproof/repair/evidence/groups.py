"""True values of all known quantities over trials, and when computed values agree with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gradproof.errors import GradproofError
from gradproof.repair.formulas.functions import Array
from gradproof.tolerances import REPAIRED, RESIDUE


@dataclass(frozen=True)
class Evidence:
    """True values in some trials of one set of sizes.

    Attributes:
        values: Quantity -> its true value, `(trials, *shape)`.
        tolerance: Quantity -> differences that are allowed, entry by entry; the relative rule for all others.
    """

    values: Mapping[str, Array] = field(repr=False)
    tolerance: Mapping[str, Array] = field(default_factory=dict, repr=False)

    @cached_property
    def trials(self) -> int:
        """How many trials there are."""
        return len(next(iter(self.values.values())))

    @cached_property
    def lifted(self) -> dict[str, Array]:
        """Quantity -> its value as one candidate, `(1, trials, *shape)`."""
        return {name: np.asarray(value, dtype=np.float64)[None] for name, value in self.values.items()}

    def allowed(self, quantity: str) -> Array:
        """Differences from the true value of a quantity that count as agreement, `(trials, *shape)`."""
        if quantity in self.tolerance:
            return np.asarray(self.tolerance[quantity], dtype=np.float64)
        return REPAIRED.allowed(self.lifted[quantity][0])

    def only(self, trials: Sequence[int]) -> Evidence:
        """Some of the trials."""
        rows = np.asarray(trials, dtype=np.int64)
        tolerance = {name: self.allowed(name)[rows] for name in self.values}
        return Evidence({name: np.asarray(value)[rows] for name, value in self.values.items()}, tolerance)


def agreeing(computed: Array, truth: Array, allowed: Array) -> Array:
    """Which of the candidates `(candidates, trials, *shape)` agree with the truth in every entry of every trial.

    A value that is not finite never agrees; a shape that differs never agrees: nothing is broadcast.
    """
    if computed.shape[2:] != truth.shape[1:]:
        return np.zeros(len(computed), dtype=np.bool_)
    spread = np.broadcast_to(computed, (len(computed), *truth.shape)).reshape(len(computed), -1)
    wanted, margin = truth.reshape(-1), allowed.reshape(-1)
    agrees = np.zeros(len(spread), dtype=np.bool_)
    with np.errstate(all="ignore"):
        # Almost all candidates fail already in the first entries.
        few = min(2, wanted.size)
        first = (np.abs(spread[:, :few] - wanted[:few]) <= margin[:few]).all(axis=1)
        rows = np.nonzero(first)[0]
        agrees[rows] = (np.abs(spread[rows] - wanted) <= margin).all(axis=1)
    return agrees


def checked(groups: Sequence[Evidence], what: str, quantity: str) -> tuple[Evidence, ...]:
    """The groups, if they hold the truth of a quantity.

    Raises:
        GradproofError: There is no group, or one lacks the quantity, or its arrays differ in trials.
    """
    if not groups:
        raise GradproofError(f"{what} has no trials; a repair needs some to search on and fresh ones to confirm it on")
    for group in groups:
        if quantity not in group.values:
            raise GradproofError(f"{what} lacks {quantity}, whose equation is to be mended: give its true value")
        lengths = {name: len(value) for name, value in group.values.items()}
        odd = [f"{name} ({n})" for name, n in lengths.items() if n != group.trials]
        if odd:
            raise GradproofError(f"{what} has {group.trials} trials, but {', '.join(odd)}: all need equally many")
    return tuple(groups)


def usable_rows(values: Mapping[str, Array]) -> NDArray[np.intp]:
    """The trials that tell right from wrong: every quantity is finite, and none is what rounding leaves of zero.

    Where no unit of a hinge is active, a gradient that is 0 comes out as 1e-17 or as 0, by the order of the sums.
    """
    count = len(next(iter(values.values())))
    finite, whole = np.ones(count, dtype=bool), np.ones(count, dtype=bool)
    for value in values.values():
        largest = np.abs(value).reshape(count, -1).astype(np.float64).max(axis=1, initial=0.0)
        finite &= np.isfinite(largest)
        usual = np.quantile(largest[np.isfinite(largest)], 0.9) if np.isfinite(largest).any() else 0.0
        whole &= ~((largest > 0.0) & (largest < RESIDUE * usual))
    found = np.flatnonzero(finite & whole)
    return found if found.size else np.flatnonzero(finite)

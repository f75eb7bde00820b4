"""A provider made of tables of values: for tests, and for whoever has the truth as NumPy arrays already."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from gradproof.arrays.trials import TrialArray
from gradproof.audit.reading.names import Names
from gradproof.audit.values.provider import Agreement, Array, NotAvailable, Role, compare_numbers
from gradproof.errors import GradproofError

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Tabulated:
    """Values (trials, *shape) by key; derivatives by a function of (of, by); updated parameters by key.

    `roles` names the drawn quantities, all others are values. `tolerance` is one number or one for each trial.
    """

    names: Names
    values: Mapping[str, Values]
    derivatives: Callable[[str, str], Values | None]
    updates: Mapping[str, Values] = field(default_factory=dict)
    roles: Mapping[str, Role] = field(default_factory=dict)
    tolerance: float | Values = 1e-9
    _known: dict[tuple[str, ...], Array] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        lengths = {len(value) for value in (*self.values.values(), *self.updates.values())}
        if len(lengths) > 1:
            raise GradproofError(f"the tables hold different numbers of trials: {sorted(lengths)}")

    def value(self, key: str) -> Array:
        """The value of a quantity; raises `NotAvailable` where the table has none."""
        return self._kept(("value", key), lambda: self.values.get(key), f"a value of {key}")

    def derivative(self, of: str, by: str) -> Array:
        """The derivative of `of` by `by`, shape of `of` followed by shape of `by`."""
        return self._kept(("derivative", of, by), lambda: self.derivatives(of, by), f"a derivative of {of} by {by}")

    def updated(self, key: str) -> Array:
        """The value of a parameter after the step."""
        return self._kept(("updated", key), lambda: self.updates.get(key), f"an updated {key}")

    def constant(self, number: Fraction) -> Array:
        """A number; the same in all trials."""
        return TrialArray(np.full(1, float(number)))

    def role(self, key: str) -> Role:
        """The role of a quantity."""
        return self.roles.get(key, "value")

    def compare(self, left: Array, right: Array) -> Agreement:
        """Compare trial by trial within the tolerance."""
        a, b = np.broadcast_arrays(self.numbers(left), self.numbers(right))
        return compare_numbers(a, b, self.tolerance)

    def numbers(self, value: Array) -> Values:
        """The numbers (trials, *shape)."""
        return np.asarray(cast(TrialArray, value).values, dtype=np.float64)

    def _kept(self, key: tuple[str, ...], make: Callable[[], Any], what: str) -> Array:
        if key not in self._known:
            table = make()
            if table is None:
                raise NotAvailable(f"the reference has no truth for {what}")
            self._known[key] = TrialArray(np.asarray(table, dtype=np.float64))
        return self._known[key]

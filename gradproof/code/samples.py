"""One trial's values of the quantities of a reference, on which code is tried as it is read."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradproof.errors import GradproofError
from gradproof.truth.binding import Binding
from gradproof.truth.sources import Leaf
from gradproof.truth.truth import Truth


class Samples:
    """Values of one trial, by quantity."""

    def __init__(self, binding: Binding) -> None:
        self.binding = binding
        self.found: dict[str, Any] = {}

    @cached_property
    def draws(self) -> dict[str, NDArray[Any]]:
        """The drawn values of one trial, with a leading axis."""
        generator = np.random.default_rng(0)
        return {name: leaf.sample(generator, 1) for name, leaf in self.binding.leaves.items()}

    @cached_property
    def leaves(self) -> frozenset[str]:
        """The quantities that are drawn."""
        return frozenset(name for name, source in self.binding.roots.items() if isinstance(source, Leaf))

    def of(self, quantity: str) -> Any:
        """The value of a quantity, an array or a NumPy number; None where the reference has none."""
        if quantity not in self.found:
            if self.binding.find(quantity) is None:
                return None
            self._evaluate([quantity])
        return self.found[quantity]

    def look_up(self, quantities: Iterable[str]) -> None:
        """Find many of them in one run of the model; what cannot be had that way is left to be asked for alone."""
        names = [name for name in dict.fromkeys(quantities) if name not in self.found and self.binding.find(name)]
        with suppress(GradproofError):
            self._evaluate(names)

    def _evaluate(self, names: list[str]) -> None:
        truth = Truth(self.binding, names, "float64")
        truth.batched = False  # whether it can be batched is of no interest for a single trial
        for name, value in truth.evaluate(self.draws).items():
            self.found[name] = np.array(value)[0]

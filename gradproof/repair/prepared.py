"""What is made of the trials once, and serves the repair of any number of equations that read the same helpers."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from gradproof.repair.evidence.groups import Evidence
from gradproof.repair.evidence.prefilter import coincidences, screen
from gradproof.repair.formulas.formula import Formula
from gradproof.repair.formulas.functions import Array
from gradproof.repair.helpers import Helpers, with_helpers


@dataclass(frozen=True)
class Prepared:
    """Trials with the values of helpers as these are written.

    Attributes:
        evidence: True values in the trials to search on.
        fresh: True values in other trials.
        helpers: The equations whose quantities have no true values.
        atoms: Formulas of a name or two -> their values on the screen, as far as they were asked for.
    """

    evidence: tuple[Evidence, ...]
    fresh: tuple[Evidence, ...]
    helpers: Helpers
    atoms: dict[Formula, Array] = field(default_factory=dict, repr=False)

    @cached_property
    def groups(self) -> tuple[tuple[Evidence, ...], tuple[Evidence, ...]]:
        """The trials to search on and the fresh ones, with the values of helpers."""
        count = len(self.evidence)
        every = with_helpers((*self.evidence, *self.fresh), self.helpers)
        return every[:count], every[count:]

    @cached_property
    def known(self) -> tuple[str, ...]:
        """The quantities whose values are known in all trials, those of helpers among them."""
        first, *rest = (*self.groups[0], *self.groups[1])
        return tuple(name for name in first.values if all(name in group.values for group in rest))

    @cached_property
    def screen(self) -> Evidence:
        """The few trials that candidates are tried on first."""
        return screen(self.groups[0], self.known)

    @cached_property
    def coinciding(self) -> tuple[str, ...]:
        """What is equal in all trials of the search but not in the fresh ones."""
        return coincidences(*self.groups, self.known)

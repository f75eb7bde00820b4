"""What the reference of a case knows of the names in a note: the numbers of some trials, with rounding bounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from gradproof.arrays.bounds.array import BoundArray
from gradproof.audit import Agreement, Names, NotAvailable, declare
from gradproof.audit.reading.lexing.functions import OWN
from gradproof.audit.reading.vocabulary import FUNCTIONS
from gradproof.audit.values.declare import is_printable
from gradproof.audit.values.provider import Array, Role
from gradproof.case.reference import Reference
from gradproof.check.bounds import TruthBounds
from gradproof.check.facts.resolution import Seen
from gradproof.tolerances import COARSEST
from gradproof.trials.draws import draw
from gradproof.truth.binding import Binding
from gradproof.truth.passes import DTYPES
from gradproof.truth.sources import Leaf, Output, Result
from gradproof.truth.truth import Truth

Numbers = NDArray[np.float64]

NUMBER_PAIRS = 2000
"""Up to so many pairs of quantities every derivative of the one by the other is at hand; beyond, those of the loss."""

_PLAIN_ENTRIES = 10_000

MOST_NUMBERS = 1 << 19
FEWEST_TRIALS = 16
"""A note is judged in fewer trials where a trial has very many numbers."""


@dataclass(frozen=True)
class NoteTruth:
    """All that one reference knows in some trials, in float64.

    Attributes:
        reference: The reference, at one set of sizes.
        name: The case's name.
        trials, seed: Which trials.
    """

    reference: Reference
    name: str
    trials: int
    seed: int

    @cached_property
    def binding(self) -> Binding:
        """The names of the reference."""
        return Binding(self.reference, f"reference/{self.name}.py", DTYPES["float64"])

    @cached_property
    def truth(self) -> Truth:
        """The torch side, of every quantity, derivative and update that has a truth."""
        roots = list(self.binding.roots)
        computed = [name for name in roots if not isinstance(self.binding.roots[name], Leaf)]
        tops = computed if len(computed) * len(roots) <= NUMBER_PAIRS else [self.reference.loss]
        names = [*roots, *(f"d{a}_d{b}" for a in tops for b in roots), *(f"{name}_new" for name in roots)]
        known = [name for name in dict.fromkeys(names) if self.binding.find(name) is not None]
        return Truth(self.binding, [name for name in known if self._is_small(name)], "float64")

    def _is_small(self, name: str) -> bool:
        """Derivatives of arrays by arrays are of no use to a note that does not print their entries."""
        return not name.startswith("d") or name in self.binding.roots or self._top_size(name) <= 1

    def _top_size(self, name: str) -> int:
        source = self.binding.find(name)
        above = self.binding.roots[getattr(source, "top", "")] if hasattr(source, "top") else None
        if isinstance(above, Output):
            return int(np.empty(self.binding.calls[above.call])[above.index].size)
        return int(np.prod(self.binding.results[above.name])) if isinstance(above, Result) and not above.is_loss else 1

    @cached_property
    def draws(self) -> dict[str, NDArray[Any]]:
        """The drawn numbers of all trials."""
        numbers = sum(distribution.size for distribution in self.binding.leaves.values())
        rows = np.arange(min(self.trials, max(FEWEST_TRIALS, MOST_NUMBERS // numbers)), dtype=np.int64)
        return draw(self.binding.leaves, 0, rows, case=self.name, seed=self.seed)

    @cached_property
    def bounds(self) -> TruthBounds:
        """The recorded operations of torch."""
        return TruthBounds(self.truth, self.draws)

    @cached_property
    def values(self) -> dict[str, BoundArray]:
        """Every quantity with its rounding bound."""
        known = self.truth.evaluate(self.draws)
        self.truth.require_repeatable(self.draws, known)
        found = self.bounds.of(self.draws, known, self.truth.sources)
        return {name: bounded.operand() for name, bounded in found.items()}

    @cached_property
    def names(self) -> Names:
        """What printed names mean; what is named as a derivative, such as a cotangent, is printed as one."""
        written = set(self.reference.latex)
        symbols = [name for name in self.binding.roots if name in written or is_printable(name)]
        return declare(
            symbols,
            written=self.reference.latex,
            constants=dict(self.reference.constants),
            functions={
                name: OWN if name in self.callables else _name_of(function)
                for name, function in self.reference.functions.items()
            },
        )

    @property
    def callables(self) -> dict[str, Callable[..., Any]]:
        """The functions that the reference declares, and that are none of those which formulas know."""
        given = (
            (name, function) for name, function in self.reference.functions.items() if not isinstance(function, str)
        )
        return {name: f for name, f in given if getattr(f, "__name__", "").lower() not in FUNCTIONS.values()}

    @property
    def arrays(self) -> frozenset[str]:
        """The names of all that is not a single number, derivatives and updated parameters among them."""
        return frozenset(name for name, value in self.values.items() if value.shape)

    def plain_derivative(self, of: str, by: str) -> Numbers | None:
        """A derivative that needs no autograd: of what is drawn, or by the loss, zero, and of either by itself one.

        None for any other, and for one of very many entries.
        """
        above, below = self.binding.roots.get(of), self.binding.roots.get(by)
        loss = self.reference.loss
        if above is None or below is None or not (isinstance(above, Leaf) or by == loss):
            return None
        first, second = self.values[of].shape, self.values[by].shape
        size = int(np.prod(first)), int(np.prod(second))
        if size[0] * size[1] > _PLAIN_ENTRIES:
            return None
        same = above == below
        return (np.eye(*size) if same else np.zeros(size)).reshape((*first, *second))

    def role(self, key: str) -> Role:
        """Whether a quantity is drawn, and as what."""
        source = self.binding.roots.get(key)
        if not isinstance(source, Leaf):
            return "value"
        if source.path in self.binding.parameters:
            return "parameter"
        if source.path in self.binding.state:
            return "state"
        return "hyperparameter" if source.path in self.reference.hyperparameters else "input"


@dataclass(frozen=True)
class Known:
    """What both providers share: quantities by name."""

    truth: NoteTruth

    @property
    def names(self) -> Names:
        """What printed names mean."""
        return self.truth.names

    @property
    def table(self) -> Mapping[str, Array]:
        """Quantities by name."""
        raise NotImplementedError

    def role(self, key: str) -> Role:
        """Whether a quantity is drawn, and as what."""
        return self.truth.role(key)

    def value(self, key: str) -> Array:
        """The value of a quantity, before the optimizer's step."""
        return self._find(key, f"a value of {key}")

    def derivative(self, of: str, by: str) -> Array:
        """The derivative of one quantity by another: autograd's, which is zero where nothing leads from one to it."""
        name = f"d{of}_d{by}"
        if name not in self.table and (known := self.truth.plain_derivative(of, by)) is not None:
            return self.plain(known)
        return self._find(name, f"a derivative of {of} by {by}")

    def updated(self, key: str) -> Array:
        """The value of a parameter after the optimizer's step."""
        return self._find(f"{key}_new", f"an updated {key}")

    def plain(self, values: Numbers) -> Array:
        """Numbers that are the same in all trials."""
        raise NotImplementedError

    def _find(self, name: str, what: str) -> Array:
        if name not in self.table:
            raise NotAvailable(f"the reference has no truth for {what}")
        return self.table[name]


@dataclass(frozen=True)
class Bounded(Known):
    """The truth in trials, each value with a rigorous rounding bound."""

    @property
    def table(self) -> Mapping[str, Array]:
        """Quantities by name."""
        return self.truth.values

    def constant(self, number: Fraction) -> Array:
        """A number, with what is lost where float64 does not have it."""
        nearest = float(number)
        return BoundArray(np.full(1, nearest), np.full(1, float(abs(Fraction(nearest) - number)) * (1 + 2**-50)))

    def plain(self, values: Numbers) -> Array:
        """Numbers that are the same in all trials, exactly."""
        return BoundArray(values[None], np.zeros_like(values)[None])

    def numbers(self, value: Array) -> Numbers:
        """The numbers behind a value, `(trials, *shape)`."""
        return np.asarray(cast(BoundArray, value).value, dtype=np.float64)

    def compare(self, left: Array, right: Array) -> Agreement:
        """Whether two values are equal, trial by trial, as far as their rounding bounds let them differ."""
        count = max(len(left.value), len(right.value))
        a, b = (_flat(side.value, count) for side in (left, right))
        bound = _flat(left.error, count) + _flat(right.error, count)
        with np.errstate(all="ignore"):
            difference = np.abs(a - b)
            bound = np.where(np.isfinite(a) & np.isfinite(b), bound, 0.0)  # rounding explains no division by zero
            defined = np.isfinite(a).all(axis=1) | np.isfinite(b).all(axis=1)
            told = defined & np.isfinite(bound).all(axis=1)
            differs = told & ~(difference <= bound).all(axis=1)
            excess = np.where(np.isnan(difference), np.inf, difference - np.where(np.isfinite(bound), bound, 0.0))
        if not told.any():
            return Agreement("undecided", "no trial has finite values with a finite rounding bound", count)
        if not differs.any() and (coarse := _too_coarse(np.maximum(np.abs(a), np.abs(b))[told], bound[told])):
            return Agreement("undecided", coarse, count)
        trial = int(np.where(told, excess.max(axis=1), -np.inf).argmax())
        entry = int(excess[trial].argmax())
        place = tuple(int(k) for k in np.unravel_index(entry, left.shape)) if left.ndim else ()
        return Agreement(
            "differ" if differs.any() else "agree",
            trials=count,
            differing=int(differs.sum()),
            trial=trial,
            entry=place,
            left=float(a[trial, entry]),
            right=float(b[trial, entry]),
            zero=bool((a == 0).all() and (b == 0).all()),
        )


def _name_of(function: str | Callable[..., Any]) -> str:
    """The name of a function that a reference declares, which `declare` looks up."""
    return (function if isinstance(function, str) else function.__name__).lower()


def _too_coarse(size: NDArray[Any], bound: NDArray[Any]) -> str:
    """Why agreement within these bounds says nothing, entry by entry in its best trial; empty where it does."""
    seen = Seen(COARSEST["float64"])
    seen.note(size, bound, np.ones(len(size), dtype=bool))
    found = seen.resolution()
    if found is None or not found.too_coarse(COARSEST["float64"], max(seen.largest, 1.0)):
        return ""
    return f"rounding hides too much: only a relative fault above {max(found.relative, found.absolute):.1g} would show"


def _flat(values: NDArray[Any], count: int) -> Numbers:
    """`(trials, *shape)` or the same in all trials, as `(count, entries)`."""
    spread = np.broadcast_to(values, (count, *values.shape[1:]))
    return np.asarray(spread, dtype=np.float64).reshape(count, -1)

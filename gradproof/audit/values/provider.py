"""What the audit asks of the side that knows the truth, and how two values are compared by default."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gradproof.audit.reading.names import Names
from gradproof.errors import GradproofError
from gradproof.tolerances import NEAR_CANCELLING, PRINTED

# Any NumPy-like array that shows the shape of one trial: a TrialArray, a BoundArray, exact expressions.
Array: TypeAlias = Any
Role: TypeAlias = Literal["parameter", "state", "input", "hyperparameter", "value"]
"""`state`: what an optimizer keeps from step to step, and updates as it does a parameter."""

STEPPED: frozenset[Role] = frozenset({"parameter", "state"})
"""What has another value after a step."""


class NotAvailable(GradproofError):
    """The reference has no such value; raised by a provider, the equality is then not judged."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What came of comparing two values.

    `trial` and `entry` name the place of the largest difference, `left` and `right` are the numbers there.
    `zero`: both are zero in all trials, so that nothing was compared.
    """

    status: Literal["agree", "differ", "undecided"]
    reason: str = ""
    trials: int = 0
    differing: int = 0
    trial: int = -1
    entry: tuple[int, ...] = ()
    left: float = float("nan")
    right: float = float("nan")
    zero: bool = False


class Provider(Protocol):
    """The truth behind a document's names, for all trials at once.

    Values show the shape of one trial and take NumPy functions and operators. A derivative has the shape of `of`
    followed by the shape of `by`. Each of the first four raises `NotAvailable` for what the reference has not.
    """

    @property
    def names(self) -> Names:
        """What the printed names mean."""

    def value(self, key: str) -> Array:
        """The value of a quantity, before the optimizer's step."""

    def derivative(self, of: str, by: str) -> Array:
        """The derivative of one quantity by another."""

    def updated(self, key: str) -> Array:
        """The value of a parameter after the optimizer's step."""

    def constant(self, number: Fraction) -> Array:
        """A number as a value of shape ()."""

    def role(self, key: str) -> Role:
        """Whether a quantity is drawn, and as what."""

    def compare(self, left: Array, right: Array) -> Agreement:
        """Whether two values of one shape are equal, by this provider's own bound or proof."""

    def numbers(self, value: Array) -> NDArray[np.float64]:
        """The numbers behind a value, (trials, *shape), to be shown."""


def compare_numbers(
    left: NDArray[np.float64],
    right: NDArray[np.float64],
    tolerance: float | NDArray[np.float64] = PRINTED,
) -> Agreement:
    """Compare values (trials, *shape) within a tolerance for each trial, relative to its largest entry.

    `tolerance`: one number or (trials,). A trial in which both sides are not finite says nothing; one in which
    only one side is, differs.
    """
    trials = len(left)
    a, b = left.reshape(trials, -1), right.reshape(trials, -1)
    with np.errstate(all="ignore"):
        left_finite, right_finite = np.isfinite(a).all(axis=1), np.isfinite(b).all(axis=1)
        known = left_finite | right_finite
        if not known.any():
            return Agreement("undecided", "neither side is finite in any trial", trials)
        difference = np.abs(a - b)
        scale = np.maximum(np.abs(a), np.abs(b)).max(axis=1)
        # The small absolute part is for differences of numbers of size one that nearly cancel.
        bound = np.asarray(tolerance) * (scale + NEAR_CANCELLING)
        worst = difference.max(axis=1)
        differs = known & ~(left_finite & right_finite & (worst <= bound))
        excess = np.where(known, worst / np.maximum(bound, 1e-300), -1.0)
        excess[known & ~(left_finite & right_finite)] = np.inf
    trial = int(excess.argmax())
    entry = int(np.where(np.isnan(difference[trial]), np.inf, difference[trial]).argmax())
    place = tuple(int(i) for i in np.unravel_index(entry, left.shape[1:])) if left.ndim > 1 else ()
    return Agreement(
        "differ" if differs.any() else "agree",
        "",
        trials,
        int(differs.sum()),
        trial,
        place,
        float(a[trial, entry]),
        float(b[trial, entry]),
        bool((a == 0).all() and (b == 0).all()),
    )

"""The differences that count as none where no rounding bound is at hand, each named by what it is for.

A verdict on an equation rests on none of these: its bound is computed (`gradproof.arrays.bounds`). They say when two
ways of computing one thing are the same way, when a candidate explains a value, and how much a check must have seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

COARSEST = {"float64": 1e-6, "float32": 1e-3, "bfloat16": 32 * 2.0**-8, "float16": 32 * 2.0**-11}
"""By the arithmetic: a relative fault that a verdict must have been able to see; one that could not is no verdict."""


@dataclass(frozen=True)
class Tolerance:
    """How far a value may lie from what is expected.

    Attributes:
        relative: As a share of the expected entry.
        largest: As a share of the largest finite entry that is expected: sums of large numbers that cancel.
        absolute: In units.
    """

    relative: float
    largest: float = 0.0
    absolute: float = 0.0

    def times(self, factor: float) -> Tolerance:
        """The same, so many times as wide."""
        return Tolerance(self.relative * factor, self.largest * factor, self.absolute * factor)

    def allowed(self, expected: NDArray[Any]) -> NDArray[Any]:
        """The differences that are none, entry by entry."""
        size = np.abs(expected)
        margin = self.relative * size + self.absolute
        if self.largest:
            margin = margin + self.largest * np.max(size, initial=0.0, where=np.isfinite(size))
        return np.asarray(margin)

    def holds(self, value: NDArray[Any], expected: NDArray[Any]) -> bool:
        """Whether a value has the shape of the expected one and agrees in every entry; NaN agrees with NaN alone."""
        if value.shape != expected.shape:
            return False
        expected = np.asarray(expected, np.result_type(expected, 1.0))
        with np.errstate(all="ignore"):
            close = np.abs(value - expected) <= self.allowed(expected)
        if np.isfinite(expected).all():
            return bool(close.all())
        alike = (value == expected) | (np.isnan(value) & np.isnan(expected))
        return bool(np.all(np.where(np.isfinite(expected), close | alike, alike)))

    def steady(self, values: NDArray[Any]) -> bool:
        """Whether all values are one finite number, but for the relative part."""
        with np.errstate(all="ignore"):
            return bool(np.isfinite(values).all() and np.ptp(values) <= self.relative * np.abs(values).max())


# Two ways of computing one thing --------------------------------------------------------------------------------------

AT_ONCE = Tolerance(1e-5, largest=1e-9)
"""An equation run for many trials at once and one by one: a function not written for many gives something else."""

BATCHED = Tolerance(64.0)
"""The same, in units of the number type's spacing, of a function that is given the axis of trials as one of its own."""

ALONE = Tolerance(1e4, largest=1.0)
"""The same, in units of the number type's spacing, of trials in which an equation is about to be called wrong."""

BATCHED_EXPONENT = 0.5
"""A model run for many trials at once and one by one: the spacing to this power, relative and absolute."""

STEPPED = Tolerance(64.0, absolute=64.0)
"""An optimizer's steps for many trials at once and one by one, in units of the spacing."""

READ = Tolerance(1e-9, absolute=1e-12)
"""Code as it was read, beside the same code run."""

REPEATED = Tolerance(1e-9)
"""One computation in float64, done twice; a factor that is one number in all places."""

STACKED = Tolerance(1e-12)
"""A function of candidates stacked up and of each alone."""

WRITTEN_OUT = Tolerance(1e6, absolute=1e3)
"""A trial as it is written to be sent, beside the check, in units of the spacing."""

SMALLER = 1e-3
"""A trial with rounder numbers is the same trial if no value moves by more, of its largest entry or of 1."""

TRACED = 1e-5
"""Exact expressions, as numbers, beside what they were traced from: no value is exact there and sums may cancel."""

ON_EDGE = Tolerance(1e-9, absolute=1e-9)
"""Both sides at a kink; what differs by convention differs by far more."""

QUOTIENT = 1e-5
"""A difference quotient beside the derivative, of the largest entry."""

# What a value is ------------------------------------------------------------------------------------------------------

IS_TRUTH = Tolerance(1e-7, largest=1e-9)
"""A value that code computes is a quantity that torch knows."""

FUNCTION = Tolerance(0.0, largest=1e-4)
"""A reading explains a wrong gradient of a function, in the coarsest arithmetic: a share of the largest entry."""

SHARE = Tolerance(1e-3)
"""A ratio that is one number in the coarsest arithmetic."""

TELLING = 1e-3
"""An entry of at least so much of the largest one tells a ratio; smaller ones are mostly rounding."""

MISPLACED_EPSILON = 1e-3
"""By less of its size than this a value is off that has its epsilon in another place, or a rounded constant."""

REPAIRED = Tolerance(1e-11, largest=1e-11)
"""A candidate for a repair gives the truth: right equations differ by less than 1e-14 in float64, a misplaced epsilon
and a wrong last digit of a constant by more than this."""

RESIDUE = 1e-12
"""A whole array below this share of its usual size may be what rounding leaves of zero; no repair is judged on it."""

REQUIRED = 1e-8
"""The value that a part of a formula would need; inverting loses digits, and what passes is confirmed on the whole."""

DERIVED = Tolerance(0.0, largest=1e-10)
"""A step of torch's is a quantity of the derivation: a share of the largest entry."""

TOLD_APART = 1e-9
"""Two quantities of one trial that are equal by chance: a share of both."""

PRODUCT = Tolerance(1e-6)
"""First entries by which almost all products of two quantities are ruled out; the whole is compared afterwards."""

# Notes ----------------------------------------------------------------------------------------------------------------

PRINTED = 1e-9
"""Two sides of a note in exact arithmetic of float64, relative to the largest entry of a trial."""

OWN_PASS = 1e-8
"""The same where derivatives of a note's own forward pass are in it."""

NEAR_CANCELLING = 1e-3
"""What is added to the size for the two above: differences of numbers of size one that nearly cancel."""

MEND_NEAR = 1e-6
"""A part that may mend a side; what passes is judged exactly."""

MEND_FAR = 1e-3
"""An edit that is not even compared."""

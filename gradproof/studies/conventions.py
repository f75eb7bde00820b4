"""What both sides give exactly on a kink, where a proof says nothing: relu at 0, a tie of a maximum, a clamp's edge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradproof.case.derivation import Equation
from gradproof.case.kinds import OneHot
from gradproof.check.case import Case
from gradproof.check.evaluate import as_numbers
from gradproof.errors import GradproofError
from gradproof.proof.kinks import Kink, at_kinks
from gradproof.proof.proving import trace_case

MOST_KINKS = 8
"""So many kinks of each equation are looked at."""


@dataclass(frozen=True)
class Convention:
    """What one equation and torch give at one kink.

    Attributes:
        equation: The equation's name.
        kink: Where, what both sides give, and whether it is the same.
    """

    equation: str
    kink: Kink


@dataclass(frozen=True)
class Conventions:
    """All kinks of a case: those reached, and how many conditions no exact input was found for."""

    case: str
    reached: tuple[Convention, ...]
    unreached: int

    @property
    def different(self) -> tuple[Convention, ...]:
        """Where the two sides have different conventions."""
        return tuple(one for one in self.reached if not one.kink.agrees)


def conventions_of(case: Case, *, seed: int) -> Conventions:
    """Run both sides of every equation exactly on its kinks.

    The truth there is that of torch's own recorded operations; the equation's inputs are true.
    """
    traced = trace_case(case)
    reached, unreached = [], 0
    for equation, (expected, found) in traced.pairs:

        def code(inputs: dict[str, Any], equation: Equation = equation) -> tuple[Any, Any]:
            return _both(case, traced.reference, equation, inputs)

        kinks = at_kinks(expected, found, seed=seed, code=code, most=MOST_KINKS)
        reached += [Convention(equation.name, kink) for kink in kinks.reached]
        unreached += len(kinks.unreached)
    return Conventions(case.name, tuple(reached), unreached)


def _both(case: Case, reference: int, equation: Equation, inputs: Mapping[str, Any]) -> tuple[Any, Any]:
    """Torch and the equation for one trial at the given leaves; leaves that play no part are drawn."""
    tape = case.truth_bounds[reference].tape
    if tape is None:
        raise GradproofError(case.truth_bounds[reference].why_none)
    leaves = []
    drawn = case.draw_trials([reference], seed=0)
    for name, distribution in case.bindings[reference].leaves.items():
        value = np.asarray(inputs.get(name, drawn[name][0]), dtype=drawn[name].dtype)
        if isinstance(distribution, OneHot) and name in inputs:
            value = np.concatenate([value, 1 - value.sum(axis=-1, keepdims=True)], axis=-1)
        leaves.append(value)
    truth = tape.run([np.ones(()), *leaves])
    values = {name: np.asarray(value)[()] for name, value in truth.items()}
    if not set(equation.inputs) <= set(values):
        raise GradproofError(f"{equation.name} reads a quantity that the reference does not have")
    with np.errstate(all="ignore"):
        found = as_numbers(equation, equation.function(*(values[name] for name in equation.inputs)))
    return np.asarray(values[equation.quantity]), found

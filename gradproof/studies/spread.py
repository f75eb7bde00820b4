"""How the errors of right equations are spread over trials, as shares of what rounding can explain in each trial."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradproof.check.bounds import Bounded, EquationBounds
from gradproof.check.case import Case
from gradproof.check.evaluate import PROBE_TRIALS, Evaluator

Array = NDArray[Any]

TRIALS = 96
"""So many trials are looked at."""

QUANTILES = (0.05, 0.5, 0.95)


@dataclass(frozen=True)
class Spread:
    """One equation's errors over trials.

    Attributes:
        equation: Which equation.
        low, middle, high: The `QUANTILES` over trials of a trial's largest error, each as a share of its bound.
        trials: How many trials took part.
    """

    equation: str
    low: float
    middle: float
    high: float
    trials: int


def spreads(
    case: Case, equations: Sequence[str], seed: int, scale: float = 1.0, wrong: Sequence[str] = ()
) -> tuple[Spread, ...]:
    """The spread of some equations' errors in the first trials of the first reference.

    Args:
        case: The case.
        equations: Those to measure, of quantities that the reference knows.
        seed: Where the random numbers start.
        scale: The factor on the draws.
        wrong: Equations that are not run: what reads them gets the truth.

    Returns:
        One for each equation that has trials with a finite truth and a finite bound.
    """
    if not equations:
        return ()
    derivation, evaluator = case.derivation, Evaluator(case.derivation)
    block = case.block(0, TRIALS)
    draws = case.draw(block, seed, scale)
    known = case.truths[0].evaluate(draws)
    evaluator.probe({name: value[:PROBE_TRIALS] for name, value in known.items()})
    true = {name: known[derivation.by_name[name].quantity] for name in wrong}
    free = evaluator.free_run({name: known[name] for name in case.starts}, block.count, true)
    quantities = {name: derivation.by_name[name].quantity for name in equations}
    truth = case.truth_bounds[0].of(draws, known, {*quantities.values(), *case.starts})
    leaves = {name: truth[name] for name in case.starts}
    given = {name: Bounded(value, np.zeros(value.shape), "rigorous") for name, value in true.items()}
    bounds = EquationBounds(evaluator).free_run(derivation, leaves, equations, block.count, given)
    found = [_one(name, free[name], bounds[name], truth[quantity]) for name, quantity in quantities.items()]
    return tuple(one for one in found if one is not None)


def _one(name: str, value: Array, computed: Bounded, true: Bounded) -> Spread | None:
    with np.errstate(all="ignore"):
        difference = np.abs(value.astype(np.float64) - true.value)
        bound = computed.error + true.error + np.abs(value.astype(np.float64) - computed.value)
        shares = np.where(difference == 0, 0.0, difference / bound)
        shares = shares.reshape(len(shares), -1).max(axis=1, initial=0.0)
    shares = shares[np.isfinite(shares)]
    if not shares.size:
        return None
    low, middle, high = map(float, np.quantile(shares, QUANTILES))
    return Spread(name, low, middle, high, len(shares))

"""A closer look at what a run from the leaves leaves open: each equation by itself, on numbers that both sides share.

From the leaves on the rounding of every step adds to the bounds, and both sides carry it. Here they start from the
same numbers, what torch has computed of the equation's inputs, so only the rounding of the equation's own steps is left
to hide a fault; and a near tie before it is decided for both.

This acquits and never accuses. Inputs that are rounded one by one may together be those of no trial (probabilities
whose sum is not quite 1), so that a right equation is off by more than its own rounding: that leaves it open as before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradproof.case.derivation import Equation
from gradproof.check.bounds import EquationBounds, as_drawn
from gradproof.check.case import Case
from gradproof.check.compare import Tally, finite_rows
from gradproof.check.evaluate import Evaluator
from gradproof.check.facts.resolution import Seen
from gradproof.tolerances import COARSEST

Array = NDArray[Any]


def closer_look(
    case: Case, evaluators: Sequence[Evaluator], names: Iterable[str], trials: int, seed: int, scale: float
) -> dict[str, Tally]:
    """What the first trials show of equations on true inputs, of those that agree within the bounds of that.

    Args:
        case: The case.
        evaluators: What runs the equations, at the sizes of each reference.
        names: Of the equations.
        trials: How many trials the run has.
        seed, scale: Of the draws.
    """
    asked = [case.derivation.by_name[name] for name in names]
    asked = [equation for equation in asked if all(name in case.known for name in equation.inputs)]
    tallies = {equation.name: Tally(seen=Seen(COARSEST[case.dtype])) for equation in asked}
    for k in range(len(case.references) if asked else 0):
        block = case.block(k, max(min(case.portions[k].fully, trials // len(case.references)), 1))
        draws = case.draw(block, seed, scale)
        look = _Look(case, k, evaluators[k], draws, case.truths[k].evaluate(draws))
        for equation in asked:
            if equation.name in tallies and not look.acquits(equation, block.trials, tallies[equation.name]):
                del tallies[equation.name]
    return tallies


class _Look:
    """The first trials of one reference."""

    def __init__(
        self, case: Case, reference: int, evaluator: Evaluator, draws: Mapping[str, Array], truth: Mapping[str, Array]
    ) -> None:
        self.truth_bounds, self.draws, self.truth = case.truth_bounds[reference], draws, truth
        self.bounds = EquationBounds(evaluator)

    def acquits(self, equation: Equation, trials: NDArray[np.int64], tally: Tally) -> bool:
        """Whether the equation is within its bounds wherever the truth is finite; the tally takes that in."""
        truth = self.truth[equation.quantity]
        bounded = self.truth_bounds.from_inputs(self.draws, self.truth, equation.quantity, equation.inputs)
        rows = finite_rows(truth)
        if bounded is None or not rows.size:
            return False
        inputs = [as_drawn(self.truth[name]) for name in equation.inputs]
        computed = self.bounds.of(equation, inputs, len(trials))
        with np.errstate(all="ignore"):
            difference = np.abs(computed.value.astype(np.float64) - truth)[rows]
            bound = np.where(np.isfinite(computed.value), computed.error + bounded.error, 0.0)[rows]
        kind = "sampled" if "sampled" in (computed.kind, bounded.kind) else "rigorous"
        tally.trials += len(rows)
        tally.lights(truth)
        tally.judge(
            difference, bound, kind, trials[rows], size=np.abs(truth[rows]), fair=np.ones(len(rows), dtype=bool)
        )
        return not (tally.disagreeing or tally.doubtful or tally.edges)

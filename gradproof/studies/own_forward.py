"""First the same function: where the code's loss is not the reference's, its gradients are held against its own loss.

A derivation whose forward differs from the reference's (a sum for a mean, another epsilon) may have a backward that is
right for it. The derivative of its own loss, by central differences of its own equations, is then a second truth: what
agrees with it is not accused. Which side to change is for its author to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradproof.case.derivation import Equation
from gradproof.check.case import Case
from gradproof.check.evaluate import Evaluator
from gradproof.check.facts.result import OVERFLOWS, EquationResult
from gradproof.check.facts.verdict import Verdict
from gradproof.tolerances import QUOTIENT, REPEATED
from gradproof.truth.sources import Derivative

Array = NDArray[Any]
TRIALS = 4
ENTRIES = 24
"""So many entries of a quantity are moved."""

STEP = 2.0**-17
"""Near the cube root of float64's spacing: there the error of a central difference is smallest."""

COMPARED = 32
"""In so many trials the two losses are set side by side."""


def first_the_same_function(
    case: Case, evaluators: Sequence[Evaluator], results: Sequence[EquationResult], seed: int, scale: float
) -> tuple[EquationResult, ...]:
    """The results with every gradient acquitted that is the derivative of the code's own loss, where that is another.

    A result of which this cannot be told stays as it is.
    """
    loss = case.bindings[0].reference.loss
    verdicts = {one.equation: one.verdict for one in results}
    by_name = case.derivation.by_name
    own = by_name.get(loss)
    if case.dtype != "float64" or own is None or verdicts[own.name] not in (Verdict.DISAGREES, Verdict.INHERITS):
        return tuple(results)
    wrong = [one for one in results if one.kind == "forward" and one.verdict == Verdict.DISAGREES]
    if wrong and all(one.diagnosis.startswith(OVERFLOWS) for one in wrong):
        return tuple(results)  # what overflows in some trials is no other function
    side = _Side(case, evaluators[0], own, seed, scale)
    how = side.how_it_differs()
    source = next(
        (one.equation for one in results if one.kind == "forward" and one.verdict == Verdict.DISAGREES), own.name
    )
    found = []
    for one in results:
        if one.equation == source and one.verdict == Verdict.DISAGREES:
            first = f"the code and the reference compute different functions{how}: change the one or the other"
            one = replace(one, diagnosis="; ".join(filter(None, (first, one.diagnosis))))
        elif one.kind == "derivative" and one.verdict == Verdict.DISAGREES and side.is_own(by_name[one.equation]):
            one = replace(
                one,
                verdict=Verdict.INHERITS,
                inherits_from=(source,),
                diagnosis=f"the derivative of the code's own {loss}, so right for it: only {source} differs from the "
                "reference",
            )
        found.append(one)
    return tuple(found)


@dataclass(frozen=True)
class _Side:
    """The code's own loss in a few trials of the first reference."""

    case: Case
    evaluator: Evaluator
    loss: Equation
    seed: int
    scale: float

    def _leaves(self, trials: int) -> dict[str, Array]:
        count = len(self.case.references)
        drawn = self.case.draw_trials([k * count for k in range(trials)], self.seed, self.scale)
        known = self.case.truths[0].evaluate(drawn)
        return {name: known[name] for name in self.case.starts} | {"": known[self.loss.quantity]}

    def how_it_differs(self) -> str:
        """By a factor or by a constant, the same in every trial; empty where it is neither."""
        leaves = self._leaves(COMPARED)
        truth = leaves.pop("")
        own = self.evaluator.free_run(leaves, COMPARED)[self.loss.name]
        with np.errstate(all="ignore"):
            ratio, gap = own / truth, own - truth
        for value, what in (
            (ratio, "the code's {} is {:.6g} times the reference's"),
            (gap, "the code's {} has {:+.6g}"),
        ):
            if REPEATED.steady(value):
                return ": " + what.format(self.loss.quantity, float(value[0]))
        return ""

    def is_own(self, equation: Equation) -> bool:
        """Whether an equation's values in the free run are the derivative of the code's own loss."""
        source = self.case.sources[equation.quantity]
        if not isinstance(source, Derivative) or source.top != self.loss.quantity:
            return False
        leaves = self._leaves(TRIALS)
        leaves.pop("")
        values = self.evaluator.free_run(leaves, TRIALS)
        below = self.case.derivation.by_name.get(source.bottom)
        start = leaves.get(source.bottom) if below is None else values[below.name]
        if start is None or start.dtype.kind != "f" or values[equation.name].shape != start.shape:
            return False
        claimed = values[equation.name].reshape(TRIALS, -1)
        entries = np.unique(np.linspace(0, claimed.shape[1] - 1, ENTRIES).astype(int))
        moved = np.stack([self._moved(leaves, start, source.bottom, below, int(entry)) for entry in entries], axis=1)
        largest = np.abs(claimed).max()
        return bool(largest > 0 and np.all(np.abs(moved - claimed[:, entries]) <= QUOTIENT * largest))

    def _moved(self, leaves: dict[str, Array], start: Array, name: str, below: Equation | None, entry: int) -> Array:
        """The difference quotient of the loss by one entry, in every trial."""
        step = STEP * max(1.0, float(np.abs(start).max()))
        ends = []
        for sign in (1.0, -1.0):
            value = start.copy()
            value.reshape(TRIALS, -1)[:, entry] += sign * step
            if below is None:
                ends.append(self.evaluator.free_run({**leaves, name: value}, TRIALS)[self.loss.name])
            else:
                ends.append(self.evaluator.free_run(leaves, TRIALS, {below.name: value})[self.loss.name])
        return (ends[0] - ends[1]) / (2 * step)

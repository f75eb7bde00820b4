"""A trial that a person can follow by hand: few rows, small whole numbers, and the mistake still shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradproof.case.derivation import Equation
from gradproof.case.kinds import Distribution, Fixed, LogUniform, Normal, Uniform
from gradproof.case.reference import Reference
from gradproof.check.case import Case
from gradproof.check.evaluate import PROBE_TRIALS, Evaluator
from gradproof.check.replay import TrialValues, values_on
from gradproof.errors import GradproofError
from gradproof.tolerances import SMALLER

Array = NDArray[Any]

TRIALS = 8
"""So many trials of each size are looked at."""

DECIMALS = (0, 1, 2)
"""How a number is rounded: to a whole one, else to as few decimals as show the mistake."""

PLAIN = 1e-3
"""A mistake of this share of the largest entry is plain to see; where the asked trial's is, so is the small one's."""

NUDGE = 1e-6
"""A trial on a kink is none to show: its values jump under a change of this size."""


@dataclass(frozen=True)
class SmallTrial:
    """One equation in one small trial.

    Attributes:
        case: The case, of the size of the trial.
        equation: The equation.
        numbers: Every drawn value by its path.
        values: What the equation reads and gives, and the truth.
    """

    case: Case
    equation: Equation
    numbers: Mapping[str, Array]
    values: TrialValues


class Sizes:
    """A case at its own size and at smaller ones, each loaded and probed once for all of its equations."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self._known: dict[int, _Bench | None] = {}

    def own(self, reference: int) -> _Bench:
        """The case with one of its references."""
        return self._bench(reference, self.case.references[reference])

    def smaller(self) -> Iterator[_Bench]:
        """The case at single sizes, the smallest first: with fewer rows where the inputs share them."""
        references = self.case.references
        sizes = [smaller for one in references for smaller in (*_fewer_rows(one, 1, 2), one)]
        for k, reference in enumerate(sorted(sizes, key=_size)):
            try:
                yield self._bench(len(references) + k, reference)
            except GradproofError:  # the model, or the derivation, is for its own size only
                continue

    def _bench(self, place: int, reference: Reference) -> _Bench:
        if place not in self._known:
            self._known[place] = None
            self._known[place] = _Bench(replace(self.case, references=(reference,)))
        bench = self._known[place]
        if bench is None:
            raise GradproofError("it has failed before")
        return bench


def small_trial(sizes: Sizes, name: str, trial: int, *, seed: int, scale: float = 1.0) -> SmallTrial:
    """The smallest trial found in which an equation is as wrong as in the one given; that one where none is.

    Raises:
        GradproofError: There is no such equation, or it is not compared.
    """
    case = sizes.case
    equation = case.derivation.by_name[name]
    own = sizes.own(trial % len(case.references))
    draws = case.draw_trials([trial], seed, scale)
    asked = own.values(equation, draws)[0]
    if asked.truth is None or asked.bound is None:
        raise GradproofError(f"{name} is not compared: the reference has no {equation.quantity}, or of another shape")
    least = PLAIN if _fault(asked) > PLAIN else 0.0
    if _fault(asked) > 0.0:
        for smaller in sizes.smaller():
            try:
                found = _in_size(smaller, equation, seed, scale, least)
            except GradproofError:  # so is this equation
                continue
            if found is not None:
                return found
    return SmallTrial(own.case, equation, {path: value[0] for path, value in draws.items()}, asked)


def _size(reference: Reference) -> int:
    return sum(int(np.prod(draw.shape)) for draw in reference.inputs.values())


def _fewer_rows(reference: Reference, *rows: int) -> Iterator[Reference]:
    arrays = [draw for draw in reference.inputs.values() if draw.shape]
    if not arrays or any(isinstance(draw, Fixed) for draw in arrays) or len({draw.shape[0] for draw in arrays}) > 1:
        return
    for count in rows:
        if count < arrays[0].shape[0]:
            inputs = {
                name: draw.with_shape((count, *draw.shape[1:])) if draw.shape else draw
                for name, draw in reference.inputs.items()
            }
            yield replace(reference, inputs=inputs)


class _Bench:
    """A case with a single reference, whose equations are run on given numbers."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.evaluator = Evaluator(case.derivation)
        draws = case.draw(case.block(0, PROBE_TRIALS), 0)
        self.evaluator.probe(case.truths[0].evaluate(draws))

    def values(self, equation: Equation, draws: dict[str, Array]) -> list[TrialValues]:
        """What an equation gives on every row of the numbers."""
        rows = range(len(next(iter(draws.values()))))
        wanted = [(equation, row) for row in rows]
        return values_on(self.case, 0, self.evaluator, wanted, list(rows), draws)

    def first_that_shows(self, equation: Equation, draws: dict[str, Array], least: float) -> int | None:
        """The first row in which the mistake shows, off the kinks; None where it shows in none."""
        nudged = {path: value * (1 + NUDGE) if value.dtype.kind == "f" else value for path, value in draws.items()}
        pairs = zip(self.values(equation, draws), self.values(equation, nudged), strict=True)
        for row, (here, there) in enumerate(pairs):
            if _fault(here) > least and _is_close(here, there):
                return row
        return None


def _fault(values: TrialValues) -> float:
    """How far an equation is from the truth, of the largest entry; 0 where rounding may explain it."""
    if values.truth is None or values.bound is None:
        return 0.0
    finite = np.isfinite(values.truth).all() and np.isfinite(values.computed).all() and np.isfinite(values.bound).all()
    difference = np.abs(values.computed - values.truth) if finite else np.zeros(())
    if not finite or not (difference > 4 * values.bound).any():
        return 0.0
    return float(difference.max() / (max(np.abs(values.truth).max(), np.abs(values.computed).max()) or 1.0))


def _is_close(here: TrialValues, there: TrialValues) -> bool:
    pairs = ((here.truth, there.truth), (here.computed, there.computed))
    return all(
        one is not None and other is not None and np.abs(one - other).max() <= SMALLER * max(1.0, np.abs(one).max())
        for one, other in pairs
    )


def _in_size(bench: _Bench, equation: Equation, seed: int, scale: float, least: float) -> SmallTrial | None:
    """A trial of this size with numbers as round as they can be."""
    case = bench.case
    draws = case.draw_trials(range(TRIALS), seed, scale)
    leaves = case.bindings[0].leaves
    whole = {path: _rounded(value, leaves[path], 0) for path, value in draws.items()}
    row = bench.first_that_shows(equation, whole, least)
    if row is not None:
        return _made(bench, equation, {path: value[row : row + 1] for path, value in whole.items()})
    row = bench.first_that_shows(equation, draws, least)
    if row is None:
        return None
    numbers = {path: value[row : row + 1] for path, value in draws.items()}
    for path, value in numbers.items():
        for decimals in DECIMALS:
            tried = {**numbers, path: _rounded(value, leaves[path], decimals)}
            if bench.first_that_shows(equation, tried, least) is not None:
                numbers = tried
                break
    return _made(bench, equation, numbers)


def _made(bench: _Bench, equation: Equation, numbers: dict[str, Array]) -> SmallTrial:
    values = bench.values(equation, numbers)[0]
    return SmallTrial(bench.case, equation, {path: value[0] for path, value in numbers.items()}, values)


def _rounded(value: Array, drawn: Distribution, decimals: int) -> Array:
    """Rounded numbers that the distribution can still give; as they are where rounding would leave it.

    A whole number is no 0, under which every product would agree.
    """
    if isinstance(drawn, Normal):
        away = np.sign(value) * np.ceil(np.abs(value)) if decimals == 0 else np.round(value, decimals)
        return np.asarray(away, dtype=value.dtype)
    if isinstance(drawn, Uniform | LogUniform):
        for digits in range(decimals, 5):
            rounded = np.round(value, digits)
            if ((rounded > drawn.low) & (rounded < drawn.high)).all():
                return np.asarray(rounded, dtype=value.dtype)
    return value

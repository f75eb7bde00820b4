"""Every equation run on a few trials before the run: how it is run, and whether it can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from gradproof.case.derivation import Equation
from gradproof.check.case import Case
from gradproof.check.evaluate import PROBE_TRIALS, Evaluator

Array = NDArray[Any]

PROBE_BYTES, FEWEST_PROBED = 16 << 20, 7
"""Of large trials fewer are drawn for the probe, which runs each several times."""


@dataclass(frozen=True)
class Probed:
    """What the probe has shown.

    Attributes:
        evaluators: What runs the equations, at the sizes of each reference.
        shapes: The shape of each equation's quantity in each reference, by the equation's name.
        misfits: Equations that cannot be compared, by name: their shape or their dtype is not the quantity's.
    """

    evaluators: tuple[Evaluator, ...]
    shapes: Mapping[str, list[tuple[int, ...]]]
    misfits: Mapping[str, str]


def comparable(case: Case) -> tuple[Equation, ...]:
    """The equations whose quantities the reference has."""
    return tuple(equation for equation in case.derivation.equations if equation.quantity in case.known)


def probe(case: Case, trials: int, seed: int, scale: float) -> Probed:
    """Probe every equation.

    Args:
        case: The case.
        trials: How many trials the run has; the probe takes no more of each reference.
        seed, scale: Of the draws.

    Raises:
        GradproofError: An equation is broken, or the model fails or is random.
    """
    evaluators = tuple(Evaluator(case.derivation) for _ in case.references)
    shapes = dict[str, list[tuple[int, ...]]]()
    misfits = dict[str, str]()
    for k, (evaluator, truth) in enumerate(zip(evaluators, case.truths, strict=True)):
        most = max(PROBE_BYTES // case.trial_bytes[k], FEWEST_PROBED)
        draws = case.draw(case.block(k, min(PROBE_TRIALS, most, trials)), seed, scale)
        values = truth.evaluate(draws)
        truth.require_repeatable(draws, values)
        evaluator.probe(values)
        for equation in comparable(case):
            wanted = values[equation.quantity]
            shapes.setdefault(equation.name, []).append(wanted.shape[1:])
            misfit = _misfit(evaluator.samples[equation.name], wanted, equation.quantity, case.dtype)
            if misfit:
                misfits[equation.name] = misfit
    return Probed(evaluators, shapes, misfits)


def _misfit(sample: Array, wanted: Array, quantity: str, dtype: str) -> str:
    """Why the value of one trial cannot be compared with `(n, *shape)` of the truth; empty where it can."""
    if sample.shape != wanted.shape[1:]:
        return f"its shape is {sample.shape}, but that of {quantity} is {wanted.shape[1:]}"
    if sample.itemsize < wanted.dtype.itemsize:
        return f"its dtype is {sample.dtype}, which is less than {dtype}"
    return ""

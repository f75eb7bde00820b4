"""Errors of both sides at many scales of the draws, each measured by the same formulas with more digits.

Both sides run in float32; torch in float64, on exactly the same inputs, says how far each is off. So neither side is
the other's judge: the errors stand side by side. Where float64 itself is not finite nobody can be measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradproof.check.case import Case
from gradproof.check.evaluate import Evaluator
from gradproof.check.facts.measured import ScalePoint, ScaleSweep, SideErrors
from gradproof.check.facts.result import CheckResult
from gradproof.check.facts.verdict import Verdict

Array = NDArray[Any]

SCALES = tuple(10.0**power for power in range(-6, 4))
TRIALS = 256
"""So many trials of each reference at every scale."""


def sweep_scales(case: Case, equations: Sequence[str], seed: int, scales: Sequence[float] = SCALES) -> ScaleSweep:
    """Measure both sides of a case at several scales.

    Args:
        case: The case.
        equations: Those to measure, of quantities that the reference knows. Wrong ones would hide all rounding.
        seed: Where the random numbers start.
        scales: The factors on the draws.
    """
    single, double = replace(case, dtype="float32"), replace(case, dtype="float64")
    evaluators = [Evaluator(single.derivation) for _ in single.references]
    for k, evaluator in enumerate(evaluators):
        evaluator.probe(single.truths[k].evaluate(single.draw(single.block(k, TRIALS), seed)))
    points = [_point(single, double, evaluators, equations, seed, scale) for scale in sorted(scales)]
    return ScaleSweep(
        tuple(points), tuple(equations), sum(case.block(k, TRIALS).count for k in range(len(case.references)))
    )


def with_scales(result: CheckResult) -> CheckResult:
    """A check's outcome with the errors of its agreeing equations at every scale."""
    if result.checked is None:
        return result
    agreeing = [one.equation for one in result.results if one.verdict == Verdict.AGREES]
    return replace(result, scales=sweep_scales(result.checked, agreeing, result.seed))


def _point(
    single: Case, double: Case, evaluators: Sequence[Evaluator], names: Sequence[str], seed: int, scale: float
) -> ScalePoint:
    """One scale: every trial's largest errors by hand and by autograd, over all references."""
    manual, autograd, beyond = [], [], []
    for k, evaluator in enumerate(evaluators):
        draws = single.draw(single.block(k, TRIALS), seed, scale)
        exact = double.truths[k].evaluate({name: _widened(value) for name, value in draws.items()})
        torch = single.truths[k].evaluate(draws)
        count = len(next(iter(exact.values())))
        by_hand = evaluator.free_run({name: torch[name] for name in single.starts}, count)
        quantities = [(name, single.derivation.by_name[name].quantity) for name in names]
        defined = np.ones(count, dtype=np.bool_)
        for _, quantity in quantities:
            defined = np.logical_and(defined, _finite(exact[quantity]))
        manual.append(_errors([(by_hand[name], exact[q]) for name, q in quantities], defined))
        autograd.append(_errors([(torch[q], exact[q]) for _, q in quantities], defined))
        beyond.append(np.logical_not(defined))
    share = float(np.concatenate(beyond).mean())
    return ScalePoint(scale, _side(np.hstack(manual)), _side(np.hstack(autograd)), share)


def _widened(value: Array) -> Array:
    return value.astype(np.float64) if value.dtype.kind == "f" else value


def _finite(value: Array) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(value).reshape(len(value), -1).all(axis=1))


def _errors(pairs: Sequence[tuple[Array, Array]], defined: NDArray[np.bool_]) -> Array:
    """The largest relative error and the largest in ulp, of each trial that float64 can measure: `(2, trials)`.

    A true value below float32's smallest normal number has lost digits by the format alone: there the error is
    taken relative to that number. A value that is not finite makes the trial's errors infinite.
    """
    smallest = float(np.finfo(np.float32).tiny)
    out = np.zeros((2, int(defined.sum())))
    for value, exact in pairs:
        true = exact.reshape(len(exact), -1)[defined]
        computed = value.reshape(len(value), -1)[defined].astype(np.float64)
        with np.errstate(all="ignore"):
            size = np.maximum(np.abs(true), smallest)
            difference = np.abs(computed - true)
            relative = difference / size
            ulps = difference / np.spacing(np.minimum(size, np.finfo(np.float32).max).astype(np.float32))
        for row, errors in enumerate((relative, ulps)):
            largest = np.where(np.isfinite(errors), errors, np.inf).max(axis=1, initial=0.0)
            out[row] = np.maximum(out[row], largest)
    return out


def _side(errors: Array) -> SideErrors:
    finite = np.isfinite(errors[0])
    if not finite.any():
        return SideErrors(np.nan, np.nan, np.nan, 1.0 if errors.shape[1] else 0.0)
    relative, ulps = errors[:, finite]
    return SideErrors(
        largest=float(relative.max()),
        median=float(np.median(relative)),
        largest_ulp=float(ulps.max()),
        undefined=float(1 - finite.mean()),
    )

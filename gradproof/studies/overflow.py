"""Which operation of an equation gives inf or NaN where the truth is finite, at which operands, and the stable form.

An overflow is one of arithmetic alone where the exact result is finite: a finite operand grew too large, or what is
divided by, or has its logarithm taken, is 0 for no other reason than rounding. A plain 0 / 0 is none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradproof.arrays.bounds.array import BoundArray
from gradproof.arrays.bounds.taken import TakenArray
from gradproof.arrays.creation import call_on_arrays
from gradproof.arrays.structure import Array, LeadArray
from gradproof.arrays.trials import TrialArray
from gradproof.case.derivation import Equation
from gradproof.check.case import Case
from gradproof.check.compare import Tally
from gradproof.check.evaluate import Evaluator
from gradproof.check.facts.result import OVERFLOWS
from gradproof.check.verdicts import Overflow

STABLE = {
    "exp": "subtract the maximum before np.exp (a softmax and a log-sum-exp do not change by it), or use "
    "np.logaddexp(0, x) for log(1 + exp(x)) and 0.5 * (1 + np.tanh(x / 2)) for a sigmoid",
    "log": "take the logarithm in one step with what it is of: np.log1p(x) for log(1 + x), "
    "x - max - log(sum(exp(x - max))) for the log of a softmax",
    "divide": "multiply out the common factor, or subtract the maximum before np.exp, so that neither side "
    "overflows or becomes zero",
    "square": "divide by the largest magnitude before squaring",
    "power": "divide by the largest magnitude before taking the power",
}
STABLE |= {"cosh": STABLE["exp"], "sinh": STABLE["exp"], "expm1": STABLE["exp"], "exp2": STABLE["exp"]}


def named_overflow(
    case: Case, evaluators: Sequence[Evaluator], equation: Equation, tally: Tally, seed: int, scale: float
) -> Overflow | None:
    """What overflows in an equation's worst trial; None where it disagrees by finite values too."""
    if not tally.disagreeing or tally.overflows < tally.disagreeing:
        return None
    trial = tally.worst[2]
    reference = trial % len(evaluators)
    draws = case.draw_trials([trial], seed, scale)
    known = case.truths[reference].evaluate(draws)
    by_name = case.derivation.by_name
    helpers = {}
    if any(name not in known for name in equation.inputs):
        helpers = evaluators[reference].free_run({name: known[name] for name in case.starts}, 1)
    bounds = case.truth_bounds[reference].of(draws, known, [name for name in equation.inputs if name in known])
    inputs = [
        (bounds[name].value, bounds[name].error) if name in bounds else (helpers[by_name[name].name], 0.0)
        for name in equation.inputs
    ]
    first = _first(equation.function, inputs)
    if first is None:
        lost = [name for name in equation.inputs if name in known and not np.isfinite(known[name]).all()]
        return Overflow(f"{OVERFLOWS} where the truth is finite{_carried(lost)}", by_rounding=bool(lost))
    if first.by_rounding:
        return Overflow(f"{OVERFLOWS} where the truth is finite{first.sentence}", by_rounding=True)
    return Overflow(f"it has no finite value where the truth has one{first.sentence}", by_rounding=False)


def _carried(names: Sequence[str]) -> str:
    """What is said where an equation goes on with what torch's own steps have no finite value for."""
    if not names:
        return ""
    return f": {names[0]}, which it reads, is not finite there for torch either, and 0 times that is NaN; use np.where"


_AT_ZERO = ("log", "log2", "log10", "divide", "reciprocal", "power", "float_power", "arctanh", "log1p")
"""What is not finite at some finite operands, however large a number may be."""


@dataclass(frozen=True)
class _Left:
    """An operation that left the finite numbers: at which operand, and whether that is exact."""

    name: str
    size: float
    is_exact: bool

    @property
    def sentence(self) -> str:
        """In words that follow what it does."""
        way_out = f"; the stable form: {STABLE[self.name]}" if self.name in STABLE else ""
        return f": np.{self.name} does so at {self.size:.3g}{way_out}"

    @property
    def by_rounding(self) -> bool:
        """Whether it would be finite in exact arithmetic."""
        return self.name not in _AT_ZERO or not self.is_exact


def _first(function: Callable[..., Any], inputs: Sequence[tuple[Array, Any]]) -> _Left | None:
    """The first operation whose result is not finite though its operands are."""
    for kind in (TakenArray, TrialArray):
        found: list[_Left] = []
        noting = _noting(found, kind)
        operands = [noting(value, error) if kind is TakenArray else noting(value) for value, error in inputs]
        try:
            with np.errstate(all="ignore"):
                call_on_arrays(function, operands)
        except Exception:  # user code without bounds, or that cannot be lifted: the operation stays unnamed
            found.clear()
        if found:
            return found[0]
    return None


def _noting(found: list[_Left], kind: type[Any]) -> type[Any]:
    """A kind of array that notes every operation which leaves the finite numbers, and an operand's size there."""

    def note(name: str, operands: Sequence[Any], result: Any) -> None:
        plain = [np.asarray(x.layers[0] if isinstance(x, LeadArray) else x) for x in operands]
        lost = ~np.isfinite(result.layers[0])
        if not all(np.isfinite(value).all() for value in plain) or not lost.any():
            return
        errors = [x.layers[1] if isinstance(x, BoundArray) else np.zeros(()) for x in operands]
        whole = name in _SHRINKING
        sides = zip(plain, errors, strict=True)
        there = [
            tuple(layer if whole else np.broadcast_to(layer, lost.shape)[lost] for layer in side) for side in sides
        ]
        last, doubt = there[-1]
        exact = kind is not TakenArray or not np.broadcast_to(doubt, last.shape).any()
        found.append(_Left(name, float(last.flat[np.abs(last).argmax()]), exact))

    class Noting(kind):  # type: ignore[misc]
        __slots__ = ()

        def _elementwise(self, ufunc: np.ufunc, operands: Sequence[Any]) -> Any:
            result = super()._elementwise(ufunc, operands)
            if isinstance(result, LeadArray):
                note("divide" if ufunc is np.true_divide else ufunc.__name__, operands, result)
            return result

        def _reduced(self, ufunc: np.ufunc, axes: tuple[int, ...], keepdims: bool) -> Any:
            result = super()._reduced(ufunc, axes, keepdims)
            note(f"{ufunc.__name__}.reduce", (self,), result)
            return result

        def _matmul(self, other: Any) -> Any:
            result = super()._matmul(other)
            note("matmul", (self, other), result)
            return result

    return Noting


_SHRINKING = ("add.reduce", "multiply.reduce", "maximum.reduce", "minimum.reduce", "matmul")

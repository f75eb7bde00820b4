"""Which operation of an equation gives inf or NaN where the truth is finite, at which operands, and the stable form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradproof.arrays.creation import call_on_arrays
from gradproof.arrays.structure import Array, LeadArray
from gradproof.arrays.trials import TrialArray
from gradproof.case.derivation import Equation
from gradproof.check.case import Case
from gradproof.check.compare import Tally
from gradproof.check.evaluate import Evaluator

STABLE = {
    "exp": "subtract the maximum before np.exp (a softmax and a log-sum-exp do not change by it), or use "
    "np.logaddexp(0, x) for log(1 + exp(x)) and 0.5 * (1 + np.tanh(x / 2)) for a sigmoid",
    "log": "take the logarithm in one step with what it is of: np.log1p(x) for log(1 + x), "
    "x - max - log(sum(exp(x - max))) for the log of a softmax",
    "true_divide": "multiply out the common factor, or subtract the maximum before np.exp, so that neither side "
    "overflows or becomes zero",
    "square": "divide by the largest magnitude before squaring",
    "power": "divide by the largest magnitude before taking the power",
}
STABLE |= {"cosh": STABLE["exp"], "sinh": STABLE["exp"], "expm1": STABLE["exp"], "exp2": STABLE["exp"]}


def named_overflow(
    case: Case, evaluators: Sequence[Evaluator], equation: Equation, tally: Tally, seed: int, scale: float
) -> str:
    """What overflows in an equation's worst trial, in words; empty where it disagrees by finite values too."""
    if not tally.disagreeing or tally.overflows < tally.disagreeing:
        return ""
    trial = tally.worst[2]
    reference = trial % len(evaluators)
    known = case.truths[reference].evaluate(case.draw_trials([trial], seed, scale))
    by_name = case.derivation.by_name
    helpers = {}
    if any(name not in known for name in equation.inputs):
        helpers = evaluators[reference].free_run({name: known[name] for name in case.starts}, 1)
    inputs = [known[name] if name in known else helpers[by_name[name].name] for name in equation.inputs]
    return f"{OVERFLOWS} where the truth is finite{_first(equation.function, inputs)}"


OVERFLOWS = "it gives inf or NaN"
"""How such a diagnosis begins."""


def _first(function: Callable[..., Any], inputs: Sequence[Array]) -> str:
    """The first operation whose result is not finite though its operands are."""
    found: list[tuple[str, float]] = []
    try:
        with np.errstate(all="ignore"):
            call_on_arrays(function, [_noting(found)(value) for value in inputs])
    except Exception:  # user code that cannot be lifted: the operation stays unnamed
        found.clear()
    if not found:
        return ""
    name, size = found[0]
    way_out = f"; the stable form: {STABLE[name]}" if name in STABLE else ""
    return f": np.{'divide' if name == 'true_divide' else name} does so at {size:.3g}{way_out}"


def _noting(found: list[tuple[str, float]]) -> type[TrialArray]:
    """A TrialArray that notes every operation which leaves the finite numbers, and an operand's size there."""

    def note(name: str, operands: Sequence[Any], result: Any) -> None:
        plain = [np.asarray(x.layers[0] if isinstance(x, LeadArray) else x) for x in operands]
        if all(np.isfinite(value).all() for value in plain) and not np.isfinite(result.layers[0]).all():
            last = np.broadcast_to(plain[-1], result.layers[0].shape) if name not in _SHRINKING else plain[-1]
            there = last[~np.isfinite(result.layers[0])] if name not in _SHRINKING else last
            found.append((name, float(there.flat[np.abs(there).argmax()])))

    class Noting(TrialArray):
        __slots__ = ()

        def _elementwise(self, ufunc: np.ufunc, operands: Sequence[Any]) -> Any:
            result = super()._elementwise(ufunc, operands)
            if isinstance(result, LeadArray):
                note(ufunc.__name__, operands, result)
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

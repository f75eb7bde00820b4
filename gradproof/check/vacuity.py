"""Could the check have failed? Equations that agree for want of a trial in which they would not.

A comparison that comes out the same in all trials (a ReLU that is always on, a clamp that is never reached) leaves a
forgotten or wrong mask unseen; an axis of size 1 leaves a forgotten sum unseen. Such an equation is not called right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradproof.arrays.structure import LeadArray
from gradproof.arrays.trials import TrialArray
from gradproof.aten.table import RULES
from gradproof.aten.tape import Operation, Slot, Tape
from gradproof.case.derivation import Equation
from gradproof.check.case import Case
from gradproof.errors import GradproofError

Array = NDArray[Any]

WATCHED = 256
"""So many trials of each reference are looked at."""

ORDERED = {
    np.greater: np.greater,
    np.less: np.less,
    np.greater_equal: np.greater_equal,
    np.less_equal: np.less_equal,
    np.maximum: np.greater,
    np.minimum: np.less,
    np.fmax: np.greater,
    np.fmin: np.less,
}
"""Functions that treat one operand unlike the other, and the comparison that decides which is which."""


COMPARING = re.compile(r"relu|threshold|clamp|maximum|minimum|hard|elu|shrink|smooth_l1|huber|[._](gt|ge|lt|le)$|where")
"""The names of torch's operations that compare."""


def blunt_equations(case: Case, trials: int, seed: int, scale: float = 1.0) -> dict[str, str]:
    """Equations whose agreement shows nothing, each with the reason.

    Args:
        case: The case.
        trials: How many trials the run has, the first of which are looked at.
        seed: The seed of the run.
        scale: The factor on real draws.
    """
    found = [_of_reference(case, k, min(WATCHED, trials), seed, scale) for k in range(len(case.references))]
    in_all = set(found[0]).intersection(*found[1:])
    return {name: reason for name, reason in found[0].items() if name in in_all}


def _of_reference(case: Case, k: int, count: int, seed: int, scale: float) -> dict[str, str]:
    draws = case.draw(case.block(k, count), seed, scale)
    values = case.truths[k].evaluate(draws)
    stuck = _stuck_steps(case.truth_bounds[k].tape, _leaves(case, k, draws))
    reasons = {}
    for equation in case.derivation.equations:
        if equation.quantity in case.known and all(name in values for name in equation.inputs):
            inputs = [values[name] for name in equation.inputs]
            reason = (
                _single_row(equation, inputs)
                or _own_reason(equation, inputs)
                or _reference_reason(case, k, equation, stuck)
            )
            if reason:
                reasons[equation.name] = f"{reason}, so a mistake in this would not show"
    return reasons


def _leaves(case: Case, k: int, draws: dict[str, Array]) -> list[TrialArray]:
    one = TrialArray(np.ones(1, dtype=case.dtype))
    return [one, *(TrialArray(draws[name]) for name in case.bindings[k].leaves)]


def _single_row(equation: Equation, inputs: Sequence[Array]) -> str:
    for name, value in zip(equation.inputs, inputs, strict=True):
        if value.ndim >= 3 and value.shape[1] == 1:
            return f"{name} has one row only (its shape is {value.shape[1:]})"
    return ""


def _own_reason(equation: Equation, inputs: Sequence[Array]) -> str:
    """A comparison in the equation itself that never switches."""
    outcomes: list[Array] = []
    try:
        with np.errstate(all="ignore"):
            watching = _watching(outcomes)
            equation.function(*(watching(value) for value in inputs))
    except Exception:  # user code that cannot be lifted, or that takes another branch: nothing is known of it
        return ""
    return _constant(outcomes, "a comparison in it")


def _reference_reason(case: Case, k: int, equation: Equation, stuck: dict[int, str]) -> str:
    """An operation of torch between the equation's inputs and its quantity that never switches."""
    tape = case.truth_bounds[k].tape
    if tape is None or not stuck:
        return ""
    outputs = list(tape.outputs)

    def steps(name: str) -> set[int]:
        return {id(step) for step in tape.restrict([outputs.index(name)]).steps}

    own = steps(equation.quantity)
    for name in equation.inputs:
        own -= steps(name)
    return next((stuck[step] for step in own if step in stuck), "")


def _stuck_steps(tape: Tape | None, leaves: list[TrialArray]) -> dict[int, str]:
    """The operations of a tape whose comparisons never switch, by identity, each with what it does."""
    if tape is None:
        return {}
    steps = [step for step in tape.steps if COMPARING.search(step.name)]
    slots = list(dict.fromkeys(slot for step in steps for slot in step.args if isinstance(slot, Slot)))
    try:
        values = dict(zip(slots, Tape(tape.leaves, tape.steps, tuple(slots)).pruned().run(leaves), strict=True))
    except GradproofError:
        return {}
    stuck = {}
    outcomes: list[Array] = []
    watching = _watching(outcomes)
    for step in steps:
        if not any(_is_real(values[arg]) for arg in step.args if isinstance(arg, Slot)):
            continue  # torch looks whether an index counts from the end
        outcomes.clear()
        try:
            with np.errstate(all="ignore"):
                RULES[step.name](*(_watched(arg, values, watching) for arg in step.args), **_plain(step))
        except (GradproofError, TypeError, ValueError, KeyError):
            continue  # an argument that is no single array: such an operation compares nothing
        reason = _constant(outcomes, f"torch's {step.name.removeprefix('aten.')}")
        if reason:
            stuck[id(step)] = reason
    return stuck


def _is_real(value: Any) -> bool:
    return not isinstance(value, TrialArray) or value.dtype.kind == "f"


def _plain(step: Operation) -> dict[str, Any]:
    return {name: value for name, value in step.kwargs.items() if not isinstance(value, Slot)}


def _watched(argument: Any, values: dict[Slot, Any], watching: type[TrialArray]) -> Any:
    value = values[argument] if isinstance(argument, Slot) else argument
    return watching(value.layers[0]) if isinstance(value, TrialArray) else value


def _constant(outcomes: Sequence[Array], what: str) -> str:
    for outcome in outcomes:
        if outcome.all() or not outcome.any():
            return f"{what} comes out the same in all {len(outcome)} trials"
    return ""


def _watching(outcomes: list[Array]) -> type[TrialArray]:
    """A TrialArray that notes the outcome of every comparison in which trials differ."""

    class Watching(TrialArray):
        __slots__ = ()

        def _elementwise(self, ufunc: np.ufunc, operands: Sequence[Any]) -> Any:
            if ufunc in ORDERED:
                plain = [x.layers[0] if isinstance(x, LeadArray) else x for x in operands]
                outcome = np.asarray(ORDERED[ufunc](*plain))
                if outcome.ndim and len(outcome) > 1:
                    outcomes.append(outcome)
            return super()._elementwise(ufunc, operands)

    return Watching

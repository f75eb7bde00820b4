"""Could the check have failed? Equations that agree for want of a trial in which they would not.

A comparison that comes out the same in all trials (a ReLU that is always on) leaves a forgotten or wrong mask unseen;
such an equation is not called right. Where the case cannot draw the other side, or only a guard against rounding or
overflow stands there, nothing is hidden: that is a remark.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradproof.arrays.structure import LeadArray
from gradproof.arrays.trials import TrialArray
from gradproof.aten.table import RULES
from gradproof.aten.tape import Operation, Slot, Tape, slots
from gradproof.case.derivation import Equation
from gradproof.case.kinds import Normal, Uniform
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

GUARD = 1e-3
"""A limit as near to 0 or to 1 as this guards against a division by zero or a logarithm of it."""

FAR = 10.0
"""A limit so many times larger than all that is compared with it guards against an overflow."""


@dataclass(frozen=True)
class Outcome:
    """One comparison in all watched trials.

    Attributes:
        rarest: In which share of the trials the rarer of its two sides was taken.
        side: Which side was always taken, where one was.
        guard: Whether its limit is one that a guard has.
    """

    rarest: float
    side: bool
    guard: bool


@dataclass(frozen=True)
class Teeth:
    """What the trials can show of each equation, by its name.

    Attributes:
        blunt: Why its agreement shows nothing.
        remarks: What was not reached, though nothing hides there.
        branches: In which share of the trials its rarest branch was taken.
    """

    blunt: Mapping[str, str] = field(default_factory=dict)
    remarks: Mapping[str, str] = field(default_factory=dict)
    branches: Mapping[str, float] = field(default_factory=dict)


def teeth_of(case: Case, trials: int, seed: int, scale: float = 1.0) -> Teeth:
    """What the first trials of a run can show.

    Args:
        case: The case.
        trials: How many trials the run has, the first of which are looked at.
        seed: The seed of the run.
        scale: The factor on real draws.
    """
    found = [_of_reference(case, k, min(WATCHED, trials), seed, scale) for k in range(len(case.references))]
    names = set(found[0].branches)
    return Teeth(
        _in_all([one.blunt for one in found]),
        _in_all([{**one.blunt, **one.remarks} for one in found], without=_in_all([one.blunt for one in found])),
        {name: max(one.branches.get(name, 0.0) for one in found) for name in names},
    )


def _in_all(found: Sequence[Mapping[str, str]], without: Mapping[str, str] | None = None) -> dict[str, str]:
    """What every reference says, in the words of the first."""
    names = set(found[0]).intersection(*found[1:]) - set(without or ())
    return {name: reason for name, reason in found[0].items() if name in names}


def _of_reference(case: Case, k: int, count: int, seed: int, scale: float) -> Teeth:
    draws = case.draw(case.block(k, count), seed, scale)
    here = _watched_draws(case, k, draws)
    stuck = any(one.rarest == 0 for outcomes in here.values() for _, one in outcomes)
    turned = _watched_turned(case, k, draws) if stuck else {}
    blunt: dict[str, str] = {}
    remarks: dict[str, str] = {}
    branches: dict[str, float] = {}
    for name, outcomes in here.items():
        other = turned.get(name, [])
        for place, (what, one) in enumerate(outcomes):
            branches[name] = min(branches.get(name, 1.0), one.rarest) if not one.guard else branches.get(name, 1.0)
            if one.rarest > 0:
                continue
            same = f"{what} comes out the same in all {count} trials"
            again = other[place][1] if len(other) == len(outcomes) else None
            if one.guard or (again is not None and again.rarest == 0 and again.side == one.side):
                remarks.setdefault(name, f"{same}: its other side was not checked")
            else:
                blunt.setdefault(name, f"{same}, so a mistake in this would not show")
    return Teeth(blunt, remarks, branches)


def _watched_turned(case: Case, k: int, draws: Mapping[str, Array]) -> dict[str, list[tuple[str, Outcome]]]:
    """The same with all signs turned; nothing where the model refuses such numbers."""
    try:
        return _watched_draws(case, k, _turned(case, k, draws))
    except GradproofError:
        return {}


def _turned(case: Case, k: int, draws: Mapping[str, Array]) -> dict[str, Array]:
    """Inputs and parameters with the opposite sign: what a comparison does then it can do."""
    binding = case.bindings[k]
    free = {*binding.parameters, *binding.reference.inputs}
    return {
        name: -value if name in free and isinstance(binding.leaves[name], Normal | Uniform) else value
        for name, value in draws.items()
    }


def _watched_draws(case: Case, k: int, draws: Mapping[str, Array]) -> dict[str, list[tuple[str, Outcome]]]:
    """Every comparison of every equation, in the equation itself and in torch's steps from its inputs to it."""
    values = case.truths[k].evaluate(draws)
    tape = case.truth_bounds[k].tape
    steps = _step_outcomes(tape, _leaves(case, k, draws))
    above = _above(tape, steps)
    found = {}
    for equation in case.derivation.equations:
        if equation.quantity in case.known and all(name in values for name in equation.inputs):
            own = _own_outcomes(equation, [values[name] for name in equation.inputs])
            found[equation.name] = [("a comparison in it", one) for one in own] + _between(equation, steps, above)
    return found


def _leaves(case: Case, k: int, draws: Mapping[str, Array]) -> list[TrialArray]:
    one = TrialArray(np.ones(1, dtype=case.dtype))
    return [one, *(TrialArray(draws[name]) for name in case.bindings[k].leaves)]


def _own_outcomes(equation: Equation, inputs: Sequence[Array]) -> list[Outcome]:
    """The comparisons in the equation itself."""
    outcomes: list[Outcome] = []
    try:
        with np.errstate(all="ignore"):
            watching = _watching(outcomes)
            equation.function(*(watching(value) for value in inputs))
    except Exception:  # user code that cannot be lifted, or that takes another branch: nothing is known of it
        return []
    return outcomes


def _between(
    equation: Equation, outcomes: Mapping[int, list[tuple[str, Outcome]]], above: Mapping[str, frozenset[int]]
) -> list[tuple[str, Outcome]]:
    """The comparisons of torch's operations between the equation's inputs and its quantity, in torch's order."""
    own = above.get(equation.quantity, frozenset()).difference(*(above.get(name, ()) for name in equation.inputs))
    return [one for step, found in outcomes.items() if step in own for one in found]


def _above(tape: Tape | None, steps: Mapping[int, Any]) -> dict[str, frozenset[int]]:
    """Which of these operations each quantity depends on, by its name."""
    if tape is None or not steps:
        return {}
    known: dict[Slot, frozenset[int]] = {}
    nothing: frozenset[int] = frozenset()
    for step in tape.steps:
        found = nothing.union(*(known.get(slot, nothing) for slot in slots(step)))
        if id(step) in steps:
            found |= {id(step)}
        known.update((slot, found) for slot in step.results if slot is not None)
    return {name: known.get(value, nothing) for name, value in tape.outputs.items() if isinstance(value, Slot)}


def _step_outcomes(tape: Tape | None, leaves: list[TrialArray]) -> dict[int, list[tuple[str, Outcome]]]:
    """The comparisons in a tape's operations, by the operation's identity, each with what it does."""
    if tape is None:
        return {}
    steps = [step for step in tape.steps if COMPARING.search(step.name)]
    read = list(dict.fromkeys(slot for step in steps for slot in step.args if isinstance(slot, Slot)))
    try:
        values = dict(zip(read, Tape(tape.leaves, tape.steps, tuple(read)).pruned().run(leaves), strict=True))
    except GradproofError:
        return {}
    found = {}
    outcomes: list[Outcome] = []
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
        found[id(step)] = [(f"torch's {step.name.removeprefix('aten.')}", one) for one in outcomes]
    return found


def _is_real(value: Any) -> bool:
    return not isinstance(value, TrialArray) or value.dtype.kind == "f"


def _plain(step: Operation) -> dict[str, Any]:
    return {name: value for name, value in step.kwargs.items() if not isinstance(value, Slot)}


def _watched(argument: Any, values: dict[Slot, Any], watching: type[TrialArray]) -> Any:
    value = values[argument] if isinstance(argument, Slot) else argument
    return watching(value.layers[0]) if isinstance(value, TrialArray) else value


def _outcome(taken: Array, operands: Sequence[Any]) -> Outcome:
    """What one comparison of operands `(n, *shape)` did in n trials."""
    flat = taken.reshape(len(taken), -1)
    shares = float(flat.any(axis=1).mean()), float((~flat).any(axis=1).mean())
    return Outcome(min(shares), bool(flat.flat[0]), _is_guard(operands))


def _is_guard(operands: Sequence[Any]) -> bool:
    """Whether one operand is a limit near 0 or 1, or far beyond the other."""
    for limit, other in (operands, operands[::-1]):
        if np.size(limit) == 1:
            size = abs(float(np.asarray(limit).reshape(-1)[0]))
            largest = float(np.max(np.abs(other), initial=0.0, where=np.isfinite(other)))
            if 0 < size <= GUARD or 0 < abs(size - 1) <= GUARD or size > FAR * largest:
                return True
    return False


def _watching(outcomes: list[Outcome]) -> type[TrialArray]:
    """A TrialArray that notes the outcome of every comparison in which trials differ."""

    class Watching(TrialArray):
        __slots__ = ()

        def _elementwise(self, ufunc: np.ufunc, operands: Sequence[Any]) -> Any:
            if ufunc in ORDERED:
                plain = [x.layers[0] if isinstance(x, LeadArray) else x for x in operands]
                outcome = np.asarray(ORDERED[ufunc](*plain))
                if outcome.ndim and len(outcome) > 1:
                    outcomes.append(_outcome(outcome, plain))
            return super()._elementwise(ufunc, operands)

    return Watching

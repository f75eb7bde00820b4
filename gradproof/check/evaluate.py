"""Run equations on many trials at once: as they are where that is right, else lifted, else trial by trial.

A function written for one trial's numbers often works on all trials at once: on arrays with a leading trial axis
(`batched`), or on arrays that hide that axis (`lifted`, see `gradproof.arrays`). Which of them gives what single
trials give is found by a probe whose size differs from every dimension; a function that no probe covers, or of which
a single trial is wanted, runs trial by trial (`loop`).
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from types import FrameType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradproof.arrays.creation import call_on_arrays
from gradproof.arrays.structure import LeadArray
from gradproof.arrays.trials import TrialArray
from gradproof.case.derivation import Derivation, Equation
from gradproof.case.source_text import shown
from gradproof.errors import GradproofError
from gradproof.tolerances import AT_ONCE, BATCHED, Tolerance

Array = NDArray[Any]
Values = Mapping[str, Array]
PROBE_SIZES = (17, 13, 11, 7, 19, 23, 5, 3, 2)
PROBE_TRIALS = 29
"""So many trials are drawn for the probe, where there are as many."""

TWICE = 3
"""So many trials of the probe are run a second time, to see that the results are the same."""


class BrokenEquation(GradproofError):
    """An equation that cannot be run: it raises, returns no array, or is no function of its inputs."""


class Evaluator:
    """Runs the equations of one derivation.

    Attributes:
        modes: `batched`, `lifted` or `loop` for each equation by name, once `probe` has chosen.
        samples: What each equation returned for the first trial of the probe, by name.
        lines: How many lines of Python a trial takes, of those that run trial by trial.
    """

    def __init__(self, derivation: Derivation) -> None:
        self.derivation = derivation
        self.modes: dict[str, str] = {}
        self.samples: dict[str, Array] = {}
        self.lines: dict[str, int] = {}

    def run(self, equation: Equation, inputs: Sequence[Array], trials: int) -> Array:
        """The equation's quantity in every trial, `(trials, *shape)`, from inputs `(trials, *shape)`.

        Raises:
            BrokenEquation: It raises in some trial, or returns what is no array of numbers.
        """
        mode = self.modes[equation.name]
        if mode == "loop":
            return self.loop(equation, inputs, trials)
        try:
            return _batched(equation, inputs, trials) if mode == "batched" else _lifted(equation, inputs, trials)
        except (Exception, SystemExit):  # user code: what a probe did not show, single trials will say in plain words
            self.modes[equation.name] = "loop"
            return self.loop(equation, inputs, trials)

    def loop(self, equation: Equation, inputs: Sequence[Array], trials: int) -> Array:
        """Trial by trial, as its author would call it.

        Raises:
            BrokenEquation: As `run`.
        """
        with np.errstate(all="ignore"):
            return self._loop(equation, inputs, trials)

    @staticmethod
    def _loop(equation: Equation, inputs: Sequence[Array], trials: int) -> Array:
        first = _single(equation, inputs, 0)
        out = np.empty((trials, *first.shape), dtype=first.dtype)
        out[0] = first
        for trial in range(1, trials):
            value = _single(equation, inputs, trial)
            if value.shape != first.shape:
                raise BrokenEquation(
                    f"{equation.place}: {equation.name} returns the shape {first.shape} in one trial and {value.shape} "
                    "in another; the shape of a quantity must not depend on its values"
                )
            out[trial] = value
        return out

    def free_run(self, leaves: Values, trials: int, given: Values | None = None) -> dict[str, Array]:
        """Every equation from the leaves alone, by the equation's name: the derivation as its author meant it.

        Args:
            leaves: Leaf quantities `(trials, *shape)`.
            trials: How many.
            given: Results, by the equation's name, of equations that are not to be run.
        """
        derivation = self.derivation
        values: dict[str, Array] = dict(given or {})
        for equation in derivation.order:
            if equation.name in values:
                continue
            sources = [derivation.yields(name, equation) for name in equation.inputs]
            inputs = [
                leaves[name] if source is None else values[source.name]
                for name, source in zip(equation.inputs, sources, strict=True)
            ]
            values[equation.name] = self.run(equation, inputs, trials)
        return values

    # Choosing -----------------------------------------------------------------------------------------------------

    def probe(self, truth: Values) -> None:
        """Choose how to run each equation, and refuse those that cannot be run.

        Args:
            truth: Known quantities `(n, *shape)` with n up to 29; an equation's inputs are taken from here where they
                are known, else from the equation that yields them.

        Raises:
            BrokenEquation: With the messages of all equations that are broken, a line each.
        """
        values: dict[str, Array] = {}
        problems = []
        for equation in self.derivation.order:
            try:
                inputs = [self._input(name, values, truth) for name in equation.inputs]
            except KeyError:
                continue  # it reads an equation that is broken, which has been noted
            try:
                values[equation.name] = self._probe_one(equation, inputs)
            except BrokenEquation as problem:
                problems.append(str(problem))
        if problems:
            raise BrokenEquation("\n".join(problems))

    def _input(self, name: str, values: Values, truth: Values) -> Array:
        return truth[name] if name in truth else values[self.derivation.by_name[name].name]

    def _probe_one(self, equation: Equation, inputs: list[Array]) -> Array:
        dimensions = {size for value in inputs for size in value.shape[1:]}
        total = min([len(value) for value in inputs], default=PROBE_TRIALS)
        fitting = [size for size in PROBE_SIZES if size <= total and size not in dimensions]
        count = fitting[0] if fitting else total
        few = [value[:count] for value in inputs]
        expected = _checked_calls(self, equation, few, count)
        self.modes[equation.name] = "loop"
        self.samples[equation.name] = expected[0]
        for mode, function in (("batched", _batched), ("lifted", _lifted)) if fitting else ():
            try:
                value = function(equation, few, count)
            except (Exception, SystemExit):  # user code on an array it was not written for: the next mode is tried
                continue
            if self._is_same(equation, function, few, value, expected):
                self.modes[equation.name] = mode
                break
        if fitting and self.modes[equation.name] == "loop":
            self.lines[equation.name] = _lines(equation, few)
        return self.run(equation, inputs, total) if inputs else expected

    def _is_same(
        self, equation: Equation, function: Callable[..., Array], inputs: list[Array], value: Array, expected: Array
    ) -> bool:
        """Whether a way to run many trials at once gives what single trials give, on these inputs and on others."""
        within = _within(function, expected)
        if not same(value, expected, within):
            return False
        generator = np.random.default_rng(len(expected))
        moved = [_moved(one, generator) for one in inputs]
        try:
            expected = self.loop(equation, moved, len(expected))
        except BrokenEquation:
            return True  # it refuses such numbers
        try:
            return same(function(equation, moved, len(expected)), expected, within)
        except (Exception, SystemExit):  # user code on an array it was not written for: the next mode is tried
            return False


def _within(function: Callable[..., Array], expected: Array) -> Tolerance:
    """How far many trials at once may be from single ones.

    A function that sees the axis of trials may take it for one of its own. Beside numbers that are far larger that is
    off by little, so all but the last digits have to be the same; where sums that cancel are rounded in another order,
    arrays that hide that axis take its place.
    """
    if function is _batched and expected.dtype.kind == "f":
        return BATCHED.times(float(np.finfo(expected.dtype).eps))
    return AT_ONCE


def _moved(value: Array, generator: np.random.Generator) -> Array:
    """Real numbers that are all different: at small scales a wrong axis may be off by less than rounding."""
    if value.dtype.kind != "f":
        return value
    return np.asarray(value * generator.uniform(0.5, 1.5, value.shape), dtype=value.dtype)


def _lines(equation: Equation, inputs: Sequence[Array]) -> int:
    """How many lines of Python the first trial takes."""
    count = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        with np.errstate(all="ignore"):
            _single(equation, inputs, 0)
    finally:
        sys.settrace(before)
    return count


def same(value: Array, expected: Array, within: Tolerance = AT_ONCE) -> bool:
    """Whether two ways of running one function `(n, *shape)` agree in all but rounding, each trial by its own size.

    What overflows may do so in two ways.
    """
    if value.shape != expected.shape:
        return False
    value = np.where(np.isfinite(value) | np.isfinite(expected), value, expected)
    if not within.largest:  # no entry is measured by the others of its trial
        return within.holds(value, expected)
    return all(within.holds(one, other) for one, other in zip(value, expected, strict=True))


def _checked_calls(evaluator: Evaluator, equation: Equation, inputs: list[Array], count: int) -> Array:
    """Single trials, some of them twice, on copies: the result, if it is a function of inputs that are left alone."""
    copies = [value.copy() for value in inputs]
    first = evaluator.loop(equation, copies, count)
    for name, copy, value in zip(equation.inputs, copies, inputs, strict=True):
        if not np.array_equal(copy, value, equal_nan=value.dtype.kind == "f"):
            raise BrokenEquation(
                f"{equation.place}: {equation.name} changes its input {name}; work on a copy "
                f"(`{name} = {name}.copy()`) or use an operator that makes a new array"
            )
    few = min(count, TWICE)
    second = evaluator.loop(equation, [copy[:few] for copy in copies], few)
    if not np.array_equal(first[:few], second, equal_nan=True):
        raise BrokenEquation(
            f"{equation.place}: {equation.name} gives different results when it is called twice with the same inputs; "
            "a random number or a changing global does not belong into an equation: make it an input"
        )
    return first


def _single(equation: Equation, inputs: Sequence[Array], trial: int) -> Array:
    """One trial: scalars are handed over as NumPy scalars, tensors as arrays."""
    arguments = [value[trial] for value in inputs]
    try:
        value = equation.function(*arguments)
    except (Exception, SystemExit) as error:
        raise BrokenEquation(_why_it_raises(equation, error, arguments)) from error
    return as_numbers(equation, value)


def as_numbers(equation: Equation, value: Any) -> Array:
    """What an equation returned, as a real array.

    Raises:
        BrokenEquation: It is no number and no array of real numbers.
    """
    if isinstance(value, (bool, int, float, np.generic, np.ndarray)):
        array = np.asarray(value)
        if array.dtype.kind in "biuf":
            return array.astype(np.float64) if array.dtype.kind in "biu" else array
        found = f"an array of {array.dtype}"
    else:
        found = "nothing (is there a `return`?)" if value is None else f"a {type(value).__name__}"
    way_out = " (write np.array([...]))" if isinstance(value, (list, tuple)) else ""
    raise BrokenEquation(
        f"{equation.place}: {equation.name} returns {found}; "
        f"an equation returns a number or an array of numbers{way_out}"
    )


def _batched(equation: Equation, inputs: Sequence[Array], trials: int) -> Array:
    """The function on arrays with a leading trial axis, which it may not write into."""
    views = []
    for value in inputs:
        view = value.view()
        view.flags.writeable = False
        views.append(view)
    with np.errstate(all="ignore"):
        value = as_numbers(equation, equation.function(*views))
    return np.broadcast_to(value, (trials,)) if value.ndim == 0 else value


def _lifted(equation: Equation, inputs: Sequence[Array], trials: int) -> Array:
    """The function on arrays whose trial axis is hidden from it."""
    with np.errstate(all="ignore"):
        value = call_on_arrays(equation.function, [TrialArray(value) for value in inputs])
    return unlifted(equation, value, trials)


def unlifted(equation: Equation, value: Any, trials: int) -> Array:
    """The values behind a lifted result, `(trials, *shape)`; a constant is the same in every trial."""
    if isinstance(value, LeadArray):
        layer = value.layers[0]
        numbers = as_numbers(equation, layer)
        return np.broadcast_to(numbers, (trials, *layer.shape[1:]))
    numbers = as_numbers(equation, value)
    return np.broadcast_to(numbers, (trials, *numbers.shape))


def _why_it_raises(equation: Equation, error: BaseException, inputs: Sequence[Array]) -> str:
    """The line of the user's file at which it happened, what happened, and to which shapes, where these may be why."""
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == str(equation.path) and frame.lineno is not None
    ]
    place = f"{shown(equation.path)}:{lines[-1] if lines else equation.line}"
    shapes = ", ".join(f"{name} {np.shape(value)}" for name, value in zip(equation.inputs, inputs, strict=True))
    given = f"; one trial has {shapes}" if isinstance(error, ValueError | IndexError) and shapes else ""
    return f"{place}: {equation.name} raises {type(error).__name__}: {error}{given}"

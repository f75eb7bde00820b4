"""The true formula of a quantity, read from what torch ran: forward, backward and the optimizer's step.

Torch's operations are followed backwards from the quantity. Where one has the value of a name that the derivation may
read, in several trials at every set of sizes, it is that name; else it is the formula of its operation. So the formula
is as short as the derivation's own names allow. What comes out is a guess: whoever shows it has run it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradproof.aten.table import RULES
from gradproof.aten.tape import Operation, Slot, Tape
from gradproof.check.bounds import TruthBounds
from gradproof.check.case import Case
from gradproof.repair.derive.neat import neat
from gradproof.repair.derive.operations import FORMULAS, ONE, Arguments, NoFormula
from gradproof.repair.formulas.canonical import tidy
from gradproof.repair.formulas.formula import Call, Constant, Formula, Name, Size, nodes
from gradproof.tolerances import DERIVED

Array = NDArray[Any]

TRIALS = 2
"""So many trials at each set of sizes tell whether a value is that of a name."""

LARGEST = 60
"""Formulas with more nodes than this explain nothing."""


@dataclass(frozen=True)
class _Run:
    """What torch computed at one set of sizes: the tape, and in each trial the value of every slot and every name."""

    tape: Tape
    slots: Sequence[Mapping[Slot, Any]]
    names: Sequence[Mapping[str, Array]]


class Oracle:
    """The true formulas of a case's quantities.

    Args:
        case: The case.
        seed: For the trials.
    """

    def __init__(self, case: Case, seed: int) -> None:
        self._case, self._seed = case, seed
        self._runs: tuple[_Run, ...] | None = None

    def formula(self, quantity: str, legible: Collection[str], order: Sequence[str] = ()) -> Formula | None:
        """The formula of a quantity in the names that it may read; None where torch's operations give none.

        Args:
            quantity: The quantity.
            legible: The names.
            order: Those that come first where several have one value.
        """
        if self._runs is None:
            self._runs = tuple(run for k in range(len(self._case.truths)) if (run := self._run(k)) is not None)
        if not self._runs or any(quantity not in run.tape.outputs for run in self._runs):
            return None
        names = [*dict.fromkeys((*(n for n in order if n in legible), *sorted(legible, key=lambda n: (len(n), n))))]
        try:
            found = neat(tidy(_Reading(self._runs, names).of(self._runs[0].tape.outputs[quantity])))
        except (NoFormula, RecursionError):
            return None
        return found if sum(1 for _ in nodes(found)) <= LARGEST else None

    def _run(self, k: int) -> _Run | None:
        truth = self._case.truths[k]
        draws = self._case.draw(self._case.block(k, TRIALS), self._seed)
        bounds = TruthBounds(truth, draws)
        if bounds.tape is None:
            return None
        values = truth.evaluate(draws)
        slots, names = [], []
        for row in range(TRIALS):
            leaves = [np.ones(()), *(np.asarray(draws[name][row]) for name in truth.binding.leaves)]
            found = _replayed(bounds.tape, leaves)
            if found is None:
                return None
            slots.append(found)
            names.append({name: np.asarray(value[row]) for name, value in values.items()})
        return _Run(bounds.tape, slots, names)


def _replayed(tape: Tape, leaves: Sequence[Array]) -> dict[Slot, Any] | None:
    """The value of every slot; None where an operation has no value by its rule."""
    values: dict[Slot, Any] = {Slot(k): leaf for k, leaf in enumerate(leaves)}
    with np.errstate(all="ignore"):
        for step in tape.steps:
            try:
                result = RULES[step.name](*(_filled(v, values) for v in step.args), **step.kwargs)
            except Exception:  # a rule that plain arrays do not fit: that operation is not read
                continue
            parts = result if isinstance(result, (tuple, list)) else (result,)
            values.update((slot, part) for slot, part in zip(step.results, parts, strict=False) if slot is not None)
    return values


def _filled(value: Any, values: Mapping[Slot, Any]) -> Any:
    if isinstance(value, Slot):
        return values[value]
    return type(value)(_filled(part, values) for part in value) if isinstance(value, (list, tuple)) else value


class _Reading:
    """The formulas of slots, each worked out once."""

    def __init__(self, runs: Sequence[_Run], names: Sequence[str]) -> None:
        self._runs, self._names = runs, names
        self._steps = {slot: (k, step) for k, step in enumerate(runs[0].tape.steps) for slot in step.results if slot}
        self._found: dict[Slot, Formula] = {}

    def of(self, slot: Any) -> Formula:
        """The formula of a slot.

        Raises:
            NoFormula: An operation on the way has none.
        """
        if not isinstance(slot, Slot):
            raise NoFormula
        if slot not in self._found:
            self._found[slot] = self._named(slot) or self._computed(slot)
        return self._found[slot]

    def _named(self, slot: Slot) -> Formula | None:
        if slot == Slot(0):
            return ONE
        values = [run.slots[row].get(slot) for run in self._runs for row in range(TRIALS)]
        if values[0] is None:
            return None
        if _is_one_number(values):
            number = float(np.asarray(values[0]).flat[0]) if np.size(values[0]) else 0.0
            return Constant(int(number)) if number in (1.0, -1.0) else None
        for name in self._names:
            known = [run.names[row].get(name) for run in self._runs for row in range(TRIALS)]
            if all(_equal(value, other) for value, other in zip(values, known, strict=True)):
                return Name(name)
        return None

    def _computed(self, slot: Slot) -> Formula:
        if slot not in self._steps:
            raise NoFormula  # a leaf that may not be read
        place, step = self._steps[slot]
        make = FORMULAS.get(step.name)
        if make is None or len(step.results) != 1:
            raise NoFormula
        values = [self._argument(place, step, k, value) for k, value in enumerate(step.args)]
        shapes = [self._shape(value) for value in (*step.args, slot)]
        return tidy(make(Arguments(values, shapes, step.kwargs)))

    def _argument(self, place: int, step: Operation, number: int, value: Any) -> Any:
        if isinstance(value, Slot):
            return self.of(value)
        if isinstance(value, bool) or value is None or isinstance(value, (list, tuple, str)):
            return value
        if isinstance(value, int) and step.name not in ("aten.div", "aten.mul"):
            return Constant(value) if step.name in _NUMBERS else value
        array = np.asarray(value)
        if array.dtype.kind not in "fiub" or not (array == array.flat[0]).all():
            raise NoFormula
        return self._number(place, number, array.flat[0].item())

    def _number(self, place: int, number: int, value: float) -> Formula:
        """A number of torch's: how many there are of something, where it is another one at other sizes."""
        others = [run.tape.steps[place].args[number] for run in self._runs if len(run.tape) == len(self._runs[0].tape)]
        root = value * value
        if value > 1 and not float(value).is_integer() and abs(root - round(root)) < DERIVED.largest * root:
            size = self._size([round(float(other) ** 2) for other in others])
            if size is not None:
                return Call("sqrt", (size,))
        differs = len({float(other) for other in others}) > 1
        if float(value).is_integer() and (differs or (len(others) == 1 and value > COMMON)):
            size = self._size([int(other) for other in others])
            if size is not None:
                return size
            if differs:
                raise NoFormula
        return Constant(int(value) if float(value).is_integer() else value)

    def _size(self, wanted: Sequence[int]) -> Formula | None:
        """The length of an axis of a name, or how many entries it has, that is as wanted at every set of sizes."""
        if len(wanted) != len(self._runs):
            return None
        for name in self._names:
            shapes = [run.names[0][name].shape for run in self._runs]
            for axis in (*range(len(shapes[0])), None):
                sizes = [math.prod(shape) if axis is None else shape[axis] for shape in shapes]
                if sizes == list(wanted) and (axis is not None or len(shapes[0]) > 1):
                    return Size(Name(name), axis)
        return None

    def _shape(self, value: Any) -> tuple[int, ...] | None:
        found = self._runs[0].slots[0].get(value) if isinstance(value, Slot) else None
        return None if found is None else tuple(np.shape(found))


COMMON = 4
"""Whole numbers up to this stand in formulas for their own sake, unless they are others at other sizes."""

_NUMBERS = frozenset({
    "aten.add", "aten.sub", "aten.rsub", "aten.pow", "aten.threshold_backward", "aten.gt", "aten.lt", "aten.ge",
    "aten.le", "aten.eq", "aten.ne", "aten.masked_fill", "aten.leaky_relu_backward",
})  # fmt: skip
"""Operations whose whole numbers are values and not axes."""


def _is_one_number(values: Sequence[Any]) -> bool:
    """Whether values are one and the same number in every entry of every trial: of no name."""
    first = np.asarray(values[0]).flat[0] if np.size(values[0]) else 0.0
    return all(np.all(np.asarray(value) == first) for value in values)


def _equal(value: Any, other: Array | None) -> bool:
    if value is None or other is None or np.shape(value) != np.shape(other):
        return False
    return DERIVED.holds(np.asarray(value, dtype=np.float64), np.asarray(other, dtype=np.float64))

"""A straight list of ATen operations that can be replayed on any NumPy-like arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from gradproof.aten.table import RULES
from gradproof.errors import GradproofError

Array = Any  # an ndarray, or any type that runs through NumPy's ufuncs and functions


@dataclass(frozen=True, order=True)
class Slot:
    """The place of one value of a tape: a leaf, or a result of an operation."""

    index: int

    def __str__(self) -> str:
        return f"%{self.index}"


@dataclass(frozen=True, eq=False)
class Operation:
    """One call: the rule's name, arguments in ATen's order (tensors as slots or constants), result slots."""

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    results: tuple[Slot | None, ...]

    def __str__(self) -> str:
        results = ", ".join("_" if slot is None else str(slot) for slot in self.results)
        words = [_word(value) for value in self.args]
        words += [f"{name}={_word(value)}" for name, value in self.kwargs.items()]
        return f"{results + ' = ' if results else ''}{self.name}({', '.join(words)})"


@dataclass(frozen=True, eq=False)
class Tape:
    """What torch computed for one trial, as operations on slots.

    `leaves` are the shapes of the arrays that `run` takes; slot k is leaf k. `outputs` is the nested structure
    (tuples, lists, dictionaries) that the recorded function returned, its tensors replaced by slots, or by
    constant arrays where they do not depend on a leaf. `nbytes` is what torch's results took, one after the other.
    """

    leaves: tuple[tuple[int, ...], ...]
    steps: tuple[Operation, ...]
    outputs: Any
    nbytes: int = 0

    def __len__(self) -> int:
        return len(self.steps)

    def __str__(self) -> str:
        heads = [f"%{k}: leaf {shape}" for k, shape in enumerate(self.leaves)]
        return "\n".join([*heads, *map(str, self.steps), f"return {_word(self.outputs)}"])

    @property
    def operations(self) -> tuple[str, ...]:
        """The names of the operations in the order they run, for display."""
        return tuple(step.name for step in self.steps)

    @property
    def unruled(self) -> tuple[str, ...]:
        """The operations that have no rule, by which the tape cannot be run."""
        return tuple(step.name for step in self.steps if step.name not in RULES)

    def restrict(self, only: Sequence[int]) -> Tape:
        """The tape that computes only these outputs (positions in the flattened outputs), as a tuple."""
        flat = list(_flatten(self.outputs))
        for position in only:
            if not 0 <= position < len(flat):
                raise GradproofError(f"the tape was asked for output {position}; it has {len(flat)}, numbered from 0")
        return Tape(self.leaves, self.steps, tuple(flat[k] for k in only)).pruned()

    def pruned(self) -> Tape:
        """The same tape without the operations that no output and no requirement needs."""
        needed = {value for value in _flatten(self.outputs) if isinstance(value, Slot)}
        kept: list[Operation] = []
        for step in reversed(self.steps):
            if not step.results or needed.intersection(slot for slot in step.results if slot is not None):
                kept.append(step)
                needed.update(slots(step))
        return Tape(self.leaves, tuple(reversed(kept)), self.outputs, self.nbytes)

    def starting_at(self, given: Mapping[Slot, tuple[int, ...]], outputs: Any) -> Tape:
        """The tape that computes only these outputs, for which some values on the way are given, by slot and shape.

        They are its last leaves, in the order given; what they were computed by is left out.
        """
        first = len(self.leaves)
        places = {slot: Slot(first + k) for k, slot in enumerate(given)}

        def renamed(value: Any) -> Any:
            if not isinstance(value, Slot) or value.index < first:
                return value
            return places.get(value, Slot(value.index + len(places)))

        steps = tuple(
            Operation(
                step.name,
                map_leaves(renamed, step.args),
                map_leaves(renamed, step.kwargs),
                tuple(None if slot in places else renamed(slot) for slot in step.results),
            )
            for step in self.steps
        )
        return Tape((*self.leaves, *given.values()), steps, map_leaves(renamed, outputs)).pruned()

    def run(
        self,
        arrays: Sequence[Array],
        only: Sequence[int] | None = None,
        rule_for: Callable[[str], Callable[..., Any]] = RULES.__getitem__,
    ) -> Any:
        """The outputs for these leaves, nested as the recorded function returned them.

        `arrays`: one array for each leaf, of the recorded shape (hidden leading trial axes of an array type are
        no part of its shape). `only`: positions in the flattened outputs; the result is then a tuple of these.
        `rule_for`: the rule of an operation by its name, where those of the table are not enough.
        Raises GradproofError when the number of arrays or a shape differs from the recording.
        """
        if only is not None:
            chosen = tuple(only)
            if chosen not in self._parts:
                self._parts[chosen] = self.restrict(chosen)
            return self._parts[chosen].run(arrays, rule_for=rule_for)
        values: dict[Slot, Array] = dict(zip(map(Slot, range(len(self.leaves))), self._checked(arrays), strict=True))
        with np.errstate(all="ignore"):  # torch yields inf and nan silently; so does its replay
            for step, finished in zip(self.steps, self._last_uses, strict=True):
                args = [_fill(value, values) for value in step.args]
                kwargs = {name: _fill(value, values) for name, value in step.kwargs.items()}
                result = rule_for(step.name)(*args, **kwargs)
                parts = result if isinstance(result, tuple | list) else (result,)
                values.update((slot, part) for slot, part in zip(step.results, parts, strict=True) if slot is not None)
                for slot in finished:
                    del values[slot]
        return _fill(self.outputs, values)

    def _checked(self, arrays: Sequence[Array]) -> list[Array]:
        if len(arrays) != len(self.leaves):
            raise GradproofError(f"the tape was recorded for {len(self.leaves)} leaves; {len(arrays)} were given")
        checked = [array if hasattr(array, "shape") else np.asarray(array) for array in arrays]
        for k, (array, shape) in enumerate(zip(checked, self.leaves, strict=True)):
            if tuple(array.shape) != shape:
                raise GradproofError(
                    f"leaf {k} of the tape was recorded with shape {shape}; an array of shape "
                    f"{tuple(array.shape)} was given; shapes are fixed in a recording: record once for each shape"
                )
        return checked

    @cached_property
    def _parts(self) -> dict[tuple[int, ...], Tape]:
        """The tapes of some outputs that were run before."""
        return {}

    @cached_property
    def _last_uses(self) -> tuple[tuple[Slot, ...], ...]:
        """For each step the slots that nothing needs after it, so that their arrays can be freed."""
        seen = {value for value in _flatten(self.outputs) if isinstance(value, Slot)}
        uses: list[tuple[Slot, ...]] = []
        for step in reversed(self.steps):
            touched = {*slots(step), *(slot for slot in step.results if slot is not None)}
            uses.append(tuple(sorted(touched - seen)))
            seen |= touched
        return tuple(reversed(uses))


def map_leaves(function: Callable[[Any], Any], nested: Any) -> Any:
    """The same nesting of tuples, lists and dictionaries with `function` applied to all else."""
    if isinstance(nested, tuple) and hasattr(nested, "_fields"):
        return type(nested)(*(map_leaves(function, part) for part in nested))
    if isinstance(nested, tuple | list):
        return type(nested)(map_leaves(function, part) for part in nested)
    if isinstance(nested, dict):
        return {name: map_leaves(function, part) for name, part in nested.items()}
    return function(nested)


def _flatten(nested: Any) -> Iterator[Any]:
    if isinstance(nested, tuple | list | dict):
        for part in nested.values() if isinstance(nested, dict) else nested:
            yield from _flatten(part)
    else:
        yield nested


def slots(step: Operation) -> Iterator[Slot]:
    """The values that an operation reads."""
    return (value for value in _flatten((step.args, step.kwargs)) if isinstance(value, Slot))


def _fill(nested: Any, values: dict[Slot, Array]) -> Any:
    if isinstance(nested, Slot):
        return values[nested]
    if isinstance(nested, tuple | list | dict):
        return map_leaves(lambda value: values[value] if isinstance(value, Slot) else value, nested)
    return nested


def _word(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return str(value.item()) if value.ndim == 0 else f"constant{value.shape}"
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_word, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}: {_word(part)}' for name, part in value.items())}}}"
    return str(value)

"""Readings of values whose shape, or the order of whose entries, is wrong."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradproof.repair.explain.comparison import Comparison, close
from gradproof.repair.explain.diagnosis import Diagnosis
from gradproof.repair.formulas.functions import Array


def of_shapes(case: Comparison) -> Iterator[Diagnosis]:
    """Values of a wrong shape: not transposed, not summed, summed over another axis, or the right numbers otherwise."""
    shapes = f"it has the shape {_text(case.computed[0])}, not {_text(case.truth[0])}"
    axes = {value.ndim for value in case.computed}
    flat = all(c.size == t.size for c, t in zip(case.computed, case.truth, strict=True))
    if axes == {3} and case.agrees([_turned(value) for value in case.computed]):
        yield Diagnosis("transposed", f"{shapes}: it is the transpose")
    elif (found := _not_reduced(case, min(axes))) is not None:
        noun, axis = found
        yield Diagnosis(f"missing {noun}", f"{shapes}: the {noun} over axis {axis} is missing")
    elif (sentence := _other_axis(case)) is not None:
        yield Diagnosis("axis", f"{shapes}: {sentence}")
    elif flat and case.agrees([c.reshape(t.shape) for c, t in zip(case.computed, case.truth, strict=True)]):
        yield Diagnosis("keepdims", f"{shapes}: the numbers are right")
    else:
        yield Diagnosis("shape", shapes)


def of_axes(case: Comparison) -> Iterator[Diagnosis]:
    """Values of the right shape with the right numbers in other places."""
    if any(truth[0].size < 2 for truth in case.truth) or not all(_distinct(truth) for truth in case.truth):
        return
    square = all(truth.ndim == 3 and truth.shape[1] == truth.shape[2] for truth in case.truth)
    if square and case.agrees([_turned(value) for value in case.computed]):
        yield Diagnosis("transposed", "it is the transpose of the true value")
        return
    for axis in range(case.truth[0].ndim - 1):
        if case.agrees([np.flip(value, 1 + axis) for value in case.computed]):
            yield Diagnosis("reversed", f"it is reversed along axis {axis}")
            return
    if all(close(_sorted(c), _sorted(t)) for c, t in zip(case.computed, case.truth, strict=True)):
        yield Diagnosis("permuted", "it has the right numbers in other places")


def _not_reduced(case: Comparison, axes: int) -> tuple[str, int] | None:
    """The reduction that is missing, and its axis; of length 1 an axis tells a sum from nothing."""
    for axis in range(axes - 1):
        if all(value.shape[axis + 1] > 1 for value in case.computed):
            for keepdims in (False, True):
                if case.agrees([value.sum(axis=1 + axis, keepdims=keepdims) for value in case.computed]):
                    return "sum", axis
                if case.agrees([value.mean(axis=1 + axis, keepdims=keepdims) for value in case.computed]):
                    return "mean", axis
    return None


def _other_axis(case: Comparison) -> str | None:
    """A known quantity that was summed over one axis and should have been over another."""
    for name in case.names:
        own = range(np.ndim(case.known[0][name]) - 1)
        sums = {axis: [np.sum(known[name], axis=1 + axis) for known in case.known] for axis in own}
        given = [axis for axis, some in sums.items() if all(map(close, case.computed, some))]
        wanted = [axis for axis, some in sums.items() if case.agrees(some)]
        if given and wanted and given != wanted:
            return f"{name} is summed over axis {given[0]}, it should be over axis {wanted[0]}"
    return None


def _turned(value: Array) -> Array:
    return np.swapaxes(value, -1, -2)


def _sorted(value: Array) -> Array:
    return np.sort(value.reshape(len(value), -1), axis=1)


def _distinct(value: Array) -> bool:
    """Whether no trial has an entry twice; else a permutation could not be told from other slips."""
    return all(len(np.unique(trial)) == trial.size for trial in value)


def _text(value: Array) -> str:
    return str(value.shape[1:])

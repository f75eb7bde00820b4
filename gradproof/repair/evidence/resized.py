"""Trials in which a chance agreement shows: other sizes than the case has, and draws that are 0 here and there."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradproof.case.kinds import Distribution, Fixed, Normal
from gradproof.case.reference import Reference
from gradproof.check.case import Case
from gradproof.repair.evidence.groups import Evidence, usable_rows

Array = NDArray[Any]

TRIALS = 6
"""So many trials at other sizes, and so many with zeros."""

LARGEST = 64
"""A whole number above this is no size of a small model."""

KEPT = 0.6
"""The share of the drawn entries that are not made 0."""


NUDGE, JUMP = 1e-7, 1e-3
"""What is 0 is moved by up to the one; a value that then moves by more than the other, relative to 1 and to the largest
entry, jumps."""


def elsewhere(case: Case, seed: int) -> tuple[Evidence, ...]:
    """True values at other sizes, where the model can be built at others; nothing where the case has several itself.

    Axes of equal length in the inputs are taken for one axis; they grow together, all axes at once if the model allows
    it, else as many of them, one by one, as it does. A model that has sizes by default (`Model(n_in=4, n_out=3)`) is
    made with the grown ones.
    """
    if len(case.references) > 1:
        return ()
    (reference,) = case.references
    found = []
    for grown, is_whole in _grown(reference):
        evidence = _evidence(case, grown, seed)
        if evidence is not None:
            found.append(evidence)
            if is_whole:
                break
    return tuple(found)


def _grown(reference: Reference) -> Iterator[tuple[Reference, bool]]:
    """The reference with longer axes, and whether all are: with all that are longer than 1, the model's own sizes too;
    without those; then each length alone. None where an input is given.
    """
    inputs = reference.inputs
    if any(isinstance(distribution, Fixed) for distribution in inputs.values()):
        return
    sizes = _sizes_of(reference)
    lengths = sorted({n for one in inputs.values() for n in one.shape if n > 1} | {*sizes.values()})
    taken = set(lengths)
    longer: dict[int, int] = {}
    for length in lengths:
        new = next(n for n in range(length + 1, length + len(lengths) + 3) if n not in taken)
        taken.add(new)
        longer[length] = new
    if sizes:
        made = partial(reference.model, **{name: longer[size] for name, size in sizes.items()})
        yield replace(reference, model=made, inputs=_longer(inputs, longer)), True
    for chosen in [longer, *({length: new} for length, new in longer.items() if len(longer) > 1)]:
        if chosen:
            yield replace(reference, inputs=_longer(inputs, chosen)), chosen is longer


def _longer(inputs: Mapping[str, Distribution], chosen: Mapping[int, int]) -> dict[str, Distribution]:
    return {name: one.with_shape(tuple(chosen.get(n, n) for n in one.shape)) for name, one in inputs.items()}


def _sizes_of(reference: Reference) -> dict[str, int]:
    """The arguments of the model that are whole numbers by default, and so may be sizes."""
    try:
        parameters = inspect.signature(reference.model).parameters.values()
    except (TypeError, ValueError):
        return {}
    return {one.name: one.default for one in parameters if type(one.default) is int and 1 < one.default <= LARGEST}


def _evidence(case: Case, reference: Reference, seed: int) -> Evidence | None:
    """True values of the case with another reference; None where that one's model cannot be run."""
    try:
        other = replace(case, references=(reference,))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of sizes that the user never wrote
            values = other.truths[0].evaluate(other.draw_trials(range(2 * TRIALS), seed))
    except Exception:  # a model that was written for other sizes may raise anything
        return None
    rows = usable_rows(values)[:TRIALS]
    return Evidence({name: value[rows] for name, value in values.items()}) if rows.size else None


def zeroed(case: Case, seed: int, *, smooth: bool = False) -> tuple[Evidence, ...]:
    """True values where some of what is drawn from both sides of 0 is exactly 0.

    Args:
        case: The case.
        seed: Of the draws.
        smooth: Leave out trials on a kink, where two right derivatives may differ: at a maximum of equal values, say.
    """
    generator = np.random.default_rng(seed)
    drawn = case.draw_trials(range(0, TRIALS * len(case.references), len(case.references)), seed)
    nudged = [dict(drawn), dict(drawn)]
    for name, distribution in case.bindings[0].leaves.items():
        if isinstance(distribution, Normal) and distribution.shape:
            drawn[name] = drawn[name] * (generator.random(drawn[name].shape) < KEPT)
            step = NUDGE * generator.uniform(-1, 1, drawn[name].shape)
            # Both ways: of equal values the first may stay the largest in one.
            nudged[0][name], nudged[1][name] = drawn[name] + step, drawn[name] - step
    values = case.truths[0].evaluate(drawn)
    if not smooth:
        return (Evidence(values),)
    one, other = (_alike(values, case.truths[0].evaluate(draws)) for draws in nudged)
    rows = np.intersect1d(np.intersect1d(one, other), usable_rows(values))
    return (Evidence({name: value[rows] for name, value in values.items()}),) if rows.size else ()


def _alike(values: Mapping[str, Array], others: Mapping[str, Array]) -> NDArray[np.intp]:
    """The trials in which no value jumps from the one to the other."""
    count = len(next(iter(values.values())))
    alike = np.ones(count, dtype=bool)
    for name, value in values.items():
        with np.errstate(all="ignore"):
            apart = np.abs(value.astype(np.float64) - others[name]).reshape(count, -1).max(axis=1, initial=0.0)
            size = np.abs(value.astype(np.float64)).reshape(count, -1).max(axis=1, initial=0.0)
            alike &= ~(apart > JUMP * (1 + size))
    return np.flatnonzero(alike)

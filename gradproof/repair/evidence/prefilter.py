"""Which trials to search on: few that tell apart all that the full set tells apart, or none if that set is degenerate.

Candidates that have the same value in the searched trials cannot be told apart by the search, so the choice of trials
decides its quality. Two quantities that agree in all trials given, but not in general (a ReLU that is always on, equal
initial values, a step size of 1, two sizes that are equal), make every repair a guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from gradproof.operators import NUMBERS
from gradproof.repair.evidence.groups import Evidence
from gradproof.repair.formulas.functions import Array
from gradproof.tolerances import TOLD_APART

MOST_SCALAR_TRIALS = 8
MOST_TENSOR_TRIALS = 2
MANY_ENTRIES = 20_000
"""A quantity of so many entries tells candidates apart in a single trial."""
AWKWARD_SIZES = frozenset({1, 2, 3, 4, 9})
"""Sizes that look like constants, or whose roots do."""


def screen(groups: Sequence[Evidence], names: Sequence[str]) -> Evidence:
    """A few trials of one group, the cheapest of those whose sizes look like nothing else."""
    group = min(groups, key=lambda g: (_awkwardness(g, names), sum(g.lifted[n].size for n in names)))
    largest = max(group.lifted[name][0, 0].size for name in names)
    most = MOST_SCALAR_TRIALS if largest == 1 else MOST_TENSOR_TRIALS if largest < MANY_ENTRIES else 1
    marks = _marks(group, names)
    shapes: dict[tuple[int, ...], int] = {}
    classes = np.array([shapes.setdefault(group.lifted[name].shape[2:], len(shapes)) for name in names], dtype=np.intp)
    zeros = (np.abs(marks) == 0).mean(axis=0)
    chosen = [int(np.argmin(zeros))]
    alike = _alike(classes, marks[:, chosen[0]])
    classes = _split_by_sign(classes, marks[:, chosen[0]])
    while len(chosen) < min(most, group.trials):
        gains = _told_apart(marks[alike[0]], marks[alike[1]]).sum(axis=0) + _signs_told_apart(classes, marks)
        gains[chosen] = -1
        best = int(np.lexsort((zeros, -gains))[0])
        if gains[best] <= 0 and len(chosen) >= 2:
            break
        chosen.append(best)
        alike = alike[:, ~_told_apart(marks[alike[0], best], marks[alike[1], best])]
        classes = _split_by_sign(classes, marks[:, best])
    return group.only(chosen)


def coincidences(groups: Sequence[Evidence], fresh: Sequence[Evidence], names: Sequence[str]) -> tuple[str, ...]:
    """What is equal in all trials but not in the fresh ones, a phrase each; empty if the trials are generic."""
    phrases = [
        f"{first} and {other} have the same value in every trial"
        for same in _partition(groups, names)
        for first, other in _split(fresh, same)
    ]
    for name in names:
        value = _constant_value(groups, name)
        if value in NUMBERS and _constant_value(fresh, name) != value:
            phrases.append(f"{name} is {value:g} in every trial")
    return (*phrases, *_equal_sizes(groups, fresh, names))


def _awkwardness(group: Evidence, names: Iterable[str]) -> int:
    """How many sizes look like a constant or like each other, counted over the distinct ones."""
    return sum(length in AWKWARD_SIZES for length in {n for name in names for n in group.lifted[name].shape[2:]})


def _marks(group: Evidence, names: Sequence[str]) -> Array:
    """One number for each name and trial, `(names, trials)`: the value on a random direction."""
    rng = np.random.default_rng(0)
    directions: dict[tuple[int, ...], Array] = {}
    rows = []
    for name in names:
        value = group.lifted[name][0]
        shape = value.shape[1:]
        if shape not in directions:
            directions[shape] = rng.uniform(0.5, 1.5, value[0].size) if shape else np.ones(1)
        rows.append(value.reshape(len(value), -1) @ directions[shape])
    return np.array(rows)


def _told_apart(first: Array, second: Array) -> NDArray[np.bool_]:
    """Where two quantities' marks differ; what is not finite differs from nothing."""
    with np.errstate(all="ignore"):
        return np.asarray(np.abs(first - second) > TOLD_APART * (np.abs(first) + np.abs(second)))


def _alike(classes: NDArray[np.intp], marks: Array) -> NDArray[np.intp]:
    """The pairs of one class whose marks `(names,)` are not told apart, `(2, pairs)`.

    Of finite marks in rising order those that are alike stand side by side: the distance of a mark from one before it
    grows faster than what is allowed for the two. So there is no need to look at all pairs of many quantities.
    """
    pairs = []
    for which in range(int(classes.max(initial=-1)) + 1):
        members = np.flatnonzero(classes == which)
        finite = np.isfinite(marks[members])
        for odd in members[~finite]:
            others = members[finite | (members > odd)]
            pairs.append(np.stack([np.full(len(others), odd), others]))
        ordered = members[finite][np.argsort(marks[members[finite]], kind="stable")]
        for distance in range(1, len(ordered)):
            first, second = ordered[:-distance], ordered[distance:]
            near = ~_told_apart(marks[first], marks[second])
            if not near.any():
                break
            pairs.append(np.stack([first[near], second[near]]))
    return np.concatenate(pairs, axis=1) if pairs else np.empty((2, 0), dtype=np.intp)


def _split_by_sign(classes: NDArray[np.intp], marks: Array) -> NDArray[np.intp]:
    """Classes of quantities that had the same signs before, and have the same in these marks `(names,)`."""
    return np.unique(2 * classes + (marks > 0), return_inverse=True)[1].astype(np.intp)


def _signs_told_apart(classes: NDArray[np.intp], marks: Array) -> NDArray[np.intp]:
    """How many pairs of one class each trial's signs tell apart, `(trials,)`, from marks `(names, trials)`."""
    sizes = np.bincount(classes)
    above = np.zeros((len(sizes), marks.shape[1]), dtype=np.intp)
    np.add.at(above, classes, marks > 0)
    return np.asarray((above * (sizes[:, None] - above)).sum(axis=0))


def _signature(groups: Sequence[Evidence], name: str) -> tuple[object, ...]:
    parts: list[object] = []
    for group in groups:
        value = group.lifted[name]
        largest = float(np.abs(value).max(initial=0.0))
        rounded = np.round(value / largest, 9) + 0.0 if largest else value
        parts += [value.shape, f"{largest:.8g}", rounded.tobytes()]
    return tuple(parts)


def _partition(groups: Sequence[Evidence], names: Iterable[str]) -> list[list[str]]:
    """Classes of two or more names that have the same value throughout."""
    classes: dict[tuple[object, ...], list[str]] = {}
    for name in names:
        classes.setdefault(_signature(groups, name), []).append(name)
    return [same for same in classes.values() if len(same) > 1]


def _split(fresh: Sequence[Evidence], same: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs of a class, the first with each that differs from it in the fresh trials."""
    first = _signature(fresh, same[0])
    return [(same[0], other) for other in same[1:] if _signature(fresh, other) != first][:1]


def _constant_value(groups: Sequence[Evidence], name: str) -> float | None:
    found = {float(v) for group in groups for v in (group.lifted[name].min(), group.lifted[name].max())}
    return found.pop() if len(found) == 1 else None


def _equal_sizes(groups: Sequence[Evidence], fresh: Sequence[Evidence], names: Iterable[str]) -> list[str]:
    """Axes that are equally long in all trials but not in the fresh ones, or 1 only there."""
    first: dict[tuple[int, ...], tuple[str, tuple[int, ...]]] = {}
    phrases = []
    for name in names:
        for axis in range(groups[0].lifted[name].ndim - 2):
            here, there = (tuple(g.lifted[name].shape[2 + axis] for g in some) for some in (groups, fresh))
            label = f"{name}.shape[{axis}]"
            other, elsewhere = first.setdefault(here, (label, there))
            if elsewhere != there:
                phrases.append(f"{other} and {label} are equal in every trial")
            if set(here) == {1} and set(there) != {1}:
                phrases.append(f"{label} is 1 in every trial")
    return phrases[:3]

"""Tallies as values of JSON, and their sum: the same whatever the order in which they are added."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradproof.check.compare import Tally
from gradproof.check.facts.resolution import Entries, Seen

SUMMED = ("trials", "disagreeing", "overflows", "edges", "undefined", "finite_there", "inconclusive", "doubtful")
LARGEST = ("max_abs", "max_rel", "max_ulp", "share")
KEY = "/"
"""Between the run and the equation in a key; no name has it."""


def as_json(tallies: Mapping[tuple[str, str], Tally]) -> dict[str, Any]:
    """Tallies by run and equation; every float reads back to the same bits."""
    return {KEY.join(key): _tally(tally) for key, tally in sorted(tallies.items())}


def from_json(found: Mapping[str, Any]) -> dict[tuple[str, str], Tally]:
    """The tallies that `as_json` has written."""
    return {(run, name): _read(one) for key, one in found.items() for run, _, name in [key.partition(KEY)]}


def _tally(tally: Tally) -> dict[str, Any]:
    numbers = {name: getattr(tally, name) for name in (*SUMMED, *LARGEST)}
    seen = tally.seen
    return numbers | {
        "kinds": sorted(tally.kinds),
        "worst": list(tally.worst),
        "coarsest": seen.coarsest,
        "largest": seen.largest,
        "dark": [[list(shape), places.tolist()] for shape, places in sorted(seen.dark.items())],
        "entries": [
            [list(shape), one.best.tolist(), one.least.tolist(), one.open.tolist(), one.trials]
            for shape, one in sorted(seen.by_shape.items())
        ],
    }


def _read(one: Mapping[str, Any]) -> Tally:
    seen = Seen(one["coarsest"], one["largest"])
    seen.dark = {tuple(shape): np.array(places, dtype=np.intp) for shape, places in one["dark"]}
    seen.by_shape = {
        tuple(shape): Entries(np.array(best), np.array(least), np.array(opened), trials)
        for shape, best, least, opened, trials in one["entries"]
    }
    rank, size, trial = one["worst"]
    numbers = {name: one[name] for name in (*SUMMED, *LARGEST)}
    return Tally(**numbers, kinds=set(one["kinds"]), worst=(rank, size, trial), seen=seen)


def added(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """The sum of two sets of tallies, of different trials of one case."""
    first, second = from_json(one), from_json(other)
    for key, tally in second.items():
        first[key] = _added(first[key], tally) if key in first else tally
    return as_json(first)


def _added(one: Tally, other: Tally) -> Tally:
    for name in SUMMED:
        setattr(one, name, getattr(one, name) + getattr(other, name))
    for name in LARGEST:
        setattr(one, name, max(getattr(one, name), getattr(other, name)))
    one.kinds |= other.kinds
    if other.worst[2] >= 0:
        one.note_worst(*other.worst)
    one.seen.largest = max(one.seen.largest, other.seen.largest)
    for shape, places in other.seen.dark.items():
        mine = one.seen.dark.get(shape)
        one.seen.dark[shape] = places if mine is None else np.intersect1d(mine, places)
    for shape, entries in other.seen.by_shape.items():
        known = one.seen.by_shape.get(shape)
        if known is None:
            one.seen.by_shape[shape] = entries
            continue
        np.minimum(known.best, entries.best, out=known.best)
        np.minimum(known.least, entries.least, out=known.least)
        known.open += entries.open  # whole numbers
        known.trials += entries.trials
    return one

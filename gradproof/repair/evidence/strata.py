"""The trials that mistakes are explained on: few, but of every kind.

More trials of one kind show nothing new: a wrong factor does not show where a ReLU is off, a wrong threshold only close
to its kink. From many random trials those are picked that together have every on/off pattern of the masks, and those in
which some quantity is closest to zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradproof.check.case import Case
from gradproof.repair.evidence.groups import Evidence, usable_rows
from gradproof.truth.sources import Output

Array = NDArray[Any]

POOL = 2048
"""So many random trials of each reference are there to pick from."""

SCALAR_TRIALS, SCALAR_KINKS, SCALAR_FRESH = 52, 12, 256
TENSOR_TRIALS, TENSOR_KINKS, TENSOR_FRESH = 9, 3, 24
"""How many are picked where every quantity is a number, and of all references together where some are arrays."""

FRESH_SCALE = 1.7
"""Fresh trials are of another distribution: their draws are larger by this factor."""


def stratified(case: Case, seed: int) -> tuple[Evidence, ...]:
    """The true values of all known quantities in picked trials, a group for each reference."""
    return tuple(_pick(case, k, _values(case, k, seed, 1.0)) for k in range(len(case.references)))


def fresh(case: Case, seed: int) -> tuple[Evidence, ...]:
    """The true values in other trials, of another distribution, to confirm a finding on."""
    groups = []
    for k in range(len(case.references)):
        values = _values(case, k, seed ^ 0x5DEECE66D, FRESH_SCALE)
        rows = usable_rows(values)[
            : SCALAR_FRESH if _is_scalar(values) else max(1, TENSOR_FRESH // len(case.references))
        ]
        groups.append(Evidence({name: value[rows] for name, value in values.items()}))
    return tuple(groups)


def _values(case: Case, reference: int, seed: int, scale: float) -> dict[str, Array]:
    return case.truths[reference].evaluate(case.draw(case.block(reference, POOL), seed, scale))


def _is_scalar(values: Mapping[str, Array]) -> bool:
    return all(value.ndim == 1 for value in values.values())


def _pick(case: Case, reference: int, values: Mapping[str, Array]) -> Evidence:
    each = len(case.references)
    tensor = (max(2, TENSOR_TRIALS // each), max(1, TENSOR_KINKS // each))
    most, kinks = (SCALAR_TRIALS, SCALAR_KINKS) if _is_scalar(values) else tensor
    usable = usable_rows(values)
    chosen = _every_pattern(values, usable, most)
    outputs = [name for name, source in case.truths[reference].sources.items() if isinstance(source, Output)]
    chosen += [row for row in _closest_to_zero(values, outputs, usable) if row not in chosen][:kinks]
    rows = np.array(sorted(chosen), dtype=np.intp)
    return Evidence({name: value[rows] for name, value in values.items()})


def _every_pattern(values: Mapping[str, Array], usable: NDArray[np.intp], most: int) -> list[int]:
    """Trials that have all patterns of which entries are zero, in turn, until there are enough."""
    masks = [(value[usable] != 0).reshape(len(usable), -1) for value in values.values()]
    table = np.concatenate(masks, axis=1)
    switching = table[:, table.any(axis=0) & ~table.all(axis=0)]
    patterns: dict[bytes, list[int]] = {}
    for row, pattern in zip(usable.tolist(), switching, strict=True):
        patterns.setdefault(pattern.tobytes(), []).append(row)
    queues = sorted(patterns.values(), key=len, reverse=True)
    chosen: list[int] = []
    while len(chosen) < most and any(queues):
        for queue in queues:
            if queue and len(chosen) < most:
                chosen.append(queue.pop(0))
    return chosen


def _closest_to_zero(values: Mapping[str, Array], names: Sequence[str], usable: NDArray[np.intp]) -> list[int]:
    """For each of the named quantities in turn the trials in which it comes closest to zero without being zero."""
    orders = []
    for name in names:
        size = np.abs(values[name][usable]).reshape(len(usable), -1)
        nearest = np.where(size > 0, size, np.inf).min(axis=1)
        orders.append(usable[np.argsort(nearest)[:4]].tolist())
    return list(dict.fromkeys(row for together in zip(*orders, strict=True) for row in together))

"""Values of wrong equations over trials, by hand and by torch: a wrong sign or a lost factor is a line among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradproof.check.case import Case
from gradproof.check.evaluate import PROBE_TRIALS, Evaluator

Array = NDArray[Any]

POINTS = 240
"""So many points an equation has at most."""


@dataclass(frozen=True)
class Scatter:
    """An equation's values on true inputs beside the truth; of an update, what it adds to the old value.

    Attributes:
        equation: Which equation.
        change_of: The parameter whose change the values are; empty where they are plain values.
        manual, truth: The values by hand and by torch, one for each trial (and entry, where it is an array).
    """

    equation: str
    change_of: str
    manual: tuple[float, ...]
    truth: tuple[float, ...]


def scatter(case: Case, equations: Sequence[str], seed: int, scale: float = 1.0) -> tuple[Scatter, ...]:
    """Values of some equations in the first trials of the first reference; those that cannot be paired are left out."""
    if not equations:
        return ()
    evaluator, truth = Evaluator(case.derivation), case.truths[0]
    block = case.block(0, POINTS)
    known = truth.evaluate(case.draw(block, seed, scale))
    evaluator.probe({name: value[:PROBE_TRIALS] for name, value in known.items()})
    free = evaluator.free_run({name: known[name] for name in case.starts}, block.count)
    found = [_one(case, evaluator, known, free, name) for name in equations]
    return tuple(one for one in found if one is not None)


def _one(
    case: Case, evaluator: Evaluator, known: dict[str, Array], free: dict[str, Array], name: str
) -> Scatter | None:
    by_name = case.derivation.by_name
    equation = by_name[name]
    inputs = [known[i] if i in known else free[by_name[i].name] for i in equation.inputs]
    true = known[equation.quantity]
    manual = evaluator.run(equation, inputs, len(true))
    if manual.shape != true.shape:
        return None
    old = equation.quantity.removesuffix("_new")
    is_change = case.kind(equation) == "update" and old in known and known[old].shape == true.shape
    base = known[old] if is_change else np.zeros_like(true)
    with np.errstate(all="ignore"):
        pairs = np.stack([(manual - base).ravel(), (true - base).ravel()])
    pairs = pairs[:, np.isfinite(pairs).all(axis=0)]
    step = max(1, -(-pairs.shape[1] // POINTS))
    by_hand, by_torch = pairs[:, ::step]
    return Scatter(name, old if is_change else "", tuple(map(float, by_hand)), tuple(map(float, by_torch)))

"""A float64 input at which two expressions differ by more than their rounding can: a proof that they are not equal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradproof.arrays.bounds.array import BoundArray
from gradproof.errors import GradproofError
from gradproof.proof.evaluation import Evaluated, evaluate
from gradproof.proof.expressions.expression import Expression
from gradproof.proof.expressions.walking import topological
from gradproof.proof.field.points import Deadline, OutOfTime

Array = np.ndarray[Any, Any]
Shape = tuple[int, ...]
Sampler = Callable[[np.random.Generator, str, Shape], Array]
"""`sampler(rng, name, shape)` draws the inputs called `name`; shape[0] counts the trials."""

Refute = Callable[[dict[str, BoundArray]], tuple[BoundArray, BoundArray]]
"""`refute(inputs)` runs the original code of both sides, (expected, found), for all trials of the inputs."""

_TRIALS = (48, 1000)


@dataclass(frozen=True, eq=False)
class Witness:
    """Inputs by name, the place in the arrays, both values, and what rounding can explain of their difference.

    `found` is NaN where it is undefined though the expected value is not.
    """

    inputs: Mapping[str, Array]
    place: tuple[int, ...]
    expected: float
    found: float
    bound: float


def everywhere(rng: np.random.Generator, name: str, shape: Shape) -> Array:
    """The default sampler: normal numbers of three scales, of both signs and of positive sign only, and fractions."""
    values = rng.standard_normal(shape)
    trial = np.arange(shape[0]).reshape(-1, *[1] * (len(shape) - 1))
    scale = np.choose(trial // 3 % 4, [1.0, 0.3, 1.0, 4.0])
    values = np.where(trial % 3 == 1, np.abs(values) + 0.01, values) * scale
    return np.where(trial % 3 == 2, rng.uniform(0.02, 0.98, shape), values) if len(shape) else values


def search(
    pairs: Sequence[tuple[Expression, Expression]], seed: int, sampler: Sampler | None, deadline: Deadline
) -> list[Witness | None]:
    """A witness for each pair (expected, found) for which one is met before the deadline; `place` is empty."""
    results: list[Witness | None] = [None] * len(pairs)
    for attempt, trials in enumerate(_TRIALS):
        rest = [i for i, found in enumerate(results) if found is None]
        if not rest:
            break
        inputs = draw([node for i in rest for node in pairs[i]], trials, seed + attempt, sampler)
        try:
            values = evaluate([node for i in rest for node in pairs[i]], inputs, deadline)
        except OutOfTime:
            break
        for k, i in enumerate(rest):
            results[i] = _judge(values[2 * k], values[2 * k + 1], inputs, ())
    return results


def in_doubt(
    pairs: Sequence[tuple[Expression, Expression]], seed: int, sampler: Sampler | None, deadline: Deadline
) -> list[bool]:
    """For each pair whether at some input `found` may be undefined, as a condition in it is, but not `expected`.

    Raises OutOfTime.
    """
    roots = [node for pair in pairs for node in pair]
    values = evaluate(roots, draw(roots, _TRIALS[0], seed, sampler), deadline)
    return [
        bool((np.isfinite(a.value.value) & ~a.doubtful & b.doubtful).any())
        for a, b in zip(values[::2], values[1::2], strict=True)
    ]


def search_by_code(refute: Refute, roots: Sequence[Expression], seed: int, sampler: Sampler | None) -> Witness | None:
    """A witness from the original code of one pair of arrays; None also where it cannot run on error bounds."""
    inputs = draw(roots, _TRIALS[0], seed, sampler)
    try:
        expected, found = refute({name: BoundArray.exact(values) for name, values in inputs.items()})
    except (ValueError, TypeError, ArithmeticError):
        return None
    best, nowhere = None, np.zeros(1, dtype=bool)
    for place in np.ndindex(*expected.shape):
        sides = [Evaluated(side[place] if place else side, nowhere, nowhere) for side in (expected, found)]
        witness = _judge(sides[0], sides[1], inputs, place)
        if witness and (best is None or _ratio(witness) > _ratio(best)):
            best = witness
    return best


def draw(roots: Sequence[Expression], trials: int, seed: int, sampler: Sampler | None) -> dict[str, Array]:
    """Inputs name -> (trials, *shape) for all variables below the roots."""
    graph = roots[0].graph
    rng = np.random.default_rng(seed)
    shapes: dict[str, Shape] = {}
    for node in topological(roots):
        if node.op == "var":
            name, index = node.data
            shapes[name] = graph.shapes.get(name, tuple(i + 1 for i in index))
    inputs = {}
    for name in sorted(shapes):
        shape = (trials, *shapes[name])
        values = np.asarray((sampler or everywhere)(rng, name, shape), dtype=np.float64)
        if values.shape != shape:
            raise GradproofError(f"the sampler gave shape {values.shape} for {name}; shape {shape} was asked for")
        inputs[name] = values
    return inputs


def _judge(
    expected: Evaluated, found: Evaluated, inputs: Mapping[str, Array], place: tuple[int, ...]
) -> Witness | None:
    """The clearest of the trials at which the values differ by more than their bounds, or just one is defined."""
    trials = next(iter(inputs.values())).shape[0] if inputs else 1

    def row(values: Array) -> Array:
        return np.broadcast_to(values, (trials,))

    a, b = row(expected.value.value), row(found.value.value)
    error_a, error_b = row(expected.value.error), row(found.value.error)
    with np.errstate(all="ignore"):
        bound = (error_a + error_b) * (1 + 2.0**-40)
        difference = np.abs(a - b) * (1 - 2.0**-40)
        differs = np.isfinite(difference) & np.isfinite(bound) & (difference > bound)
        clarity = np.where(differs, difference / (bound + 1e-300), 0.0)
    undefined = np.isfinite(a) & np.isfinite(error_a) & ~row(expected.undefined) & row(found.undefined)
    if not differs.any() and not undefined.any():
        return None
    trial = int(np.argmax(clarity)) if differs.any() else int(np.argmax(undefined))
    chosen = {name: np.asarray(values[trial]) for name, values in inputs.items()}
    value = float(b[trial]) if differs[trial] else float("nan")
    return Witness(chosen, place, float(a[trial]), value, float(bound[trial]))


def _ratio(witness: Witness) -> float:
    return abs(witness.expected - witness.found) / (witness.bound + 1e-300)

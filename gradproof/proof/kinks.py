"""What both sides give exactly on the kinks, where a proof says nothing: conventions such as relu'(0) = 0."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from gradproof.proof.evaluation import Array, evaluate
from gradproof.proof.expressions.array import ExactArray
from gradproof.proof.expressions.calculus import gradient
from gradproof.proof.expressions.expression import Expression
from gradproof.proof.expressions.simplify import is_truth_value
from gradproof.proof.expressions.walking import topological
from gradproof.proof.expressions.wording import described
from gradproof.proof.field.points import Deadline
from gradproof.tolerances import ON_EDGE

Code = Callable[[dict[str, Array]], tuple[Array, Array]]
"""The original code of both sides for one trial: inputs by name -> (expected, found)."""

_DRAWS = 8
_POINTS_TO_COMPARE = 5
_SECONDS_TO_COMPARE = 10.0
_GRID = 8  # inputs are multiples of 1/8, on which sums and products are exact


@dataclass(frozen=True, eq=False)
class Kink:
    """An input at which one condition is exactly on its edge (`where`: u = 0), and what both sides give there."""

    where: str
    inputs: Mapping[str, Array]
    expected: Array
    found: Array
    agrees: bool


@dataclass(frozen=True, eq=False)
class Kinks:
    """The kinks that an input was found for, and the conditions for which none was."""

    reached: tuple[Kink, ...]
    unreached: tuple[str, ...]


def at_kinks(
    expected: ExactArray,
    found: ExactArray,
    *,
    seed: int,
    code: Code | None = None,
    most: int = 64,
    deadline: float = 10.0,
) -> Kinks:
    """Both sides at exactly u = 0 for each of the first `most` conditions [u > 0] in them, in float64.

    The expressions keep NumPy's conventions ([x >= 0] is 1 at 0), so that they can stand for the code; give `code`
    to run the original. An input is found by solving for one variable in which u is linear.
    """
    clock = Deadline(deadline)
    roots: list[Expression] = [*expected.expressions.flat, *found.expressions.flat]
    reached, unreached = [], []
    for edge in _edges(roots)[:most]:
        inputs = on_the_edge(edge, roots, random.Random(seed), clock)
        if inputs is None:
            unreached.append(described(edge))
            continue
        sides = code(inputs) if code else _evaluated(expected, found, inputs, clock)
        reached.append(_kink(edge, inputs, *sides))
    return Kinks(tuple(reached), tuple(unreached))


def on_the_edge(
    edge: Expression, roots: list[Expression], rng: random.Random, clock: Deadline
) -> dict[str, Array] | None:
    """Inputs of the roots at which `edge` is exactly zero in float64; None where none was met.

    Among the inputs met, those at which the fewest other edges become zero too.
    """
    variables = [node for node in topological([edge]) if node.op == "var"]
    slopes = gradient(edge, variables)
    others = [other for other in _edges(roots) if other is not edge]
    best, fewest = None, len(others) + 1
    for _ in range(_DRAWS):
        inputs = _grid_point([*roots, edge], rng)
        value, *rest = _numbers([edge, *slopes, *others], inputs, clock)
        slope, before = rest[: len(slopes)], rest[len(slopes) :]
        for i in sorted(range(len(variables)), key=lambda i: abs(abs(slope[i]) - 1)):
            if slope[i] == 0 or not np.isfinite(slope[i]):
                continue
            name, index = variables[i].data
            moved = {key: array.copy() for key, array in inputs.items()}
            moved[name][(0, *index)] -= value / slope[i]
            now, *after = _numbers([edge, *others], moved, clock)
            hit = sum(new == 0 != old for old, new in zip(before, after, strict=True))
            if now == 0 and hit < fewest:
                best, fewest = {key: array[0] for key, array in moved.items()}, hit
        if fewest == 0:
            break
    return best


def _edges(roots: list[Expression]) -> list[Expression]:
    """The arguments of all conditions that change with the inputs, each up to its sign and once."""
    arguments = [node.args[0] for node in topological(roots) if node.op == "pos"]
    unsigned = [u.args[1] if u.op == "mul" and u.args[0].value == -1 else u for u in arguments]
    candidates = list({u.id: u for u in unsigned}.values())
    edges: dict[tuple[float, ...], Expression] = {}
    points = [_grid_point(candidates, random.Random(i)) for i in range(_POINTS_TO_COMPARE)] if candidates else []
    values = [_numbers(candidates, point, Deadline(_SECONDS_TO_COMPARE)) for point in points]
    for edge, row in zip(candidates, zip(*values, strict=True), strict=True):
        if len(set(row)) > 1 and not is_truth_value(edge):
            edges.setdefault(tuple(map(abs, row)), edge)
    return list(edges.values())


def _grid_point(roots: list[Expression], rng: random.Random) -> dict[str, Array]:
    """One trial of small binary fractions, none of them zero."""
    shapes = {}
    for node in topological(roots):
        if node.op == "var":
            name, index = node.data
            shapes[name] = node.graph.shapes.get(name, tuple(i + 1 for i in index))
    inputs = {}
    for name in sorted(shapes):
        count = int(np.prod(shapes[name], dtype=int))
        values = [rng.choice((-1, 1)) * rng.randint(1, 2 * _GRID) / _GRID for _ in range(count)]
        inputs[name] = np.array(values).reshape(1, *shapes[name])
    return inputs


def _evaluated(
    expected: ExactArray, found: ExactArray, inputs: dict[str, Array], clock: Deadline
) -> tuple[Array, Array]:
    batch = {name: values[None] for name, values in inputs.items()}

    def values(side: ExactArray) -> Array:
        return np.array(_numbers(list(side.expressions.flat), batch, clock)).reshape(side.shape)

    return values(expected), values(found)


def _kink(edge: Expression, inputs: dict[str, Array], expected: Array, found: Array) -> Kink:
    a, b = np.asarray(expected, dtype=float), np.asarray(found, dtype=float)
    return Kink(f"{described(edge)} = 0", inputs, a, b, ON_EDGE.holds(b, a))


def _numbers(roots: list[Expression], inputs: dict[str, Array], clock: Deadline) -> list[float]:
    """The float64 values of the roots for one trial."""
    return [float(np.asarray(e.value.value).reshape(-1)[0]) for e in evaluate(roots, inputs, clock)]

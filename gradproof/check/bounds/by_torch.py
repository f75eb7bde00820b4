"""Operations of torch that have no rule, run by torch itself on arrays that carry bounds; their errors are sampled.

Only the one step is sampled then: what comes before and after it keeps its rigorous bound. A program as a whole shows
less in float32 than it may do in float64, where a step that loses digits happens to lose the same ones twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from gradproof.arrays.bounds.array import BoundArray
from gradproof.aten.table import RULES
from gradproof.aten.tape import map_leaves
from gradproof.check.bounds.bounded import Array, unit
from gradproof.errors import GradproofError

SAMPLES = 8
SAFETY = 6.0
"""An error is so many times the largest deviation in `SAMPLES` runs on numbers that are moved within their errors."""


def rule_for(name: str) -> Callable[..., Any]:
    """The rule of an operation, of those that have none by torch; for arrays with bounds alone."""
    return RULES.get(name) or (lambda *args, **kwargs: _by_torch(name, args, kwargs))


def _by_torch(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """An operation's results, each with an error.

    Raises:
        GradproofError: Torch does not take what it is given.
    """
    space, packet, overload = name.split(".")
    operation = getattr(getattr(getattr(torch.ops, space), packet), overload)
    generator = np.random.default_rng(len(args))
    operands: list[BoundArray] = []
    map_leaves(lambda part: operands.append(part) if isinstance(part, BoundArray) else None, (args, kwargs))
    trials = max(len(operand.layers[0]) for operand in operands)
    try:
        centre = _results(operation, args, kwargs, trials, lambda operand: operand.layers[0])
        moved = [
            _results(operation, args, kwargs, trials, lambda operand: _moved(operand, generator))
            for _ in range(SAMPLES)
        ]
    except (RuntimeError, TypeError) as error:
        raise GradproofError(f"{name}: {error}") from error
    made = []
    for k, value in enumerate(centre):
        spread = np.zeros(value.shape)
        if value.dtype.kind == "f":
            with np.errstate(all="ignore"):
                for results in moved:
                    np.maximum(spread, np.abs(results[k].astype(np.float64) - value), out=spread)
                spread = SAFETY * (spread + unit(value.dtype) * np.abs(value))
        made.append(type(operands[0])(value, np.where(np.isnan(spread), np.inf, spread)))
    return made[0] if len(made) == 1 else tuple(made)


def _results(
    operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any], trials: int, values: Callable[[BoundArray], Array]
) -> list[Array]:
    """The operation in every trial, `(trials, *shape)` of each result."""
    placed = map_leaves(lambda part: values(part) if isinstance(part, BoundArray) else part, (args, kwargs))
    held = map_leaves(lambda part: isinstance(part, BoundArray), (args, kwargs))
    rows = []
    for trial in range(trials):
        given, named = _one(placed, held, trial)
        result = operation(*given, **named)
        rows.append([result] if isinstance(result, torch.Tensor) else list(result))
    return [np.stack([np.asarray(row[k]) for row in rows]) for k in range(len(rows[0]))]


def _one(placed: Any, held: Any, trial: int) -> Any:
    """The arguments in one trial: of arrays of all trials its row, else what they are; arrays become tensors."""
    if isinstance(placed, tuple | list):
        return type(placed)(_one(part, flag, trial) for part, flag in zip(placed, held, strict=True))
    if isinstance(placed, dict):
        return {key: _one(part, held[key], trial) for key, part in placed.items()}
    if not isinstance(placed, np.ndarray):
        return placed
    row = placed[trial if len(placed) > 1 else 0] if held is True else placed
    return torch.from_numpy(np.array(row))


def _moved(operand: BoundArray, generator: np.random.Generator) -> Array:
    """The values, each moved within its error and by the rounding of the largest one of its trial."""
    value, error = operand.layers[:2]
    if value.dtype.kind != "f":
        return value
    with np.errstate(all="ignore"):
        largest = np.abs(value).max(axis=tuple(range(1, value.ndim)), keepdims=True, initial=0.0)
        step = error + unit(value.dtype) * largest
        return np.asarray(value + step * generator.uniform(-1, 1, value.shape), dtype=value.dtype)

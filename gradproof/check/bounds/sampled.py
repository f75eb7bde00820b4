"""Sampled bounds, where an operation has no rule: what moving the numbers and coarser rounding do to a result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from gradproof.case.derivation import Equation
from gradproof.check.bounds.bounded import Array, Bounded, unit
from gradproof.check.evaluate import Evaluator
from gradproof.truth.binding import Binding
from gradproof.truth.passes import DTYPES
from gradproof.truth.truth import Truth

Run = Callable[[Equation, list[Array], int], Array]
"""Runs an equation on its inputs in so many trials."""

SAMPLES = 24
SAFETY = 4.0
"""A sampled bound is this many times the largest deviation seen in `SAMPLES` perturbations."""

FEW = 8
FEW_SAFETY = 6.0
"""The same of what is run trial by trial: equations, which may be whole programs, and models that are not batched."""

WIDE_SAFETY = 32.0
"""The same in place of a bound that explodes. Of a million entries with normal errors one in ten thousand has an error
of more than this many times the largest of `FEW` samples; with `FEW_SAFETY` ten would."""

MOVED = (2.0**-23, 2.0**-10)
"""By up to such shares of themselves leaves are moved."""


def of_truth(
    truth: Truth, draws: Mapping[str, Array], values: Mapping[str, Array], names: list[str], *, wide: bool = False
) -> dict[str, Array]:
    """Torch in float32 against torch in float64 on the same numbers shows what rounding does to the model.

    A float64 run has 2**29 times less of it. The samples move the leaves, for other roundings: half of them by a
    unit in the last place of float32, half by more, since what is added to a much larger number is rounded alike
    for all leaves that are as near to each other.

    Args:
        truth: The torch side.
        draws: What was drawn, `(n, *shape)` by leaf.
        values: What torch makes of it, `(n, *shape)` by quantity.
        names: The quantities that are asked for.
        wide: Whether they take the place of a bound that explodes: fewer samples, of which the largest counts for more.
    """
    generator = np.random.default_rng(len(names))
    exact, rough = _other(truth, "float64"), _other(truth, "float32")
    ratio = 2.0**-29 if truth.dtype == torch.float64 else 1.0
    eps = torch.finfo(truth.dtype).eps
    errors = {
        name: last_digits(values[name]) if wide else eps * np.abs(values[name].astype(np.float64)) for name in names
    }
    errors = {name: np.array(np.broadcast_to(error, values[name].shape)) for name, error in errors.items()}
    gone = {name: np.ones(values[name].shape, dtype=bool) for name in names}
    samples, safety = (FEW, WIDE_SAFETY) if wide else (SAMPLES, SAFETY) if truth.batched else (FEW, FEW_SAFETY)
    for sample in range(samples):
        moved = {name: _moved32(value, generator, MOVED[sample % 2]) for name, value in draws.items()}
        fine, coarse = exact.evaluate(_wide(moved)), rough.evaluate(moved)
        with np.errstate(all="ignore"):
            for name in names:
                np.maximum(errors[name], ratio * np.abs(fine[name] - coarse[name]), out=errors[name])
                gone[name] &= _lost(fine[name], coarse[name])
    return {name: safety * np.where(np.isnan(error) | gone[name], np.inf, error) for name, error in errors.items()}


def _other(truth: Truth, dtype: str) -> Truth:
    binding = truth.binding
    return Truth(Binding(binding.reference, binding.place, DTYPES[dtype]), list(truth.sources), dtype)


def of_run(
    evaluator: Evaluator, leaves: Mapping[str, Bounded], given: Mapping[str, Bounded], trials: int
) -> tuple[dict[str, Array], dict[str, Array]]:
    """The same of a free run, all equations one after the other: values and errors by the equation's name.

    Args:
        evaluator: What runs the equations.
        leaves: What the run starts from.
        given: Results, by the equation's name, of equations that are not to be run.
        trials: How many trials they have.
    """
    generator = np.random.default_rng(len(leaves))

    def run(move: Callable[[Bounded], Array]) -> dict[str, Array]:
        moved, held = ({name: move(one) for name, one in table.items()} for table in (leaves, given))
        return evaluator.free_run(moved, trials, held)

    centre = run(lambda one: one.value)
    errors = {name: np.zeros(value.shape) for name, value in centre.items()}
    gone = {name: np.ones(value.shape, dtype=bool) for name, value in centre.items()}
    exact = all(not one.error.any() for one in (*leaves.values(), *given.values()))
    for sample in range(FEW):
        seed, share = int(generator.integers(1 << 32)), MOVED[sample % 2]
        rough, fine = (run(partial(_coarse, seed=seed, share=share, wide=wide)) for wide in (False, True))
        again = centre if exact else run(lambda one: _moved(one, generator))
        with np.errstate(all="ignore"):
            for name, value in centre.items():
                ratio = float(np.finfo(value.dtype).eps / np.finfo(np.float32).eps) if value.dtype.kind == "f" else 0.0
                np.maximum(errors[name], ratio * np.abs(rough[name] - fine[name]), out=errors[name])
                np.maximum(errors[name], np.abs(again[name] - value), out=errors[name])
                gone[name] &= _lost(fine[name], rough[name])
    for name, value in centre.items():
        lost = gone[name] | np.isnan(errors[name])
        errors[name] = np.where(lost, np.inf, WIDE_SAFETY * (errors[name] + last_digits(value)))
    return centre, errors


def last_digits(values: Array) -> Array:
    """A unit in the last place of the largest entry of each trial, `(n, 1, ...)`.

    Where a step saturates in float32 as it does in float64 samples show nothing, though its complement, such as
    `1 - tanh(z)**2`, may be off by as much.
    """
    with np.errstate(all="ignore"):
        largest = np.abs(values).max(axis=tuple(range(1, values.ndim)), keepdims=True, initial=0.0)
        return np.asarray(unit(values.dtype) * largest)


def of_equation(run: Run, equation: Equation, inputs: list[Bounded], trials: int) -> tuple[Array, Array]:
    """The spread of the results when the inputs move within their errors, and the rounding that float32 shows."""
    generator = np.random.default_rng(len(inputs))
    centre = run(equation, [bounded.value for bounded in inputs], trials)
    ratio = float(np.finfo(centre.dtype).eps / np.finfo(np.float32).eps)
    spread, gone = np.zeros(centre.shape), np.ones(centre.shape, dtype=bool)
    for sample in range(FEW):
        again = run(equation, [_moved(bounded, generator) for bounded in inputs], trials)
        coarse = [_moved32(bounded.value, generator, MOVED[sample % 2]) for bounded in inputs]
        fine = [value.astype(np.float64) if value.dtype.kind == "f" else value for value in coarse]
        with np.errstate(all="ignore"):
            np.maximum(spread, np.abs(again - centre), out=spread)
            rough, exact = run(equation, coarse, trials), run(equation, fine, trials)
            np.maximum(spread, ratio * np.abs(rough - exact), out=spread)
            gone &= _lost(exact, rough)
    with np.errstate(all="ignore"):
        error = FEW_SAFETY * (spread + np.finfo(centre.dtype).eps * np.abs(centre))
    return centre, np.where(gone, np.inf, error)


def _moved(bounded: Bounded, generator: np.random.Generator) -> Array:
    value = bounded.value
    if value.dtype.kind != "f":
        return value
    with np.errstate(all="ignore"):
        step = bounded.error + unit(value.dtype) * np.abs(value)
        return np.asarray(value + step * generator.uniform(-1, 1, value.shape), dtype=value.dtype)


def _moved32(value: Array, generator: np.random.Generator, share: float) -> Array:
    """Real numbers moved by up to a share of themselves, rounded to float32."""
    if value.dtype.kind != "f":
        return value
    return np.asarray(value * (1 + share * generator.uniform(-1, 1, value.shape)), dtype=np.float32)


def _coarse(one: Bounded, *, seed: int, share: float, wide: bool) -> Array:
    """What `_moved32` gives for a seed, the same numbers in float64 where they are asked for `wide`."""
    moved = _moved32(one.value, np.random.default_rng(seed), share)
    return moved.astype(np.float64) if wide and moved.dtype.kind == "f" else moved


def _lost(fine: Array, coarse: Array) -> NDArray[np.bool_]:
    """Where float32 leaves nothing of a value: how it was rounded there says nothing of float64."""
    return np.asarray((coarse == 0) & (fine != 0))


def _wide(values: Mapping[str, Array]) -> dict[str, Array]:
    return {name: value.astype(np.float64) if value.dtype.kind == "f" else value for name, value in values.items()}

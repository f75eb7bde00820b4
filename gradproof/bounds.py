"""How far two right results may differ: rounding bounds of both sides, trial by trial.

The NumPy code of an equation is run on arrays that carry a rigorous running error bound. Torch's own operations,
recorded for one trial, are run on them too, which bounds the truth; the little by which torch's result differs from
that replay is added, so the bound holds for whatever kernels torch used. What has no rule gets a sampled bound: a
model is run in two precisions, a function on inputs moved within their errors and rounded to float32.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gradproof.arrays.bound import BoundArray
from gradproof.arrays.creation import call_on_arrays
from gradproof.aten import Tape, record
from gradproof.binding import Binding
from gradproof.derivation import Derivation, Equation
from gradproof.errors import GradproofError
from gradproof.evaluate import Evaluator, as_numbers
from gradproof.optimizer import Tensors
from gradproof.truth import DTYPES, Truth

Array = NDArray[Any]

SAMPLES = 24
SAFETY = 4.0
"""A sampled bound is this many times the largest deviation seen in `SAMPLES` perturbations."""

UNRECORDED = 4
"""Where torch's operations could not be recorded, their results are taken to have so many times the bytes of all
quantities."""

ASTRAY = 64.0
"""Torch's result may differ from the replay of its operations by so many bounds; more means that the replay is of
something else, and the bound is sampled instead."""


@dataclass(frozen=True)
class Bounded:
    """Values `(n, *shape)`, the bound of each entry's error, and how the bound was found."""

    value: Array
    error: Array
    kind: str

    def operand(self) -> BoundArray:
        """The same as an array that carries its bound through NumPy code."""
        return BoundArray(self.value, self.error)


class TruthBounds:
    """Bounds of the truth's error, from the recorded operations of one trial.

    Attributes:
        tape: The operations, or None where they could not be recorded. Its first leaf is the 1 that backpropagation
            starts from: as a leaf it keeps what autograd makes of it alone, such as 1/5 in a mean, from becoming a
            rounded constant. The others are the drawn leaves in their order; its outputs are the quantities by name.
        why_none: Why there is no tape.
    """

    def __init__(self, truth: Truth, draws: Mapping[str, Array]) -> None:
        self.truth = truth
        self.names = list(truth.sources)
        self.tape: Tape | None = None
        self.why_none = ""
        try:
            self.tape = self._record(draws)
        except GradproofError as error:
            self.why_none = str(error)

    def _record(self, draws: Mapping[str, Array]) -> Tape:
        leaves = self.truth.leaves({name: values[:1] for name, values in draws.items()})
        order = list(self.truth.binding.leaves)

        def one_trial(one: torch.Tensor, *tensors: torch.Tensor) -> Tensors:
            named = dict(zip(order, tensors, strict=True))
            return self.truth.quantities(named, batch=False, step=self.truth.recorded_step, one=one)

        return record(one_trial, torch.ones((), dtype=self.truth.dtype), *(leaves[name][0] for name in order))

    def trial_bytes(self, draws: Mapping[str, Array]) -> int:
        """What one trial takes: its draws, all that torch computes from them, and every quantity on both sides.

        Args:
            draws: One trial's, `(1, *shape)` by leaf.
        """
        values = self.truth.evaluate(draws)
        known = sum(value.nbytes for value in values.values())
        computed = self.tape.nbytes if self.tape is not None else UNRECORDED * known
        return sum(value.nbytes for value in draws.values()) + computed + 2 * known

    def of(self, draws: Mapping[str, Array], values: Mapping[str, Array], names: Iterable[str]) -> dict[str, Bounded]:
        """Bounds for the named quantities, whose values by torch are given, `(n, *shape)` each."""
        wanted = sorted(set(names), key=self.names.index)
        replayed = self._replay(draws, wanted)
        astray = [name for name in wanted if name not in replayed or not self._follows(replayed[name], values[name])]
        sampled = self._sampled(draws, values, astray) if astray else {}
        bounds = {}
        for name in wanted:
            if name in sampled:
                bounds[name] = Bounded(values[name], sampled[name], "sampled")
                continue
            value, error = replayed[name]
            with np.errstate(all="ignore"):
                total = error + np.abs(values[name].astype(np.float64) - value)
            bounds[name] = Bounded(values[name], np.where(np.isnan(total), np.inf, total), "rigorous")
        return bounds

    def _replay(self, draws: Mapping[str, Array], wanted: list[str]) -> dict[str, tuple[Array, Array]]:
        if self.tape is None:
            return {}
        dtype = np.dtype(str(self.truth.dtype).removeprefix("torch."))
        leaves = [BoundArray.exact(np.ones(1, dtype=dtype))]
        for name in self.truth.binding.leaves:
            values = draws[name]
            leaves.append(BoundArray.exact(values.astype(dtype) if values.dtype.kind == "f" else values))
        outputs = list(self.tape.outputs)
        count = len(next(iter(draws.values())))
        try:
            found = self.tape.run(leaves, only=[outputs.index(name) for name in wanted])
        except GradproofError:
            return {}  # an operation without a bound, or a branch that other trials take: sampled instead
        results = {}
        for name, result in zip(wanted, found, strict=True):
            if isinstance(result, BoundArray):
                value, error = result.layers
            else:
                value = np.asarray(result)[None]
                error = np.zeros_like(value, dtype=np.float64)
            shape = (count, *value.shape[1:])
            results[name] = np.broadcast_to(value, shape), np.broadcast_to(error, shape)
        return results

    @staticmethod
    def _follows(replayed: tuple[Array, Array], values: Array) -> bool:
        """Whether torch's values are the replay's up to rounding, in the trials where both are finite."""
        value, error = replayed
        with np.errstate(all="ignore"):
            apart = np.abs(values.astype(np.float64) - value)
            allowed = ASTRAY * (error + _unit(values.dtype) * np.abs(value))
        return bool(np.all((apart <= allowed) | ~np.isfinite(apart) | ~np.isfinite(allowed)))

    def _sampled(self, draws: Mapping[str, Array], values: Mapping[str, Array], names: list[str]) -> dict[str, Array]:
        """Torch in float32 against torch in float64 on the same numbers shows what rounding does to the model.

        A float64 run has 2**29 times less of it. Each sample moves the leaves by a unit in the last place of
        float32, for other roundings.
        """
        generator = np.random.default_rng(len(names))
        exact, rough = self._other("float64"), self._other("float32")
        ratio = 2.0**-29 if self.truth.dtype == torch.float64 else 1.0
        eps = torch.finfo(self.truth.dtype).eps
        errors = {name: eps * np.abs(values[name].astype(np.float64)) for name in names}
        for _ in range(SAMPLES):
            moved = {name: _moved32(value, generator) for name, value in draws.items()}
            fine, coarse = exact.evaluate(_wide(moved)), rough.evaluate(moved)
            with np.errstate(all="ignore"):
                for name in names:
                    np.maximum(errors[name], ratio * np.abs(fine[name] - coarse[name]), out=errors[name])
        return {name: SAFETY * np.where(np.isnan(error), np.inf, error) for name, error in errors.items()}

    def _other(self, dtype: str) -> Truth:
        binding = self.truth.binding
        return Truth(Binding(binding.reference, binding.place, DTYPES[dtype]), self.names, dtype)


def _moved32(value: Array, generator: np.random.Generator) -> Array:
    if value.dtype.kind != "f":
        return value
    eps = float(np.finfo(np.float32).eps)
    return np.asarray(value * (1 + eps * generator.uniform(-1, 1, value.shape)), dtype=np.float32)


def _wide(values: Mapping[str, Array]) -> dict[str, Array]:
    return {name: value.astype(np.float64) if value.dtype.kind == "f" else value for name, value in values.items()}


class EquationBounds:
    """Bounds of the computed side: equations run on values that carry their errors."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self.unruled: set[str] = set()

    def of(self, equation: Equation, inputs: list[Bounded], trials: int) -> Bounded:
        """The equation's result on inputs that are known up to their errors."""
        kinds = {bounded.kind for bounded in inputs}
        if equation.name not in self.unruled:
            try:
                with np.errstate(all="ignore"):
                    result = call_on_arrays(equation.function, [bounded.operand() for bounded in inputs])
                value, error = _layers(equation, result, trials)
            except Exception:  # user code meets an operation that has no bound; the sampled one takes its place
                self.unruled.add(equation.name)
            else:
                return Bounded(value, error, "sampled" if "sampled" in kinds else "rigorous")
        value, error = self._sampled(equation, inputs, trials)
        return Bounded(value, error, "sampled")

    def _sampled(self, equation: Equation, inputs: list[Bounded], trials: int) -> tuple[Array, Array]:
        """The spread of the results when the inputs move within their errors, and the rounding that float32 shows."""
        generator = np.random.default_rng(len(inputs))
        run = self.evaluator.run
        centre = run(equation, [bounded.value for bounded in inputs], trials)
        ratio = float(np.finfo(centre.dtype).eps / np.finfo(np.float32).eps)
        spread = np.zeros(centre.shape)
        for _ in range(SAMPLES):
            again = run(equation, [_moved(bounded, generator) for bounded in inputs], trials)
            coarse = [_moved32(bounded.value, generator) for bounded in inputs]
            fine = [value.astype(np.float64) if value.dtype.kind == "f" else value for value in coarse]
            with np.errstate(all="ignore"):
                np.maximum(spread, np.abs(again - centre), out=spread)
                rounding = ratio * np.abs(run(equation, coarse, trials) - run(equation, fine, trials))
                np.maximum(spread, rounding, out=spread)
        with np.errstate(all="ignore"):
            return centre, SAFETY * (spread + np.finfo(centre.dtype).eps * np.abs(centre))

    def free_run(
        self,
        derivation: Derivation,
        leaves: Mapping[str, Bounded],
        wanted: Iterable[str],
        trials: int,
        given: Mapping[str, Bounded],
    ) -> dict[str, Bounded]:
        """The named equations from the leaves alone, with all that they read; some results may be given."""
        needed = set(wanted)
        for name in list(needed):
            needed.update(derivation.upstream(derivation.by_name[name]))
        values = dict(given)
        for equation in derivation.order:
            if equation.name in needed and equation.name not in values:
                inputs = [
                    values[derivation.by_name[name].name] if name in derivation.by_name else leaves[name]
                    for name in equation.inputs
                ]
                values[equation.name] = self.of(equation, inputs, trials)
        return values


def _moved(bounded: Bounded, generator: np.random.Generator) -> Array:
    value = bounded.value
    if value.dtype.kind != "f":
        return value
    with np.errstate(all="ignore"):
        step = bounded.error + _unit(value.dtype) * np.abs(value)
        return np.asarray(value + step * generator.uniform(-1, 1, value.shape), dtype=value.dtype)


def _layers(equation: Equation, result: Any, trials: int) -> tuple[Array, Array]:
    """Value and error of what an equation returned; a plain constant is exact."""
    if isinstance(result, BoundArray):
        value, error = result.layers
    else:
        value = as_numbers(equation, result)[None]
        error = np.zeros(value.shape)
    shape = (trials, *value.shape[1:])
    return np.broadcast_to(value, shape), np.broadcast_to(error, shape)


def _unit(dtype: np.dtype[Any]) -> float:
    """The relative spacing of a dtype's numbers; whole numbers are exact."""
    return float(np.finfo(dtype).eps) if dtype.kind == "f" else 0.0

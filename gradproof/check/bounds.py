"""How far two right results may differ: rounding bounds of both sides, trial by trial.

The NumPy code of an equation is run on arrays that carry a rigorous running error bound. Torch's own operations,
recorded for one trial, are run on them too, which bounds the truth; the little by which torch's result differs from
that replay is added, so the bound holds for whatever kernels torch used. What has no rule gets a sampled bound: a
model is run in two precisions, a function on inputs moved within their errors and rounded to float32.

A bound holds along the branches that were taken. Asked for `ties`, it reaches over both branches of every near tie of
different values, which is how far two right sides may differ that took different ones there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gradproof.arrays.bounds.array import BoundArray
from gradproof.arrays.bounds.origins import Origins
from gradproof.arrays.bounds.partial import PartialArray
from gradproof.arrays.bounds.taken import TakenArray, noting_choices
from gradproof.arrays.bounds.ties import TieArray, noting_ties
from gradproof.arrays.creation import call_on_arrays
from gradproof.aten import Tape, no_rule_for, record
from gradproof.case.derivation import Derivation, Equation
from gradproof.check.evaluate import Evaluator, as_numbers
from gradproof.errors import GradproofError
from gradproof.truth.binding import Binding
from gradproof.truth.optimizer import Tensors
from gradproof.truth.passes import DTYPES
from gradproof.truth.truth import Truth

Array = NDArray[Any]

SAMPLES = 24
SAFETY = 4.0
"""A sampled bound is this many times the largest deviation seen in `SAMPLES` perturbations."""

MOVED = (2.0**-23, 2.0**-10)
"""By up to such shares of themselves leaves are moved."""

UNRECORDED = 4
"""Where torch's operations could not be recorded, their results are taken to have so many times the bytes of all
quantities."""

ASTRAY = 64.0
"""A result may differ from the replay of its operations by so many bounds; more means another branch at a near tie."""

FEW_ASTRAY = 1 / 32
"""In so many trials a replay may be astray; in more it is of something else, and the bound is sampled instead."""


@dataclass(frozen=True)
class Bounded:
    """Values `(n, *shape)` with bounds.

    Attributes:
        value: The values.
        error: The bound of each entry's error.
        kind: How it was found.
        origin: Where each value comes from, where that was followed.
        near: In which trials `(n,)` rounding could have turned a decision on the way; None where that is not known.
    """

    value: Array
    error: Array
    kind: str
    origin: Origins | None = None
    near: NDArray[np.bool_] | None = None

    @property
    def perhaps_near(self) -> NDArray[np.bool_]:
        """The trials in which near ties may have decided, `(n,)`."""
        return np.ones(len(self.value), dtype=bool) if self.near is None else self.near

    def operand(self, arrays: type[BoundArray] = BoundArray) -> BoundArray:
        """The same as an array that carries its bound through NumPy code."""
        if issubclass(arrays, TieArray):
            return arrays(self.value, self.error, origin=self.origin)
        if issubclass(arrays, PartialArray):
            return arrays.of(self.value, self.error)
        return arrays(self.value, self.error)

    def rows(self, rows: Any) -> Bounded:
        """Some of the trials."""
        origin, near = (None if layer is None else layer[rows] for layer in (self.origin, self.near))
        return Bounded(self.value[rows], self.error[rows], self.kind, origin, near)


def follows(replayed: Bounded, values: Array) -> bool:
    """Whether values are those of a replay up to rounding, in nearly all trials in which both are finite."""
    unit = _unit(values.dtype)
    with np.errstate(all="ignore"):
        apart = _apart(values, replayed.value)
        if (apart <= replayed.error).all():
            return True
        allowed = ASTRAY * (replayed.error + unit * np.abs(replayed.value))
    astray = np.logical_not((apart <= allowed) | ~np.isfinite(apart) | ~np.isfinite(allowed))
    return int(astray.reshape(len(values), -1).any(axis=1).sum()) <= FEW_ASTRAY * len(values)


def _near(replayed: Bounded, values: Array) -> NDArray[np.bool_]:
    """In which trials values and a replay are one function's: for many trials at once torch may take an operation apart
    in another way than for one, which rounds by more than the replay's own bound."""
    axes = tuple(range(1, values.ndim))
    with np.errstate(all="ignore"):
        apart = np.abs(values.astype(np.float64) - replayed.value)
        largest = np.abs(values.astype(np.float64)).max(axis=axes, initial=0.0)
        usual = np.maximum(largest, np.median(largest[np.isfinite(largest)]) if np.isfinite(largest).any() else 0.0)
        return np.asarray(apart.max(axis=axes, initial=0.0) <= _unit(values.dtype) ** 0.5 * usual)


def _along(trials: NDArray[np.bool_], values: Array) -> NDArray[np.bool_]:
    """What is said of trials `(n,)`, of each of their entries `(n, *shape)`."""
    return np.broadcast_to(trials.reshape(-1, *(1,) * (values.ndim - 1)), values.shape)


def settled_on(replayed: Bounded, values: Array) -> Bounded:
    """The bound of values whose operations were replayed; what the replay is off by is added."""
    with np.errstate(all="ignore"):
        total = _apart(values, replayed.value)
        total += replayed.error
        if np.isnan(total).any():
            equal = values == replayed.value  # infinities
            total[equal] = replayed.error[equal]
            total[np.isnan(total)] = np.inf
    return replace(replayed, value=values, error=total)


def _as_drawn(values: Array) -> Bounded:
    return Bounded(values, np.zeros(values.shape), "rigorous", near=np.zeros(len(values), dtype=bool))


def _apart(values: Array, replayed: Array) -> Array:
    """|values - replayed| in float64; a new array."""
    apart = np.subtract(values, replayed, dtype=np.float64)
    return np.abs(apart, out=apart)


def _layers_of(result: Any, plain: Array | None, shape_of: int, arrays: type[BoundArray]) -> Bounded:
    """What a run on arrays with bounds has given, for all trials; a plain constant is exact."""
    if isinstance(result, BoundArray):
        value, error, *origin = result.layers
    else:
        assert plain is not None
        value, error, origin = plain[None], np.zeros((1, *plain.shape)), []
    shape = (shape_of, *value.shape[1:])
    error = np.array(np.broadcast_to(error, shape))
    if issubclass(arrays, TieArray):
        for doubtful in arrays.undecided:
            error[np.broadcast_to(doubtful, shape_of)] = np.inf
    near: NDArray[np.bool_] | None = None
    if issubclass(arrays, TakenArray) and arrays.near is not None:
        near = np.zeros(shape_of, dtype=bool)
        for doubtful in arrays.near:
            near |= doubtful
    return Bounded(
        np.broadcast_to(value, shape), error, "rigorous", np.broadcast_to(origin[0], shape) if origin else None, near
    )


class TruthBounds:
    """Bounds of the truth's error, from the recorded operations of one trial.

    Attributes:
        tape: The operations, or None where they could not be recorded. Its first leaf is the 1 that backpropagation
            starts from: as a leaf it keeps what autograd makes of it alone, such as 1/5 in a mean, from becoming a
            rounded constant. The others are the drawn leaves in their order; its outputs are the quantities by name.
        why_none: Why there is no tape.
        partial: The operations, some of which may have no rule; None where they could not be recorded.
        ruled: The quantities that the partial tape can be run for.
    """

    def __init__(self, truth: Truth, draws: Mapping[str, Array]) -> None:
        self.truth = truth
        self.names = list(truth.sources)
        self.partial: Tape | None = None
        self.why_none = ""
        try:
            self.partial = self._record(draws)
        except (GradproofError, RuntimeError, NotImplementedError, TypeError) as error:
            self.why_none = str(error)  # the model runs, though not on what a recording gives it
        unruled = self.partial.unruled if self.partial is not None else ()
        if unruled:
            self.why_none = no_rule_for(unruled[0])
        self.tape = self.partial if not unruled else None
        self.ruled = self._ruled(self.partial, complete=not unruled)

    @staticmethod
    def _ruled(tape: Tape | None, *, complete: bool) -> frozenset[str]:
        if tape is None:
            return frozenset()
        names = enumerate(tape.outputs)
        return frozenset(name for k, name in names if complete or not tape.restrict([k]).unruled)

    def _record(self, draws: Mapping[str, Array]) -> Tape:
        leaves = self.truth.passes.leaves({name: values[:1] for name, values in draws.items()})
        order = list(self.truth.binding.leaves)

        def one_trial(one: torch.Tensor, *tensors: torch.Tensor) -> Tensors:
            named = dict(zip(order, tensors, strict=True))
            return self.truth.passes.quantities(named, batch=False, step=self.truth.recorded_step, one=one)

        one = torch.ones((), dtype=self.truth.dtype)
        return record(one_trial, one, *(leaves[name][0] for name in order), partial=True)

    def trial_bytes(self, draws: Mapping[str, Array]) -> int:
        """What one trial takes: its draws, all that torch computes from them, and every quantity on both sides.

        Args:
            draws: One trial's, `(1, *shape)` by leaf.
        """
        values = self.truth.evaluate(draws)
        known = sum(value.nbytes for value in values.values())
        computed = self.partial.nbytes if self.partial is not None else UNRECORDED * known
        return sum(value.nbytes for value in draws.values()) + computed + 2 * known

    def of(
        self, draws: Mapping[str, Array], values: Mapping[str, Array], names: Iterable[str], *, ties: bool = False
    ) -> dict[str, Bounded]:
        """Bounds for the named quantities, whose values by torch are given, `(n, *shape)` each."""
        wanted = sorted(set(names), key=self.names.index)
        replayed = self._replay(draws, wanted, noting_ties if ties else noting_choices)
        bounds = {name: settled_on(bounded, values[name]) for name, bounded in replayed.items()}
        near = {
            name: np.ones(len(values[name]), dtype=bool)
            if follows(bounded, values[name])
            else _near(bounded, values[name])
            for name, bounded in replayed.items()
        }
        for name in wanted:
            if name in self.truth.binding.leaves:  # as drawn: nothing was computed, whatever the operations are
                bounds[name] = _as_drawn(values[name])
                near[name] = np.ones(len(values[name]), dtype=bool)
        astray = [name for name in wanted if name not in near or not near[name].all()]
        if astray:
            for name, sampled in self._sampled(draws, values, astray).items():
                error = (
                    sampled if name not in near else np.where(_along(near[name], sampled), bounds[name].error, sampled)
                )
                # Where nothing was replayed samples are all there is, whatever ties are asked for.
                decided = None if name in near else np.zeros(len(error), dtype=bool)
                bounds[name] = Bounded(values[name], error, "sampled", near=decided)
        return bounds

    def _replay(
        self, draws: Mapping[str, Array], wanted: list[str], kind: Callable[[], type[TakenArray | TieArray]]
    ) -> dict[str, Bounded]:
        wanted = [name for name in wanted if name in self.ruled]
        if self.partial is None or not wanted:
            return {}
        arrays = kind()
        dtype = np.dtype(str(self.truth.dtype).removeprefix("torch."))
        leaves = [arrays.exact(np.ones(1, dtype=dtype))]
        for name in self.truth.binding.leaves:
            values = draws[name]
            leaves.append(arrays.exact(values.astype(dtype) if values.dtype.kind == "f" else values))
        outputs = list(self.partial.outputs)
        count = len(next(iter(draws.values())))
        found = {
            name: _layers_of(result, np.asarray(result) if not isinstance(result, BoundArray) else None, count, arrays)
            for name, result in self._run(self.partial, leaves, {name: outputs.index(name) for name in wanted}).items()
        }
        if len(wanted) > 1 and issubclass(arrays, TieArray) and arrays.undecided:
            for name in wanted:  # a choice that stays open is one of what depends on it alone
                found |= self._replay(draws, [name], kind)
        return found

    @staticmethod
    def _run(tape: Tape, leaves: list[Any], places: Mapping[str, int]) -> dict[str, Any]:
        """Outputs by name; those are left out, to be sampled, whose operations cannot be run on these trials."""
        try:
            return dict(zip(places, tape.run(leaves, only=list(places.values())), strict=True))
        except GradproofError:  # a branch that other trials take, or a choice that rounding leaves open
            if len(places) == 1:
                return {}
        found: dict[str, Any] = {}
        for name, place in places.items():
            found |= TruthBounds._run(tape, leaves, {name: place})
        return found

    def _sampled(self, draws: Mapping[str, Array], values: Mapping[str, Array], names: list[str]) -> dict[str, Array]:
        """Torch in float32 against torch in float64 on the same numbers shows what rounding does to the model.

        A float64 run has 2**29 times less of it. The samples move the leaves, for other roundings: half of them by a
        unit in the last place of float32, half by more, since what is added to a much larger number is rounded alike
        for all leaves that are as near to each other.
        """
        generator = np.random.default_rng(len(names))
        exact, rough = self._other("float64"), self._other("float32")
        ratio = 2.0**-29 if self.truth.dtype == torch.float64 else 1.0
        eps = torch.finfo(self.truth.dtype).eps
        errors = {name: eps * np.abs(values[name].astype(np.float64)) for name in names}
        gone = {name: np.ones(values[name].shape, dtype=bool) for name in names}
        for sample in range(SAMPLES):
            moved = {name: _moved32(value, generator, MOVED[sample % 2]) for name, value in draws.items()}
            fine, coarse = exact.evaluate(_wide(moved)), rough.evaluate(moved)
            with np.errstate(all="ignore"):
                for name in names:
                    np.maximum(errors[name], ratio * np.abs(fine[name] - coarse[name]), out=errors[name])
                    gone[name] &= _lost(fine[name], coarse[name])
        return {name: SAFETY * np.where(np.isnan(error) | gone[name], np.inf, error) for name, error in errors.items()}

    def _other(self, dtype: str) -> Truth:
        binding = self.truth.binding
        return Truth(Binding(binding.reference, binding.place, DTYPES[dtype]), self.names, dtype)


def _moved32(value: Array, generator: np.random.Generator, share: float) -> Array:
    """Real numbers moved by up to a share of themselves, rounded to float32."""
    if value.dtype.kind != "f":
        return value
    return np.asarray(value * (1 + share * generator.uniform(-1, 1, value.shape)), dtype=np.float32)


def _lost(fine: Array, coarse: Array) -> NDArray[np.bool_]:
    """Where float32 leaves nothing of a value: how it was rounded there says nothing of float64."""
    return np.asarray((coarse == 0) & (fine != 0))


def _wide(values: Mapping[str, Array]) -> dict[str, Array]:
    return {name: value.astype(np.float64) if value.dtype.kind == "f" else value for name, value in values.items()}


class EquationBounds:
    """Bounds of the computed side: equations run on values that carry their errors."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self.alone: set[str] = set()
        self.unruled: set[str] = set()

    def of(self, equation: Equation, inputs: list[Bounded], trials: int, *, ties: bool = False) -> Bounded:
        """The equation's result on inputs that are known up to their errors.

        The value is what the function gives on plain arrays; a function that gives another one on arrays that carry
        bounds (it asks for the type of its arguments) gets a sampled bound.
        """
        plain = self.evaluator.run(equation, [bounded.value for bounded in inputs], trials)
        replayed = self._replayed(equation, inputs, trials, ties=ties)
        if replayed is None or replayed.value.shape != plain.shape or not follows(replayed, plain):
            value, error = self._sampled(equation, inputs, trials)
            own = np.full(trials, replayed is not None)  # samples are the same whatever ties are asked for
            near = np.logical_or.reduce([own, *(one.perhaps_near for one in inputs)])
            return Bounded(value, error, "sampled", near=near)
        bounded = settled_on(replayed, plain)
        near = np.logical_or.reduce([bounded.perhaps_near, *(one.perhaps_near for one in inputs)])
        sampled = any(one.kind == "sampled" for one in inputs)
        return replace(bounded, near=near, kind="sampled" if sampled else bounded.kind)

    def _replayed(self, equation: Equation, inputs: list[Bounded], trials: int, *, ties: bool) -> Bounded | None:
        """The function on arrays with bounds: on all trials at once, else one by one; None where it has no bound."""
        kind = noting_ties if ties else noting_choices
        if equation.name not in self.alone | self.unruled:
            try:
                return run_with_bounds(equation, inputs, trials, kind())
            except Exception:  # user code that takes another branch in another trial, or has no bound
                self.alone.add(equation.name)
        if equation.name not in self.unruled:
            try:
                rows = [
                    run_with_bounds(equation, [one.rows([k]) for one in inputs], 1, kind(), alone=True)
                    for k in range(trials)
                ]
            except Exception:  # user code meets an operation that has no bound; the sampled one takes its place
                self.unruled.add(equation.name)
            else:
                return _stacked(rows)
        return None

    def _sampled(self, equation: Equation, inputs: list[Bounded], trials: int) -> tuple[Array, Array]:
        """The spread of the results when the inputs move within their errors, and the rounding that float32 shows."""
        generator = np.random.default_rng(len(inputs))
        run = self.evaluator.run
        centre = run(equation, [bounded.value for bounded in inputs], trials)
        ratio = float(np.finfo(centre.dtype).eps / np.finfo(np.float32).eps)
        spread, gone = np.zeros(centre.shape), np.ones(centre.shape, dtype=bool)
        for sample in range(SAMPLES):
            again = run(equation, [_moved(bounded, generator) for bounded in inputs], trials)
            coarse = [_moved32(bounded.value, generator, MOVED[sample % 2]) for bounded in inputs]
            fine = [value.astype(np.float64) if value.dtype.kind == "f" else value for value in coarse]
            with np.errstate(all="ignore"):
                np.maximum(spread, np.abs(again - centre), out=spread)
                rough, exact = run(equation, coarse, trials), run(equation, fine, trials)
                np.maximum(spread, ratio * np.abs(rough - exact), out=spread)
                gone &= _lost(exact, rough)
        with np.errstate(all="ignore"):
            error = SAFETY * (spread + np.finfo(centre.dtype).eps * np.abs(centre))
        return centre, np.where(gone, np.inf, error)

    def free_run(
        self,
        derivation: Derivation,
        leaves: Mapping[str, Bounded],
        wanted: Iterable[str],
        trials: int,
        given: Mapping[str, Bounded],
        *,
        ties: bool = False,
    ) -> dict[str, Bounded]:
        """The named equations from the leaves alone, with all that they read; some results may be given."""
        needed = set(wanted)
        for name in list(needed):
            needed.update(derivation.upstream(derivation.by_name[name]))
        values = dict(given)
        for equation in derivation.order:
            if equation.name in needed and equation.name not in values:
                sources = [derivation.yields(name, equation) for name in equation.inputs]
                inputs = [
                    leaves[name] if source is None else values[source.name]
                    for name, source in zip(equation.inputs, sources, strict=True)
                ]
                values[equation.name] = self.of(equation, inputs, trials, ties=ties)
        return values


def _moved(bounded: Bounded, generator: np.random.Generator) -> Array:
    value = bounded.value
    if value.dtype.kind != "f":
        return value
    with np.errstate(all="ignore"):
        step = bounded.error + _unit(value.dtype) * np.abs(value)
        return np.asarray(value + step * generator.uniform(-1, 1, value.shape), dtype=value.dtype)


def run_with_bounds(
    equation: Equation, inputs: list[Bounded], trials: int, arrays: type[BoundArray], *, alone: bool = False
) -> Bounded:
    """One run on arrays that carry bounds; of one trial alone, whole numbers are handed over as they are.

    Raises whatever the function raises on them.
    """
    operands = [one.value[0] if alone and one.value.dtype.kind in "iub" else one.operand(arrays) for one in inputs]
    with np.errstate(all="ignore"):
        result = call_on_arrays(equation.function, operands)
    plain = None if isinstance(result, BoundArray) else as_numbers(equation, result)
    return _layers_of(result, plain, trials, arrays)


def _stacked(rows: list[Bounded]) -> Bounded:
    origins = [one.origin for one in rows if one.origin is not None]
    return Bounded(
        np.concatenate([one.value for one in rows]),
        np.concatenate([one.error for one in rows]),
        "rigorous",
        np.concatenate(origins) if len(origins) == len(rows) else None,
        np.concatenate([one.perhaps_near for one in rows]),
    )


def _unit(dtype: np.dtype[Any]) -> float:
    """The relative spacing of a dtype's numbers; whole numbers are exact."""
    return float(np.finfo(dtype).eps) if dtype.kind == "f" else 0.0

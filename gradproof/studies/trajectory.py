"""Many steps: both sides trained from the same start on the same data, and how they part.

The manual side feeds its own updated parameters into its own equations; the torch side is one optimizer with its
state. After one step they differ by rounding; later steps amplify it as far as the training itself is unstable.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradproof.check.case import Case
from gradproof.check.evaluate import Evaluator
from gradproof.check.facts.measured import Trajectory
from gradproof.errors import GradproofError
from gradproof.trials.numbers import TrialsDiffer
from gradproof.truth.binding import Binding
from gradproof.truth.optimizer import Tensors
from gradproof.truth.sources import Leaf, Updated

Array = NDArray[Any]

TRAINED = 256
"""So many trials of each reference are trained."""


def compare_trajectories(
    case: Case, evaluators: Sequence[Evaluator], steps: int, seed: int, scale: float
) -> Trajectory:
    """Train both sides of the first trials for so many steps.

    Raises:
        GradproofError: The derivation does not update every parameter, or steps is less than 1.
    """
    if steps < 1:
        raise GradproofError(f"training takes at least one step, not {steps}")
    parts = []
    for k, evaluator in enumerate(evaluators):
        try:
            parts.append(_train(case, k, evaluator, steps, seed, scale))
        except TrialsDiffer:  # in a later step some trials take another branch of the optimizer
            case.truths[k].steps_batched = False
            parts.append(_train(case, k, evaluator, steps, seed, scale))
    apart = np.concatenate([part[0] for part in parts], axis=1)
    size = np.max([part[1] for part in parts], axis=0)
    return Trajectory(
        steps=tuple(range(1, steps + 1)),
        max_difference=tuple(float(x) for x in apart.max(axis=1)),
        median_difference=tuple(float(x) for x in np.median(apart, axis=1)),
        largest_parameter=tuple(float(x) for x in size),
        trials=apart.shape[1],
    )


def require_trainable(case: Case) -> None:
    """See that both sides can be trained, before a long run.

    Raises:
        GradproofError: There is no optimizer, a parameter without an update, or a quantity taken as given.
    """
    for binding in case.bindings:
        if binding.reference.optimizer is None:
            raise GradproofError(f"{case.place}: --steps needs an optimizer: Reference(optimizer=torch.optim.SGD, ...)")
        _updates(case, binding)
    if not case.starts <= case.leaf_names:
        given = ", ".join(sorted(case.starts - case.leaf_names))
        raise GradproofError(f"{case.derivation.name}: --steps needs an equation for all that is not drawn: {given}")


def _train(case: Case, k: int, evaluator: Evaluator, steps: int, seed: int, scale: float) -> tuple[Array, Array]:
    """Differences `(steps, trials)` and the largest parameter `(steps,)` of one reference."""
    binding, truth = case.bindings[k], case.truths[k]
    block = case.block(k, TRAINED)
    count, draws = block.count, case.draw(block, seed, scale)
    updates = _updates(case, binding)
    carried = dict.fromkeys([*binding.parameters, *(source.path for source in updates.values())])
    manual = {name: value.copy() for name, value in draws.items()}
    leaves = truth.passes.leaves(draws)
    if truth.steps_batched is None:
        truth.evaluate(draws)
    stepper = truth.stepper(leaves)
    stepped: Tensors = {}
    apart, size = np.zeros((steps, count)), np.zeros(steps)
    for step in range(steps):
        values = evaluator.free_run(_leaf_values(case, binding, manual), count)
        for equation, source in updates.items():
            manual[source.path][(slice(None), *source.index)] = values[equation]
        stepped = stepper.step(truth.gradients({**leaves, **stepped}))
        with np.errstate(all="ignore"):
            for name in carried:
                true = stepped[name].numpy()
                difference = np.abs(manual[name].astype(np.float64) - true).reshape(count, -1).max(axis=1)
                apart[step] = np.maximum(apart[step], difference)
                if name in binding.parameters:
                    size[step] = max(size[step], float(np.abs(true).max()))
    return apart, size


def _leaf_values(case: Case, binding: Binding, draws: dict[str, Array]) -> dict[str, Array]:
    values: dict[str, Array] = {}
    for name in case.starts:
        source = binding.roots[name]
        assert isinstance(source, Leaf)
        values[name] = draws[source.path][(slice(None), *source.index)].copy()
    return values


def _updates(case: Case, binding: Binding) -> dict[str, Updated]:
    """The plain update equations.

    Together they must cover every entry of every parameter, and of the optimizer's state that the derivation reads.
    """
    updates = {}
    read = {source.path for source in map(binding.find, case.starts) if isinstance(source, Leaf)}
    shapes = {**binding.parameters, **{path: d.shape for path, d in binding.state.items() if path in read}}
    covered = {path: np.zeros(shape, dtype=bool) for path, shape in shapes.items()}
    for equation in case.derivation.equations:
        source = binding.find(equation.quantity)
        if isinstance(source, Updated) and case.derivation.by_name[equation.quantity] is equation:
            updates[equation.name] = source
            if source.path in covered:
                covered[source.path][source.index] = True
    missing = [name for name, entries in covered.items() if not entries.all()]
    if missing:
        raise GradproofError(
            f"{case.derivation.name}: --steps needs an update for every parameter, and for all optimizer state that is "
            f"read; there is none for all of {', '.join(missing)} (an equation such as `W_new`, `exp_avg_W_new`)"
        )
    return updates

"""The optimizer's step for many trials at once, by the real `torch.optim` class.

torch's elementwise optimizers do not care how a parameter is laid out, so the parameters of all trials are handed to
one optimizer as one parameter with the trials on its last axis, and a hyperparameter that differs from trial to trial
as a tensor over that axis (`gradproof.trials.numbers`). Whether the optimizer does take that is found out: the batched
step is compared with a step of its own for each of a few trials, and where it fails or differs every trial gets an
optimizer of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from gradproof.aten.uncompiled import uncompiled
from gradproof.tolerances import STEPPED
from gradproof.trials.numbers import plain, trial_array, trial_number

Tensors = dict[str, torch.Tensor]
STEP = "step"
"""The name of the state entry that counts steps; all parameters have the same count."""


@dataclass(frozen=True)
class Recipe:
    """How one reference's optimizer is made, whichever way its trials are run.

    Attributes:
        factory: The class from `torch.optim`.
        arguments: Its arguments as the reference has them: numbers, flags, distributions, or tuples of these.
        examples: A value of each argument that is a number or drawn, by its path: `lr`, `betas[0]`.
        drawn: The paths of the drawn ones.
        states: Parameter -> entry of its state -> the leaf it starts as; empty for a fresh optimizer. The count of
            steps is one leaf for all parameters, and 0 where there is no such leaf.
        shapes: The shape of each of these leaves.
        numbers: Those that are one number for a whole parameter, as the count of steps is.
    """

    factory: Callable[..., Any]
    arguments: Mapping[str, Any]
    examples: Mapping[str, float]
    drawn: tuple[str, ...] = ()
    states: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    numbers: frozenset[str] = frozenset()

    def settings(self, numbers: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments, with these numbers in place of the examples of the same path."""
        values = {**self.examples, **numbers}
        return {
            name: tuple(values.get(f"{name}[{k}]", part) for k, part in enumerate(value))
            if isinstance(value, tuple)
            else values.get(name, value)
            for name, value in self.arguments.items()
        }

    def make(self, parameters: Tensors, state: Tensors, numbers: Mapping[str, Any]) -> Any:
        """An optimizer of these parameters, in this state.

        Its constructor checks single numbers, so tensors take their place afterwards.
        """
        tensors = {path: value for path, value in numbers.items() if isinstance(value, torch.Tensor)}
        simple = {path: value for path, value in numbers.items() if path not in tensors}
        with uncompiled():
            optimizer = self.factory(list(parameters.values()), **self.settings(simple))
        for group in optimizer.param_groups:
            group.update({name: self.settings(numbers)[name] for name in {path.partition("[")[0] for path in tensors}})
            if "foreach" in group:
                group["foreach"] = False
        for name, entries in self.states.items():
            optimizer.state[parameters[name]] = {key: state[path].clone() for key, path in entries.items()}
        return optimizer

    def step(self, optimizer: Any, parameters: Tensors, gradients: Tensors) -> Tensors:
        """Take a step; returns the parameters and the named state after it, by path."""
        for name, value in parameters.items():
            value.grad = gradients[name]
        with torch.no_grad(), uncompiled():
            optimizer.step()
        values = dict(parameters)
        for name, entries in self.states.items():
            own = optimizer.state[parameters[name]]
            values.update((path, own[key]) for key, path in entries.items())
        return {path: plain(value) for path, value in values.items()}


class Stepper:
    """Steps of one optimizer for a block of trials, keeping its state between steps.

    Args:
        recipe: The optimizer.
        names: Its parameters.
        leaves: The values before the first step, `(n, *shape)` by path: parameters, drawn hyperparameters, state.
        batched: One optimizer for all trials, or one for each.
    """

    def __init__(self, recipe: Recipe, names: Iterable[str], leaves: Tensors, *, batched: bool) -> None:
        self.recipe, self.batched = recipe, batched
        parameters = {name: leaves[name].detach() for name in names}
        self.dtype = next(iter(parameters.values())).dtype
        count = len(next(iter(parameters.values())))
        state = _state_leaves(recipe, leaves, count)
        if batched:
            self.parts = [_together(recipe, parameters, state, leaves)]
        else:
            self.parts = [_alone(recipe, parameters, state, leaves, trial) for trial in range(count)]

    def step(self, gradients: Tensors) -> Tensors:
        """Take one step on `(n, *shape)` gradients; returns parameters and state after it, `(n, *shape)` by path."""
        if self.batched:
            parameters, optimizer = self.parts[0]
            laid_out: Tensors = {name: trial_array(gradients[name].movedim(0, -1)) for name in parameters}
            stepped = self.recipe.step(optimizer, parameters, laid_out)
            return {path: value.movedim(-1, 0).to(self.dtype) for path, value in stepped.items()}
        rows = []
        for trial, (parameters, optimizer) in enumerate(self.parts):
            own = {name: gradients[name][trial].detach().clone() for name in parameters}
            rows.append({path: v.clone() for path, v in self.recipe.step(optimizer, parameters, own).items()})
        return {path: torch.stack([row[path] for row in rows]).to(self.dtype) for path in rows[0]}


def _together(recipe: Recipe, parameters: Tensors, state: Tensors, leaves: Tensors) -> tuple[Tensors, Any]:
    """One optimizer of all trials; its numbers are in float64 as Python's are, whatever the parameters are in."""
    arrays: Tensors = {name: trial_array(value.movedim(0, -1)) for name, value in parameters.items()}
    entries: Tensors = {
        path: trial_number(value.double()) if path in recipe.numbers else trial_array(value.movedim(0, -1))
        for path, value in state.items()
    }
    numbers = {path: trial_number(leaves[path].double(), recipe.examples[path]) for path in recipe.drawn}
    return arrays, recipe.make(arrays, entries, numbers)


def _alone(recipe: Recipe, parameters: Tensors, state: Tensors, leaves: Tensors, trial: int) -> tuple[Tensors, Any]:
    own = {name: value[trial].clone() for name, value in parameters.items()}
    entries = {path: value[trial] for path, value in state.items()}
    return own, recipe.make(own, entries, {path: leaves[path][trial].item() for path in recipe.drawn})


def _state_leaves(recipe: Recipe, leaves: Tensors, count: int) -> Tensors:
    return {path: leaves[path].detach() if path in leaves else torch.zeros(count) for path in recipe.shapes}


def recorded_step(recipe: Recipe, leaves: Tensors, gradients: Tensors) -> Tensors:
    """One trial's step as operations on tensors alone, so that every number in it can be a leaf of a recording.

    Args:
        recipe: The optimizer.
        leaves: One trial's values by path: parameters, hyperparameters that are numbers or drawn, state.
        gradients: Of the parameters.
    """
    parameters: Tensors = {name: trial_array(leaves[name]) for name in gradients}
    numbers = {path: trial_number(leaves[path], example) for path, example in recipe.examples.items()}
    given = {path: leaves[path] if path in leaves else torch.zeros(()) for path in recipe.shapes}
    state: Tensors = {
        path: trial_number(value) if path in recipe.numbers else trial_array(value) for path, value in given.items()
    }
    optimizer = recipe.make(parameters, state, numbers)
    return recipe.step(optimizer, parameters, {name: trial_array(value) for name, value in gradients.items()})


def takes_batches(recipe: Recipe, names: Iterable[str], leaves: Tensors) -> bool:
    """Whether one optimizer for all trials does what one for each trial does, over two steps of a few trials."""
    few = {path: value[:5].detach() for path, value in leaves.items()}
    names = list(names)
    try:
        together, alone = (Stepper(recipe, names, few, batched=batched) for batched in (True, False))
        for turn in range(2):
            gradients = {name: few[name].cos() * (turn + 1) for name in names}
            a, b = together.step(gradients), alone.step(gradients)
            for path in a:
                within = STEPPED.times(torch.finfo(a[path].dtype).eps)
                if not torch.allclose(a[path], b[path], rtol=within.relative, atol=within.absolute, equal_nan=True):
                    return False
    except (RuntimeError, TypeError, ValueError, AttributeError, KeyError):
        return False  # the optimizer does not take tensors: its own words for that differ from class to class
    return True


def state_shapes(recipe: Recipe, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, dict[str, tuple[int, ...]]]:
    """The state that the optimizer keeps for each parameter, found out by a step on zeros: entry -> its shape."""
    parameters = {name: torch.zeros(shape) for name, shape in shapes.items()}
    for value in parameters.values():
        value.grad = torch.zeros_like(value)
    with uncompiled():
        optimizer = recipe.factory(list(parameters.values()), **recipe.settings({}))
        optimizer.step()
    return {
        name: {key: tuple(entry.shape) for key, entry in optimizer.state[value].items() if torch.is_tensor(entry)}
        for name, value in parameters.items()
    }

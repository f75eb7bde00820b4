"""What a function is called with: named arguments, drawn anew for each trial, in one or several sets of sizes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from gradproof.case.distributions import Constant, Distribution
from gradproof.errors import GradproofError

Named = Mapping[str, Any]
Inputs = Named | list[Named] | tuple[Named, ...] | Callable[..., Named]

SIZE_SETS = 2
"""How many sets of sizes are drawn for inputs that are a function of sizes."""

_SMALLEST, _SPARE = 2, 5


@dataclass(frozen=True)
class Draw:
    """The arguments of one trial, in the order in which they are passed; floating tensors are float64.

    Attributes:
        values: Name -> tensor, or anything else, which is passed on as it is.
        group: Which set of sizes it is of.
        seed: Where its cotangents start.
    """

    values: dict[str, Any]
    group: int
    seed: tuple[int, ...]

    @property
    def shapes(self) -> str:
        """The tensors' shapes on one line."""
        return ", ".join(f"{name} {tuple(v.shape)}" for name, v in self.values.items() if isinstance(v, torch.Tensor))


def is_real(value: Any) -> bool:
    """Whether a value is a tensor of floating numbers, of which there can be a gradient."""
    return isinstance(value, torch.Tensor) and value.is_floating_point()


def case_sets(inputs: Inputs, seed: int) -> list[dict[str, Any]]:
    """Each set of named arguments, not drawn yet.

    Args:
        inputs: Name -> distribution, example tensor or other value; several such; or a function of sizes that gives
            one: its parameters are drawn pairwise distinct and above 1, a parameter's default is kept.
        seed: Where the sizes start.

    Raises:
        GradproofError: It is none of these, or there is nothing to call the function with.
    """
    if isinstance(inputs, Mapping):
        sets: list[Any] = [inputs]
    elif callable(inputs):
        sets = [inputs(**sizes) for sizes in _sizes(inputs, seed)]
    else:
        sets = list(inputs) if isinstance(inputs, list | tuple) else [inputs]
    if not sets or not all(isinstance(one, Mapping) and one and all(isinstance(n, str) for n in one) for one in sets):
        raise GradproofError(
            'inputs are given by name, such as {"x": normal(5, 3), "w": normal(3, 4)}, or as a list of such '
            f"dictionaries, or as a function of sizes that returns one; not {inputs!r}"
        )
    if any(list(one) != list(sets[0]) for one in sets):
        raise GradproofError(
            f"every set of inputs has the same names in the same order, but there are {[list(one) for one in sets]}"
        )
    return [dict(one) for one in sets]


def _sizes(inputs: Callable[..., Named], seed: int) -> list[dict[str, int]]:
    parameters = inspect.signature(inputs).parameters.values()
    free = [p.name for p in parameters if p.default is p.empty]
    generator = np.random.default_rng([seed, len(free)])
    pool = np.arange(_SMALLEST, _SMALLEST + len(free) + _SPARE)
    return [dict(zip(free, map(int, generator.permutation(pool)), strict=False)) for _ in range(SIZE_SETS)]


def draw(named: Named, group: int, trial: int, seed: int) -> Draw:
    """One trial of a set of arguments."""
    key = (seed, group, trial)
    generator = np.random.default_rng(key)
    return Draw({name: _value(value, generator) for name, value in named.items()}, group, key)


def _value(value: Any, generator: np.random.Generator) -> Any:
    if isinstance(value, Distribution):
        if isinstance(value, Constant):
            return value.value
        return torch.from_numpy(np.array(value.sample(generator, 1)[0]))
    if isinstance(value, np.ndarray):
        value = torch.from_numpy(value.copy())
    if isinstance(value, torch.Tensor):
        copy = value.detach().clone()
        return copy.double() if copy.is_floating_point() else copy
    return value


def checked_wrt(values: Named, wrt: Sequence[str] | None) -> tuple[str, ...]:
    """The names of the inputs whose gradients are checked: the given ones, or all of floating numbers.

    Raises:
        GradproofError: A name is unknown or not of floating numbers, or none is left.
    """
    real = [name for name, value in values.items() if is_real(value)]
    if wrt is None:
        if not real:
            kinds = ", ".join(f"{name} ({getattr(v, 'dtype', type(v).__name__)})" for name, v in values.items())
            raise GradproofError(
                f"none of the inputs can have a gradient: {kinds}; at least one must be a tensor of floating numbers, "
                "such as normal(5, 3)"
            )
        return tuple(real)
    if isinstance(wrt, str) or not wrt or [name for name in wrt if name not in real]:
        raise GradproofError(
            f"wrt lists the inputs whose gradients are checked; it is {wrt!r}, and those of floating numbers are "
            f"{', '.join(real) or 'none'}"
        )
    return tuple(name for name in real if name in wrt)

"""What a function is called with: named arguments, drawn anew for each trial, in one or several sets of sizes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch

from gradproof.case.kinds import Constant, Distribution
from gradproof.errors import GradproofError
from gradproof.functions.running.numbers import is_continuous, wide

Named = Mapping[str, Any]
Inputs = Named | list[Named] | tuple[Named, ...] | Callable[..., Named]
Maker = Callable[[np.random.Generator], Named]

SIZE_SETS = 2
"""How many sets of sizes are drawn for inputs that are a function of sizes."""

LARGE = 4_000_000
"""Draws of more entries are made again rather than kept, and less is done with them at once."""

_SMALLEST, _SPARE = 2, 5


@dataclass(frozen=True)
class Draw:
    """The arguments of one trial, in the order in which they are passed; floating tensors are float64.

    Attributes:
        values: Name -> tensor, or anything else, which is passed on as it is.
        group: Which set of sizes it is of.
        seed: Where its cotangents start.
        fixed: Names whose values were given or made by the user: they may have a structure.
        again: Draws the numbers, where they are not kept.
    """

    values: dict[str, Any]
    group: int
    seed: tuple[int, ...]
    fixed: frozenset[str] = frozenset()
    again: Callable[[], Draw] | None = None

    @property
    def is_large(self) -> bool:
        """Whether it is made again rather than kept."""
        return self.entries > LARGE

    def filled(self) -> Draw:
        """The draw with its numbers, which may have to be drawn again."""
        return self if self.again is None else self.again()

    def emptied(self, again: Callable[[], Draw]) -> Draw:
        """The same without the numbers of its tensors, which take no memory then.

        Args:
            again: Draws them again.
        """
        hollow = {name: v.to("meta") if isinstance(v, torch.Tensor) else v for name, v in self.values.items()}
        return replace(self, values=hollow, again=again)

    @property
    def shapes(self) -> str:
        """The tensors' shapes on one line."""
        return ", ".join(f"{name} {tuple(v.shape)}" for name, v in self.values.items() if isinstance(v, torch.Tensor))

    @property
    def entries(self) -> int:
        """How many numbers the tensors have."""
        return sum(value.numel() for value in self.values.values() if isinstance(value, torch.Tensor))


def case_sets(inputs: Inputs, seed: int) -> list[Named | Maker]:
    """Each set of named arguments, not drawn yet.

    Args:
        inputs: Name -> distribution, example tensor or other value; several such; or a function of sizes that gives
            one: its parameters are drawn pairwise distinct and above 1, a parameter's default is kept. If its first
            parameter is `rng`, it draws the values itself, with NumPy's generator of the trial.
        seed: Where the sizes start.

    Raises:
        GradproofError: It is none of these, or there is nothing to call the function with.
    """
    if isinstance(inputs, Mapping):
        sets: list[Any] = [inputs]
    elif callable(inputs):
        sets = [of_sizes(inputs, sizes) for sizes in drawn_sizes(inputs, seed)]
    else:
        sets = list(inputs) if isinstance(inputs, list | tuple) else [inputs]
    shown = [one(np.random.default_rng(seed)) if callable(one) else one for one in sets]
    if not sets or not all(isinstance(one, Mapping) and one and all(isinstance(n, str) for n in one) for one in shown):
        raise GradproofError(
            'inputs are given by name, such as {"x": normal(5, 3), "w": normal(3, 4)}, or as a list of such '
            f"dictionaries, or as a function of sizes that returns one; not {inputs!r}"
        )
    if any(list(one) != list(shown[0]) for one in shown):
        raise GradproofError(
            f"every set of inputs has the same names in the same order, but there are {[list(one) for one in shown]}"
        )
    return sets


def size_names(inputs: Callable[..., Named]) -> list[str]:
    """The sizes that a function of sizes leaves open."""
    parameters = list(inspect.signature(inputs).parameters.values())
    return [p.name for p in parameters[_draws(inputs) :] if p.default is p.empty]


def of_sizes(inputs: Callable[..., Named], sizes: Mapping[str, int]) -> Named | Maker:
    """The inputs of given sizes, or what makes them from a generator."""
    return partial(inputs, **sizes) if _draws(inputs) else inputs(**sizes)


def drawn_sizes(inputs: Callable[..., Named], seed: int) -> list[dict[str, int]]:
    """Sets of sizes that are pairwise distinct and above 1."""
    free = size_names(inputs)
    generator = np.random.default_rng([seed, len(free)])
    pool = np.arange(_SMALLEST, _SMALLEST + len(free) + _SPARE)
    return [dict(zip(free, map(int, generator.permutation(pool)), strict=False)) for _ in range(SIZE_SETS)]


def _draws(inputs: Callable[..., Named]) -> bool:
    """Whether the function's first parameter is a generator."""
    return next(iter(inspect.signature(inputs).parameters), "") == "rng"


def skeleton_of(named: Named) -> dict[str, Any]:
    """Argument -> the name of its value, or, for lists and dicts of tensors, the names of theirs in the same form."""
    return {name: _skeleton(name, value) for name, value in named.items()}


def _skeleton(name: str, value: Any) -> Any:
    if not _holds_tensors(value):
        return name
    if isinstance(value, Mapping):
        return {key: _skeleton(f"{name}[{key!r}]", part) for key, part in value.items()}
    found = [_skeleton(f"{name}[{k}]", part) for k, part in enumerate(value)]
    return found if isinstance(value, list) else tuple(found)


def _holds_tensors(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_is_drawn(part) or _holds_tensors(part) for part in value.values())
    if isinstance(value, list | tuple):
        return any(_is_drawn(part) or _holds_tensors(part) for part in value)
    return False


def _is_drawn(value: Any) -> bool:
    return isinstance(value, torch.Tensor | np.ndarray | Distribution)


def flattened(named: Named) -> dict[str, Any]:
    """The values by the names that the skeleton has."""
    return dict(_leaves(named, skeleton_of(named)))


def _leaves(values: Any, skeleton: Any) -> Iterator[tuple[str, Any]]:
    pairs = (
        [(value, skeleton[key]) for key, value in values.items()]
        if isinstance(values, Mapping)
        else list(zip(values, skeleton, strict=True))
    )
    for value, node in pairs:
        if isinstance(node, str):
            yield node, value
        else:
            yield from _leaves(value, node)


def draw(one: Named | Maker, group: int, trial: int, seed: int) -> Draw:
    """One trial of a set of arguments."""
    key = (seed, group, trial)
    generator = np.random.default_rng(key)
    made = callable(one)
    named = flattened(one(generator) if callable(one) else one)
    fixed = frozenset(n for n, v in named.items() if made or not isinstance(v, Distribution) or v.is_integer)
    return Draw({name: _value(value, generator) for name, value in named.items()}, group, key, fixed)


def _value(value: Any, generator: np.random.Generator) -> Any:
    if isinstance(value, Distribution):
        if isinstance(value, Constant):
            return value.value
        return torch.from_numpy(np.require(value.sample(generator, 1)[0], requirements=["C", "W"]))
    if isinstance(value, np.ndarray):
        value = torch.from_numpy(value.copy())
    if isinstance(value, torch.Tensor):
        return wide(value.detach().clone())
    return value


def checked_wrt(values: Named, wrt: Sequence[str] | None) -> tuple[str, ...]:
    """The names of the inputs whose gradients are checked: the given ones, or all of real or complex numbers.

    Raises:
        GradproofError: A name is unknown or not of such numbers, or none is left.
    """
    real = [name for name, value in values.items() if is_continuous(value)]
    if wrt is None:
        if not real:
            kinds = ", ".join(f"{name} ({getattr(v, 'dtype', type(v).__name__)})" for name, v in values.items())
            raise GradproofError(
                f"none of the inputs can have a gradient: {kinds}; at least one must be a tensor of floating numbers, "
                "such as normal(5, 3)"
            )
        return tuple(real)
    if isinstance(wrt, str) or not wrt or [name for name in wrt if _owner(name, real) is None]:
        raise GradproofError(
            f"wrt lists the inputs whose gradients are checked; it is {wrt!r}, and those of floating numbers are "
            f"{', '.join(real) or 'none'}"
        )
    return tuple(name for name in real if any(name == one or name.startswith(f"{one}[") for one in wrt))


def _owner(name: str, real: Sequence[str]) -> str | None:
    """The first tensor that a name stands for: itself, or one in the list or dict of that name."""
    return next((one for one in real if one == name or one.startswith(f"{name}[")), None)

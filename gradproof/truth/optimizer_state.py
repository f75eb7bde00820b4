"""The optimizer of a reference and the state that it starts from: which leaves these are, and what they may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from gradproof.case.kinds import Constant, Distribution, Integers
from gradproof.case.project import suggestions
from gradproof.case.reference import Reference, number_or_draw
from gradproof.errors import GradproofError
from gradproof.truth.optimizer import STEP, Recipe, state_shapes

Shape = tuple[int, ...]


def recipe_of(reference: Reference, place: str, shapes: Mapping[str, Shape], dtype: torch.dtype) -> Recipe | None:
    """How the reference's optimizer is made; None where it has none.

    Args:
        reference: The reference.
        place: Its file, for messages.
        shapes: The shape of each parameter.
        dtype: Of the run; a number is rounded to it, as the derivation's own is.

    Raises:
        GradproofError: The optimizer has no such state, or more than is given.
    """
    if reference.optimizer is None:
        return None
    examples = {argument.path: _example(argument.distribution, dtype) for argument in reference.arguments}
    drawn = tuple(a.path for a in reference.arguments if not isinstance(a.distribution, Constant))
    recipe = Recipe(reference.optimizer, dict(reference.hyperparameters), examples, drawn)
    _require_makeable(recipe, place)
    if not reference.state:
        return recipe
    found = _shapes(recipe, place, shapes)
    _check_names(reference, place, found)
    states = {name: {key: STEP if key == STEP else f"{name}.{key}" for key in found[name]} for name in shapes}
    leaves = {path: found[name][key] for name, entries in states.items() for key, path in entries.items()}
    whole = {path for name, entries in states.items() for path in entries.values() if shapes[name]}
    numbers = frozenset(path for path in leaves if path == STEP or (leaves[path] == () and path in whole))
    return replace(recipe, states=states, shapes=leaves, numbers=numbers)


def _require_makeable(recipe: Recipe, place: str) -> None:
    """Make the optimizer once, so that a misspelt argument is told in its own words."""
    try:
        recipe.make({"parameter": torch.zeros(1, requires_grad=True)}, {}, {})
    except Exception as error:
        given = ", ".join(f"{name}={value!r}" for name, value in recipe.arguments.items())
        raise GradproofError(
            f"{place}: the optimizer cannot be made with hyperparameters={{{given}}}: {type(error).__name__}: {error}"
        ) from error


def _example(distribution: Distribution, dtype: torch.dtype) -> float:
    """A value that the distribution can give, rounded to the run's dtype."""
    value = distribution.sample(np.random.default_rng(0), 1)[0]
    return float(torch.tensor(float(value), dtype=dtype))


def _shapes(recipe: Recipe, place: str, shapes: Mapping[str, Shape]) -> dict[str, dict[str, Shape]]:
    try:
        return state_shapes(recipe, shapes)
    except Exception as error:
        raise GradproofError(
            f"{place}: a step of the optimizer fails on parameters and gradients of zeros, so its state is not known: "
            f"{type(error).__name__}: {error}"
        ) from error


def _check_names(reference: Reference, place: str, found: Mapping[str, Mapping[str, Shape]]) -> None:
    entries = dict.fromkeys(key for own in found.values() for key in own)
    name = getattr(reference.optimizer, "__name__", "the optimizer")
    has = f"it has: {', '.join(entries)}" if entries else "it has none"
    for key in reference.state:
        if key not in entries:
            raise GradproofError(
                f"{place}: Reference(state=...) names {key!r}, which {name} with these hyperparameters does not "
                f"have{suggestions(key, list(entries))}; {has}",
                name=key,
                known=entries,
            )
    missing = [key for key in entries if key not in reference.state and key != STEP]
    if missing:
        raise GradproofError(
            f"{place}: Reference(state=...) gives {', '.join(reference.state)}, but {name} also keeps "
            f"{', '.join(missing)}; give all of its state, zeros as 0.0"
        )
    step = number_or_draw(reference.state.get(STEP, 0))
    least = step.low if isinstance(step, Integers) else step.value if isinstance(step, Constant) else -1
    if least < 0 or least % 1:
        raise GradproofError(
            f"{place}: Reference(state=...): {STEP!r} is how many steps were taken before: a whole number from 0, or "
            f"integers(0, 9); not {reference.state[STEP]!r}"
        )


def state_leaves(recipe: Recipe, reference: Reference) -> dict[str, Distribution]:
    """How each entry of the state is drawn, by its path: `W.exp_avg`; the count of steps is one `step` for all."""
    leaves: dict[str, Distribution] = {}
    for entries in recipe.states.values():
        for key, path in entries.items():
            distribution = number_or_draw(reference.state.get(key))
            if distribution is None:
                continue
            if key != STEP:
                leaves[path] = distribution.with_shape(recipe.shapes[path])
            elif isinstance(distribution, Integers):
                leaves[path] = distribution.as_counts()  # torch counts in real numbers
            else:
                leaves[path] = distribution
    return leaves


def state_names(recipe: Recipe, reference: Reference, parameters: Mapping[str, Any]) -> dict[str, tuple[str, Any]]:
    """What the derivation calls the state -> the leaf's path and index: `exp_avg_W` for the parameter called `W`.

    Args:
        recipe: The optimizer.
        reference: The reference.
        parameters: The name of a parameter or of an entry of one -> its path and index.
    """
    names = {}
    for symbol, (path, index) in parameters.items():
        for key, leaf in recipe.states.get(path, {}).items():
            distribution = number_or_draw(reference.state.get(key))
            if distribution is None:
                continue
            own = distribution.symbol or key
            names[own if key == STEP else f"{own}_{symbol}"] = (leaf, () if leaf in recipe.numbers else index)
    return names

"""What is drawn, as variables of exact expressions; and draws, as values of those variables."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradproof.case.kinds import Bernoulli, Constant, Counts, Distribution, Fixed, OneHot, Rows
from gradproof.proof.expressions.array import ExactArray, symbols
from gradproof.proof.expressions.expression import Graph
from gradproof.proof.witness import Sampler
from gradproof.truth.binding import Binding

Array = NDArray[Any]

SOME_VALUES = (Bernoulli, Counts, Rows)
"""Kinds of distributions whose numbers take some values only."""


def leaf_expressions(binding: Binding, drawn: Mapping[str, Any], graph: Graph) -> dict[str, Any]:
    """A variable for every entry of every real leaf; class indices are the numbers of a first trial.

    Whole numbers are variables that are known to take some values only. A one-hot row is made of one variable, its
    class: entry k is [class > k - 1/2] [class <= k + 1/2], so its entries are truth values with the sum 1.
    """
    leaves: dict[str, Any] = {}
    for name, distribution in binding.leaves.items():
        if distribution.is_integer:
            leaves[name] = drawn[name][0]
        elif _is_constant(distribution):
            leaves[name] = ExactArray.of(graph, drawn[name][0])
        elif isinstance(distribution, OneHot):
            leaves[name] = _one_hot(graph, symbols(graph, name, distribution.shape[:-1]), distribution.shape[-1])
        else:
            leaves[name] = symbols(graph, name, distribution.shape)
            if isinstance(distribution, SOME_VALUES):
                graph.discrete.add(name)
    return leaves


def _is_constant(distribution: Distribution) -> bool:
    """Whether it is the same in every trial."""
    return isinstance(distribution, Constant | Fixed) and not isinstance(distribution, Rows)


def _one_hot(graph: Graph, classes: ExactArray, count: int) -> ExactArray:
    entries = np.empty((*classes.shape, count), dtype=object)
    for place in np.ndindex(*classes.shape):
        row: Any = classes.expressions[place]
        above = [(row - Fraction(2 * k - 1, 2)).pos() for k in range(1, count)]  # [class >= k]
        entries[(*place, 0)] = 1 - above[0]
        entries[(*place, count - 1)] = above[-1]
        for k in range(1, count - 1):
            entry = above[k - 1] - above[k]
            graph.truth_values.add(entry.id)
            entries[(*place, k)] = entry
    return ExactArray.of(graph, entries)


def expression_inputs(binding: Binding, drawn: Mapping[str, Array]) -> dict[str, Array]:
    """The values, `(trials, *shape)`, of the variables that `leaf_expressions` makes of drawn leaves."""
    return {
        name: np.argmax(drawn[name], axis=-1).astype(np.float64) if isinstance(distribution, OneHot) else drawn[name]
        for name, distribution in binding.leaves.items()
        if not distribution.is_integer and not _is_constant(distribution)
    }


def drawn_of(binding: Binding, drawn: Mapping[str, Array], inputs: Mapping[str, Array]) -> dict[str, Array]:
    """One draw, `(1, *shape)` by leaf, from values of the variables; what is no variable is as in the draws given."""
    found = {}
    for name, distribution in binding.leaves.items():
        if name not in inputs:
            found[name] = drawn[name][:1]
        elif isinstance(distribution, OneHot):
            found[name] = np.eye(distribution.shape[-1])[np.asarray(inputs[name], dtype=int)][None]
        else:
            found[name] = np.asarray(inputs[name], dtype=np.float64)[None]
    return found


def sampler_of(binding: Binding) -> Sampler:
    """Draws of the variables as the case draws its leaves."""

    def sample(generator: np.random.Generator, name: str, shape: tuple[int, ...]) -> Array:
        values = binding.leaves[name].sample(generator, shape[0])
        return np.argmax(values, axis=-1).astype(np.float64) if isinstance(binding.leaves[name], OneHot) else values

    return sample

"""Entries that are the same but for the names of their variables are proved once."""

from __future__ import annotations

import numpy as np
import pytest

from gradproof.proof.expressions.alike import representatives
from gradproof.proof.expressions.array import ExactArray, symbols
from gradproof.proof.expressions.expression import Graph
from gradproof.proof.identity import ProofVerdict, prove_equal


def classes(nodes: ExactArray) -> list[int]:
    """The place of the entry that stands for each."""
    flat = list(nodes.expressions.flat)
    places = {node.id: place for place, node in reversed(list(enumerate(flat)))}
    found = representatives(flat)
    return [places[found[node.id].id] for node in flat]


def test_representatives_elementwise_function_is_one_class():
    x = symbols(Graph(), "x", (4,))
    assert classes(x / (1 + np.exp(-x))) == [0, 0, 0, 0]


@pytest.mark.parametrize(
    "formula",
    [
        lambda x, y: [x[0] * x[0] + x[1], x[0] * x[1] + x[0]],  # the same operations on other variables
        lambda x, y: [x[0] + 2 * x[1], x[0] + 3 * x[1]],
        lambda x, y: [np.exp(x[0]), np.sin(x[0])],
        lambda x, y: [x[0] * y[0], y[0] * y[0]],
        lambda x, y: [np.where(x[0] > 0, x[1], 0.0), np.where(x[0] > 0, x[0], 0.0)],
    ],
)
def test_representatives_expressions_that_are_not_renamed_are_apart(formula):
    graph = Graph()
    x, y = symbols(graph, "x", (3,)), symbols(graph, "y", (3,))
    assert classes(np.stack(formula(x, y))) == [0, 1]


def test_representatives_variable_of_few_values_is_another():
    graph = Graph()
    graph.discrete.add("n")
    x, n = symbols(graph, "x", (1,)), symbols(graph, "n", (1,))
    assert classes(np.concatenate([x, n])) == [0, 1]


def test_representatives_larger_than_the_limit_stands_for_itself():
    x = symbols(Graph(), "x", (2, 300))
    assert classes(np.prod(1 + x * x, axis=1)) == [0, 1]


def test_prove_equal_wrong_entry_among_equal_ones_is_refuted():
    graph = Graph()
    x = symbols(graph, "x", (3,))
    right = np.maximum(x, 0.0) - np.maximum(-x, 0.0)
    factors = np.array([1.0, 1.0, 2.0])
    assert prove_equal([(x, right)], seed=1)[0].verdict is ProofVerdict.PROVED
    proof = prove_equal([(x * factors, right)], seed=1)[0]
    assert proof.verdict is ProofVerdict.REFUTED
    assert proof.place == (2,)

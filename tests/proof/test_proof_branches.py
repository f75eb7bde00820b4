"""Python branches on exact values: both sides are followed, joined, and bounded."""

from __future__ import annotations

import numpy as np
import pytest

from gradproof.proof.expressions.array import ExactArray, symbols
from gradproof.proof.expressions.branches import trace
from gradproof.proof.expressions.errors import TraceError
from gradproof.proof.expressions.expression import Graph
from gradproof.proof.identity import ProofVerdict, prove_equal


@pytest.fixture
def graph():
    return Graph()


@pytest.fixture
def x(graph):
    return symbols(graph, "x")


def leaky(x):
    if x > 0:
        return x
    return 0.1 * x


def three_way(x):
    if x > 1:
        return x * 2
    if x < -1:
        return -x
    return x * 0


def in_place(v):
    if v[0] > v[1]:
        v[0] = 0.0
    v += 1
    return v


def structured(x):
    if x > 0:
        return {"a": x, "b": (x, 1.0)}
    return {"a": -x, "b": (x * 0, 2.0)}


def verdict(expected, found):
    return prove_equal([(expected, found)], seed=1)[0].verdict


def test_trace_branch_equals_where(graph, x):
    assert verdict(np.where(x > 0, x, 0.1 * x), trace(graph, leaky, x)) is ProofVerdict.PROVED


def test_trace_branch_of_another_sign_is_refuted(graph, x):
    assert verdict(np.where(x < 0, x, 0.1 * x), trace(graph, leaky, x)) is ProofVerdict.REFUTED


def test_trace_elif_chain_equals_nested_where(graph, x):
    expected = np.where(x > 1, x * 2, np.where(x < -1, -x, 0))
    assert verdict(expected, trace(graph, three_way, x)) is ProofVerdict.PROVED


def test_trace_each_path_starts_from_the_same_inputs(graph):
    v = symbols(graph, "v", (2,))
    expected = np.stack([np.where(v[0] > v[1], 0.0, v[0]), v[1]]) + 1
    assert verdict(expected, trace(graph, in_place, v)) is ProofVerdict.PROVED
    assert v.expressions[0].op == "var"


def test_trace_nested_results_are_joined_part_by_part(graph, x):
    result = trace(graph, structured, x)
    assert verdict(np.abs(x), result["a"]) is ProofVerdict.PROVED
    assert verdict(np.maximum(x, 0), result["b"][0]) is ProofVerdict.PROVED
    assert verdict(np.where(x > 0, 1.0, 2.0), result["b"][1]) is ProofVerdict.PROVED


def test_trace_condition_met_again_takes_the_same_side(graph, x):
    runs = []

    def function(x):
        positive = bool(x > 0)
        runs.append((positive, bool(x > 0), not (x <= 0), not (x > 0)))
        return x

    trace(graph, function, x)
    assert [run[0] for run in runs] == [True, False]
    assert all(run[0] is run[1] is run[2] is not run[3] for run in runs)


def test_trace_values_that_are_constant_do_not_branch(graph, x):
    def function(x):
        return x if np.sum(np.ones_like(x)) > 0 else x / 0

    assert trace(graph, function, x).expressions[()] is x.expressions[()]


def test_trace_too_many_branches_is_an_error(graph):
    v = symbols(graph, "v", (12,))

    def count(v):
        return sum(1.0 for value in v if value > 0)

    with pytest.raises(TraceError, match="more than 8 Python branches"):
        trace(graph, count, v)
    assert isinstance(trace(graph, lambda v: count(v[:3]), v), ExactArray | float)


def test_trace_sides_of_different_shapes_is_an_error(graph, x):
    with pytest.raises(TraceError, match=r"shapes \(\) and \(2,\)"):
        trace(graph, lambda x: x if x > 0 else np.stack([x, x]), x)


def test_trace_sides_of_different_kinds_is_an_error(graph, x):
    with pytest.raises(TraceError, match="a tuple and a dict"):
        trace(graph, lambda x: (x,) if x > 0 else {"a": x}, x)


def test_branch_outside_of_trace_is_an_error_that_names_it(x):
    with pytest.raises(TraceError, match=r"gradproof\.proof\.expressions\.branches\.trace"):
        leaky(x)


def test_trace_ordinary_error_of_the_function_says_where(graph, x):
    def function(x):
        return x.reshape(7)

    with pytest.raises(TraceError, match=r"in function \(test_proof_branches.py, line \d+\): ValueError") as caught:
        trace(graph, function, x)
    assert isinstance(caught.value.__cause__, ValueError)


@pytest.mark.parametrize("broken", [lambda x: x.nothing, lambda x: {}[0], lambda x: [x][1], lambda x: 1 // 0])
def test_trace_any_error_of_the_function_is_one_that_cannot_be_followed(graph, x, broken):
    with pytest.raises(TraceError, match=r"in <lambda> \(test_proof_branches.py, line \d+\): \w+Error"):
        trace(graph, broken, x)

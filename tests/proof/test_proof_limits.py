"""Hostile and huge expressions end in UNDECIDED with a reason, soon."""

from __future__ import annotations

import numpy as np
import pytest

from gradproof.proof.expressions.array import ExactArray, symbols
from gradproof.proof.expressions.expression import Graph
from gradproof.proof.identity import ProofVerdict, prove_equal


@pytest.fixture
def graph():
    return Graph()


@pytest.fixture
def x(graph):
    return symbols(graph, "x")


def undecided(pair, **options):
    proof = prove_equal([pair], seed=1, **options)[0]
    assert proof.verdict is ProofVerdict.UNDECIDED
    return proof.reason


def test_degree_too_high_for_the_field_is_undecided(graph, x):
    y = symbols(graph, "y")
    power = x / 2 + y / 2
    for _ in range(600):
        power = power * power
    assert "degrees are too high" in undecided((power * (x + y), power * x + power * y))


def test_high_degree_within_the_field_is_proved(graph, x):
    y = symbols(graph, "y")
    power = x + y
    for _ in range(200):
        power = power * power
    assert prove_equal([(power * (x + y), power * x + power * y)], seed=1)[0].verdict is ProofVerdict.PROVED


def test_deadline_that_has_passed_is_undecided(graph):
    v = symbols(graph, "v", (6,))
    assert "not finished in" in undecided((np.sum(v) ** 2, np.sum(np.outer(v, v))), deadline=0.0)


def test_deadline_is_kept_by_a_large_expression(graph):
    rng = np.random.default_rng(1)
    v = symbols(graph, "v", (60,))
    exponents = [np.sum(v * rng.integers(1, 9, 60)) for _ in range(400)]
    a, b = np.zeros_like(v[0]), np.zeros_like(v[0])
    for u in exponents:
        a, b = a + np.exp(u + 1), b + np.exp(u) * np.exp(np.ones_like(u))
    assert "not finished in the work of about 0.1 s" in undecided((a * a, b * b), deadline=0.1)


def test_deadline_counts_work_and_asks_no_clock(graph, monkeypatch):
    for clock in ("time", "monotonic", "perf_counter", "process_time", "thread_time"):
        monkeypatch.setattr(f"time.{clock}", lambda: pytest.fail("a proof asked a clock"))
    v = symbols(graph, "v", (6,))
    pair = np.exp(np.sum(v)) ** 2, np.exp(2 * np.sum(v))
    assert prove_equal([pair], seed=1)[0].verdict is ProofVerdict.PROVED
    assert "not finished" in undecided(pair, deadline=1e-6)


def test_more_conditions_than_allowed_is_undecided(graph):
    v = symbols(graph, "v", (6,))
    expected = np.prod(np.abs(v) * np.sign(v))
    assert "more than 3 conditions" in undecided((expected, np.prod(v)), most_conditions=3)
    assert prove_equal([(expected, np.prod(v))], seed=1)[0].verdict is ProofVerdict.PROVED


def test_difference_past_the_size_of_the_graph_is_undecided():
    graph = Graph(max_nodes=40)
    v = symbols(graph, "v", (3,))
    pairs = [(v * i + v, v * (i + 1)) for i in range(2, 4)]
    used = len(graph.nodes)
    graph.max_nodes = used
    proofs = prove_equal(pairs, seed=1)
    assert all(proof.verdict is ProofVerdict.UNDECIDED for proof in proofs)
    assert f"more than {used} operations" in proofs[0].reason


def test_root_of_a_square_that_is_not_at_hand_is_undecided(x):
    hidden = np.sqrt(x**4 + 4 * x**3 + 6 * x**2 + 4 * x + 1)
    assert "root is not at hand" in undecided(
        (hidden + 1, x * x + 2 * x + 2 + 0 * hidden + hidden - hidden - 1 + 1 + 0)
    )


def test_division_by_zero_everywhere_is_not_proved(x):
    y = x / (x * (x + 1) - x * x - x)
    proof = prove_equal([(x, y)], seed=1)[0]
    assert proof.verdict is not ProofVerdict.PROVED


def test_infinite_constant_on_one_side_is_undecided(graph, x):
    infinite = ExactArray.of(graph, np.inf)
    assert "infinite" in undecided((x, infinite))
    assert prove_equal([(infinite, infinite)], seed=1)[0].verdict is ProofVerdict.PROVED


def test_nowhere_real_root_is_not_proved(x):
    proof = prove_equal([(np.sqrt(-x * x - 1), np.sqrt(-x * x - 1) * 2)], seed=1)[0]
    assert proof.verdict is not ProofVerdict.PROVED


def test_roots_of_awkward_constants_are_proved(x):
    graph = x.expressions[()].graph
    c = ExactArray.of(graph, 0.1)
    pair = (np.sqrt(x * x + c) * np.sqrt(c), np.sqrt(c * x * x + c * c))
    assert prove_equal([pair], seed=1)[0].verdict is ProofVerdict.PROVED


def test_many_independent_roots_are_proved(graph):
    X = symbols(graph, "X", (12, 2))
    norms = np.sqrt((X * X).sum(axis=1))
    assert prove_equal([(np.sum(norms * norms * norms), np.sum((X * X).sum(axis=1) * norms))], seed=1)[0].verdict is (
        ProofVerdict.PROVED
    )


def test_many_conditions_that_stay_linear_are_proved(graph):
    X = symbols(graph, "X", (40,))
    expected = np.sum(np.maximum(X, 0)) ** 2
    found = np.sum(np.maximum(X, 0)) * np.sum((X + np.abs(X)) / 2)
    assert prove_equal([(expected, found)], seed=1)[0].verdict is ProofVerdict.PROVED


def test_one_squared_condition_among_many_is_told_apart(graph):
    X = symbols(graph, "X", (15,))
    rest = np.sum(np.maximum(X[1:], 0))
    pair = (np.abs(X[0]) * np.sign(X[0]) * rest, X[0] * rest)
    assert prove_equal([pair], seed=1)[0].verdict is ProofVerdict.PROVED

"""The expression graph: sharing, exactness, what is rewritten while it is built, derivatives, wording."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from proof_mutants import extended

from gradproof.proof.expressions import functions
from gradproof.proof.expressions.calculus import exchanged, gradient
from gradproof.proof.expressions.errors import ExpressionLimit, TraceError
from gradproof.proof.expressions.expression import Graph
from gradproof.proof.expressions.ranges import certain_divisors
from gradproof.proof.expressions.walking import topological
from gradproof.proof.expressions.wording import described


@pytest.fixture
def graph():
    return Graph()


@pytest.fixture
def x(graph):
    return graph.variable("x")


@pytest.fixture
def y(graph):
    return graph.variable("y")


def test_graph_equal_operations_share_one_node(graph, x, y):
    assert x * y + 1 is 1 + y * x
    assert (x + y).exp() is (y + x).exp()
    assert graph.variable("x") is x
    assert graph.variable("x", (0,)) is not x


def test_constant_float_is_the_binary_fraction_that_it_is(graph):
    assert graph.constant(0.1).value == Fraction(0.1) != Fraction(1, 10)
    assert graph.constant(np.float32(0.1)).value == Fraction(float(np.float32(0.1)))
    assert graph.constant(True) is graph.constant(1)


@pytest.mark.parametrize("bad", [math.nan, np.float64("nan")])
def test_constant_nan_is_refused(graph, bad):
    with pytest.raises(TraceError, match="NaN"):
        graph.constant(bad)


def test_sum_and_product_of_constants_are_exact(graph):
    tenth = graph.constant(0.1)
    assert (tenth + tenth + tenth).value == 3 * Fraction(0.1)
    assert (tenth / 3).value == Fraction(0.1) / 3


def test_difference_of_equal_terms_is_zero(x, y):
    assert (x * y - y * x).value == 0
    assert (x - y + -(x - y)).value == 0


@pytest.mark.parametrize(
    "rewritten",
    [
        lambda x, y: (x.exp().log(), x),
        lambda x, y: ((x.exp() * y.exp()).log(), x + y),
        lambda x, y: ((1 / (1 + x.exp())).log(), -(1 + x.exp()).log()),
        lambda x, y: (x.exp().sqrt(), (x * Fraction(1, 2)).exp()),
        lambda x, y: ((4 * x).sqrt(), 2 * x.sqrt()),
        lambda x, y: (x.sqrt() * x.sqrt(), x),
        lambda x, y: (x**3, x * x * x),
        lambda x, y: (functions.maximum(x, y), functions.maximum(y, x)),
        lambda x, y: (functions.maximum(functions.maximum(x, x.graph.constant(0)), x.graph.constant(0)).pos(), x.pos()),
        lambda x, y: ((3 * x).pos(), x.pos()),
        lambda x, y: ((x.exp() * y).pos(), y.pos()),
        lambda x, y: ((-2 * x).pos(), (-x).pos()),
        lambda x, y: ((x * x.pos()) * (y * x.pos()), x * y * x.pos()),
        lambda x, y: ((x.exp() + 1).pos(), x.graph.constant(1)),
        lambda x, y: ((-x * x).pos(), x.graph.constant(0)),
        lambda x, y: (abs(x.exp()), x.exp()),
    ],
)
def test_rewriting_gives_the_same_node_and_the_same_values(graph, x, y, rewritten):
    result, expected = rewritten(x, y)
    inputs = {"x": np.linspace(0.1, 3, 30), "y": np.linspace(2, 0.2, 30)}
    assert np.allclose(*(np.asarray(v, dtype=float) for v in extended([result, expected], inputs)))
    assert result is expected


@pytest.mark.parametrize(
    ("operation", "problem"),
    [
        (lambda x: x / 0, "division by the constant zero"),
        (lambda x: (x * 0).log(), r"log\(0\)"),
        (lambda x: (x * 0 - 1).sqrt(), r"sqrt\(-1\)"),
        (lambda x: x * math.inf, "infinite constant"),
        (lambda x: x + "text", "a str meets"),
        (lambda x: x + Graph().variable("x"), "different graphs"),
        (lambda x: x ** (10**9), "a power above"),
    ],
)
def test_operation_without_finite_result_is_an_error(x, operation, problem):
    with pytest.raises(TraceError, match=problem):
        operation(x)


def test_infinite_constants_follow_numpy(graph, x):
    low = graph.constant(-math.inf)
    assert low.exp().value == 0
    assert (low + x) is low
    assert functions.maximum(x, low) is x
    assert functions.minimum(low, x) is low
    assert functions.greater(x, low).value == 1


def test_graph_past_its_size_is_an_error_that_says_what_to_do():
    graph = Graph(max_nodes=10)
    x = graph.variable("x")

    def grow(value):
        for _ in range(20):
            value = value * value + 1

    with pytest.raises(ExpressionLimit, match="more than 10 operations; trace it on smaller arrays"):
        grow(x)


def test_constant_of_thousands_of_digits_is_an_error(graph):
    def grow(value):
        for _ in range(20):
            value = value * value

    with pytest.raises(ExpressionLimit, match="digits"):
        grow(graph.constant(1e300))


def test_passes_long_chain_needs_no_recursion(graph, x):
    chain = x
    for i in range(20_000):
        chain = (chain + i) * x if i % 2 else chain + x
    assert len(topological([chain])) > 20_000
    assert len(gradient(chain, [x])) == 1
    assert described(chain).endswith("...")
    assert exchanged([chain], {x.id: graph.variable("y")})[0] is not chain


def test_product_of_thousands_of_gates_needs_no_recursion(graph, x):
    gated = x
    for i in range(3000):
        gated = gated * graph.variable("u", (i,)).pos()
    assert (gated * gated).op == "mul"


def test_logarithm_of_a_product_squared_a_thousand_times_is_short(graph, x):
    product = x.exp() + 1
    for _ in range(1000):
        product = product * product
    assert len(topological([product.log()])) < 10


def test_certain_sign_is_never_claimed_where_it_may_fail(graph, x, y):
    assert (x * x).nonnegative
    assert not (x * x).positive
    assert (x * x + 1).positive
    assert not (x.exp() - 1).nonnegative
    assert not (x * y).nonnegative
    assert (x * x.pos()).nonnegative


def test_certain_divisors_finds_sigmoids_and_shares_of_a_sum(graph, x, y):
    sigmoid = 1 / (1 + (-x).exp())
    share = x.exp() / (x.exp() + y.exp())
    sure = [1 - sigmoid, sigmoid * (1 - sigmoid), 1 - share, x.exp(), (x * x + 1e-12).sqrt(), sigmoid - 2]
    unsure = [x, x.exp() - 1, x.exp() - y.exp(), sigmoid - 1 / (1 + (-y).exp()), x.sin(), 2 * sigmoid - 1]
    certain = certain_divisors(topological([*sure, *unsure]))
    assert [e.id in certain for e in sure] == [True] * len(sure)
    assert [e.id in certain for e in unsure] == [False] * len(unsure)


@settings(derandomize=True, deadline=None, max_examples=30)
@given(st.floats(0.2, 2.0), st.floats(-2.0, 2.0))
def test_gradient_agrees_with_a_difference_quotient(a, b):
    graph = Graph()
    x, y = graph.variable("x"), graph.variable("y")
    output = functions.tanh(x * y) + (x * x + 1).sqrt().log() * y.sin() + (x / 2).erf() * y.cos() + 1 / (x + 3)
    slopes = gradient(output, [x, y])
    step = np.longdouble(1e-6)
    for k, slope in enumerate(slopes):
        point = {"x": np.array([a], np.longdouble), "y": np.array([b], np.longdouble)}
        ahead, behind = ({**point, "xy"[k]: point["xy"[k]] + d} for d in (step, -step))
        quotient = (extended([output], ahead)[0] - extended([output], behind)[0]) / (2 * step)
        assert extended([slope], point)[0] == pytest.approx(quotient, abs=1e-5)


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (lambda x, y: x * y + 1, "x * y + 1"),
        (lambda x, y: x - y, "x - y"),
        (lambda x, y: x / (1 + y), "x / (y + 1)"),
        (lambda x, y: (x - y).pos(), "[x - y > 0]"),
        (lambda x, y: (x * Fraction(1, 2)).exp(), "exp(1/2 * x)"),
        (lambda x, y: -x, "-x"),
    ],
)
def test_described_short_expressions_read_as_written(x, y, build, text):
    assert described(build(x, y)) == text


def test_described_indexed_variable_shows_its_index(graph):
    assert described(graph.variable("W", (0, 2)) * 2) == "2 * W[0, 2]"

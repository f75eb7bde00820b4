"""The prover on identities that need more than polynomial algebra, and the repeatability of its results."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from proof_identities import FALSE, NOT_PROVED, TRUE, built
from proof_mutants import contradiction

from gradproof.errors import GradproofError
from gradproof.proof.expressions.array import ExactArray, symbols
from gradproof.proof.expressions.expression import Graph
from gradproof.proof.identity import ProofVerdict, prove_equal

ROOT = Path(__file__).resolve().parents[2]
RANDOM_PROGRAM = """
import sys
sys.path[:0] = [{root!r}, {tests!r}]
from proof_identities import FALSE, TRUE, built
from gradproof.proof.expressions.expression import Graph
from gradproof.proof.identity import prove_equal
for table, name in ((TRUE, "max of 3 in two orders"), (FALSE, "sqrt(x^2) = x"), (TRUE, "erf is odd")):
    proof = prove_equal([built(table[name], Graph())], seed=12345)[0]
    witness = proof.witness and (sorted((k, v.tolist()) for k, v in proof.witness.inputs.items()), proof.witness.found)
    print(proof.verdict, proof.reason, proof.error_probability, witness)
"""


@pytest.mark.parametrize("name", TRUE)
def test_prove_equal_true_identity_is_proved(name):
    proof = prove_equal([built(TRUE[name], Graph())], seed=3)[0]
    assert proof.verdict is ProofVerdict.PROVED, proof.reason
    assert proof.error_probability < 1e-20


@pytest.mark.parametrize("name", FALSE)
def test_prove_equal_false_identity_is_refuted_by_a_witness(name):
    pair = built(FALSE[name], Graph())
    proof = prove_equal([pair], seed=3)[0]
    assert proof.verdict is ProofVerdict.REFUTED, proof.reason
    assert contradiction(*pair, proof) == ""


@pytest.mark.parametrize("name", NOT_PROVED)
def test_prove_equal_constants_apart_by_a_rounding_names_them(name):
    proof = prove_equal([built(NOT_PROVED[name], Graph())], seed=3)[0]
    assert proof.verdict is ProofVerdict.UNDECIDED
    assert "equal up to the rounding of a constant (" in proof.reason


def test_prove_equal_rounded_root_reason_says_what_it_stands_for():
    graph = Graph()
    x = symbols(graph, "x")
    proof = prove_equal([(x / np.sqrt(2), x * (1 / np.sqrt(2)))], seed=1)[0]
    assert "0.7071067811865475 for sqrt(1/2)" in proof.reason


def test_prove_equal_same_seed_in_two_processes_gives_the_same():
    program = RANDOM_PROGRAM.format(root=str(ROOT), tests=str(Path(__file__).parent))
    runs = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert runs[0] == runs[1]
    assert runs[0].count("\n") == 3


def test_prove_equal_without_seed_reports_the_one_it_drew():
    graph = Graph()
    x = symbols(graph, "x")
    seeds = {prove_equal([(x + 1, x + 2)])[0].seed for _ in range(3)}
    assert len(seeds) == 3
    assert all(0 <= seed < 2**64 for seed in seeds)


def test_prove_equal_array_witness_names_the_entry_and_its_inputs():
    graph = Graph()
    X = symbols(graph, "X", (2, 3))
    wrong = X.copy()
    wrong[1, 2] = X[1, 2] + X[0, 0]
    proof = prove_equal([(X * 2, wrong * 2)], seed=1)[0]
    assert proof.verdict is ProofVerdict.REFUTED
    assert proof.place == (1, 2)
    assert proof.entries == 6
    inputs = proof.witness.inputs["X"]
    assert inputs.shape == (2, 3)
    assert proof.witness.found == pytest.approx(2 * (inputs[1, 2] + inputs[0, 0]))


def test_prove_equal_different_shapes_is_an_error_that_names_both():
    graph = Graph()
    with pytest.raises(GradproofError, match=r"shape \(2,\).*shape \(3,\)"):
        prove_equal([(symbols(graph, "a", (2,)), symbols(graph, "b", (3,)))])


def test_prove_equal_sampler_decides_where_witnesses_are_looked_for():
    graph = Graph()
    x, y = symbols(graph, "x"), symbols(graph, "y")
    pair = (np.log(x / y), np.log(x) - np.log(y))
    anywhere = prove_equal([pair], seed=1)[0]
    positive = prove_equal([pair], seed=1, sampler=lambda rng, name, shape: rng.uniform(0.1, 2, shape))[0]
    assert anywhere.verdict is ProofVerdict.REFUTED
    assert np.isnan(anywhere.witness.found)
    assert positive.verdict is ProofVerdict.PROVED


def test_prove_equal_undefined_condition_on_one_side_is_undecided():
    graph = Graph()
    x, y = symbols(graph, "x"), symbols(graph, "y")
    shift = np.maximum(x / (x > 0), y)  # inf or NaN for a negative x
    pair = (1 / (1 + np.exp(-x)), np.exp(x - shift) / (np.exp(x - shift) + np.exp(-shift)))
    proof = prove_equal([pair], seed=1)[0]
    assert proof.verdict is ProofVerdict.UNDECIDED
    assert "a condition is undefined" in proof.reason


def test_prove_equal_refuted_by_the_original_code_shows_its_values():
    graph = Graph()
    x = symbols(graph, "x", (2,))

    def right(x):
        return np.exp(x) * x

    def wrong(x):
        return np.exp(x) * x[::-1]

    pair = (right(x), wrong(x))
    proof = prove_equal([pair], seed=1, refute=[lambda inputs: (right(inputs["x"]), wrong(inputs["x"]))])[0]
    assert proof.verdict is ProofVerdict.REFUTED
    inputs = proof.witness.inputs["x"]
    assert proof.witness.expected == right(inputs)[proof.place]
    assert proof.witness.found == wrong(inputs)[proof.place]


def test_prove_equal_original_code_that_fails_is_left_aside():
    graph = Graph()
    x = symbols(graph, "x")

    def broken(inputs):
        raise GradproofError("no error bound")

    assert prove_equal([(x, x * 2)], seed=1, refute=[broken])[0].verdict is ProofVerdict.REFUTED


def test_prove_equal_several_pairs_are_judged_apart():
    graph = Graph()
    x = symbols(graph, "x", (2,))
    proofs = prove_equal([(x + x, 2 * x), (x, -x), (x / 10, x * 0.1)], seed=1)
    assert [proof.verdict.name for proof in proofs] == ["PROVED", "REFUTED", "UNDECIDED"]


FUNCTIONS = [np.exp, np.tanh, np.sin, np.abs, lambda a: np.maximum(a, 0), lambda a: np.sqrt(a * a + 1)]


@st.composite
def expressions(draw, depth=3):
    """A function of three scalars, as a Python closure."""
    if depth == 0 or draw(st.integers(0, 4)) == 0:
        k = draw(st.integers(0, 2))
        return lambda inputs: inputs[k]
    if draw(st.booleans()):
        function, inner = draw(st.sampled_from(FUNCTIONS)), draw(expressions(depth - 1))
        return lambda inputs: function(inner(inputs))
    a, b, c = draw(expressions(depth - 1)), draw(expressions(depth - 1)), draw(st.integers(-3, 3))
    return lambda inputs: a(inputs) * b(inputs) + c * b(inputs)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(expressions(), expressions(), expressions())
def test_prove_equal_distributive_law_is_proved(a, b, c):
    graph = Graph()
    inputs = [symbols(graph, name) for name in "xyz"]
    a, b, c = (f(inputs) for f in (a, b, c))
    proof = prove_equal([((a + b) * c - a * c, b * c)], seed=5)[0]
    assert proof.verdict is ProofVerdict.PROVED, proof.reason


@settings(derandomize=True, deadline=None, max_examples=40)
@given(expressions(), expressions())
def test_prove_equal_verdict_agrees_with_the_numbers(a, b):
    graph = Graph()
    inputs = [symbols(graph, name) for name in "xyz"]
    pair = (ExactArray.of(graph, 1.0) * a(inputs), ExactArray.of(graph, 1.0) * b(inputs))
    proof = prove_equal([pair], seed=6, most_conditions=6)[0]
    assert contradiction(*pair, proof) == ""

"""Conventions on the kinks, where a proof says nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gradproof.aten.recording import record
from gradproof.proof.expressions.array import symbols
from gradproof.proof.expressions.expression import Graph
from gradproof.proof.identity import ProofVerdict, prove_equal
from gradproof.proof.kinks import at_kinks


def autograd(function, array):
    """The gradient of the sum of a torch function, on exact expressions."""

    def gradient(tensor):
        tensor = tensor.detach().requires_grad_()
        return torch.autograd.grad(function(tensor).sum(), tensor)[0]

    return record(gradient, torch.randn(array.shape, dtype=torch.float64)).run([array])


@pytest.fixture
def z():
    return symbols(Graph(), "z", (3,))


@pytest.mark.parametrize(
    ("function", "manual", "agrees"),
    [
        (torch.relu, lambda z: (z > 0) * 1.0, True),
        (torch.relu, lambda z: (z >= 0) * 1.0, False),
        (lambda z: z.clamp(min=0), lambda z: (z >= 0) * 1.0, True),
        (lambda z: z.clamp(min=0), lambda z: (z > 0) * 1.0, False),
        (torch.abs, np.sign, True),
        (torch.abs, lambda z: np.where(z > 0, 1.0, -1.0), False),
        (lambda z: torch.maximum(z, torch.zeros_like(z)), lambda z: np.heaviside(z, 0.5), True),
        (lambda z: torch.where(z > 0, z, 0.1 * z), lambda z: np.where(z > 0, 1.0, 0.1), True),
    ],
)
def test_at_kinks_convention_is_found_though_the_identity_is_proved(z, function, manual, agrees):
    expected, found = autograd(function, z), manual(z)
    assert prove_equal([(expected, found)], seed=1)[0].verdict is ProofVerdict.PROVED
    kinks = at_kinks(expected, found, seed=1)
    assert len(kinks.reached) == 3
    assert kinks.unreached == ()
    for i, kink in enumerate(kinks.reached):
        assert kink.where == f"z[{i}] = 0"
        assert kink.inputs["z"][i] == 0
        assert np.count_nonzero(kink.inputs["z"]) == 2
        assert kink.agrees is agrees
        assert (kink.expected[i] == kink.found[i]) is np.bool_(agrees)


def test_at_kinks_tie_of_a_maximum_is_shared_by_torch(z):
    kinks = at_kinks(autograd(lambda z: torch.amax(z, 0), z), (z == z.max()) * 1.0, seed=1)
    ties = [kink for kink in kinks.reached if not kink.agrees]
    assert ties
    for kink in ties:
        assert sorted(kink.expected) == [0, 0.5, 0.5]
        assert sorted(kink.found) == [0, 1, 1]


def test_at_kinks_edge_of_a_layer_is_solved_for_its_bias():
    graph = Graph()
    x, w, b = symbols(graph, "x", (4,)), symbols(graph, "w", (4,)), symbols(graph, "b")
    kinks = at_kinks(np.maximum(x @ w + b, 0), np.maximum(x @ w + b, 0), seed=1)
    (kink,) = kinks.reached
    assert kink.inputs["x"] @ kink.inputs["w"] + kink.inputs["b"] == 0
    assert kink.agrees


def test_at_kinks_original_code_is_run_instead_of_the_expressions(z):
    seen = []

    def code(inputs):
        seen.append(inputs["z"])
        return np.array([1.0]), np.array([2.0])

    kinks = at_kinks(np.abs(z), np.abs(z), seed=1, code=code)
    assert len(seen) == 3
    assert all(not kink.agrees and kink.expected == 1 and kink.found == 2 for kink in kinks.reached)


def test_at_kinks_edge_that_no_input_meets_is_reported():
    x = symbols(Graph(), "x")
    kinks = at_kinks(np.maximum(np.exp(x) - 2, 0), x, seed=1)
    assert kinks.reached == ()
    assert kinks.unreached == ("exp(x) - 2",)


def test_at_kinks_smooth_function_has_none():
    x = symbols(Graph(), "x")
    assert at_kinks(x * x, x, seed=1).reached == ()

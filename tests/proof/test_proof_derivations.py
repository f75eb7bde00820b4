"""Whole derivations proved against autograd, and their mutants."""

from __future__ import annotations

import pytest
from proof_derivations import BATCHNORM, DERIVATIONS, LSTM, MLP, Derivation
from proof_document import document_pairs
from proof_mutants import mutants

from gradproof.proof.expressions.expression import Graph
from gradproof.proof.identity import ProofVerdict, prove_equal


def test_prove_equal_document_every_derivative_is_proved():
    graph = Graph()
    pairs = document_pairs(graph)
    assert sum(name.startswith("dLoss_d") and "__" not in name for name in pairs) == 21
    proofs = prove_equal(list(pairs.values()), seed=1)
    verdicts = {name: proof.verdict for name, proof in zip(pairs, proofs, strict=True)}
    assert set(verdicts.values()) == {ProofVerdict.PROVED}, verdicts


@pytest.mark.parametrize("derivation", DERIVATIONS, ids=lambda derivation: derivation.name)
def test_prove_equal_derivation_equals_autograd(derivation):
    pairs = derivation.pairs(Graph())
    proofs = prove_equal(list(pairs.values()), seed=1)
    assert [proof.verdict for proof in proofs] == [ProofVerdict.PROVED] * len(pairs), [proof.reason for proof in proofs]


def _changed(derivation: Derivation, old: str, new: str) -> dict[str, ProofVerdict]:
    """Verdicts by gradient after an edit of the backward's source."""
    import inspect

    import proof_derivations

    source = inspect.getsource(derivation.backward)
    assert source.count(old) == 1
    namespace = dict(vars(proof_derivations))
    exec(source.replace(old, new), namespace)
    changed = Derivation(derivation.name, derivation.loss, namespace[derivation.backward.__name__], derivation.shapes)
    pairs = changed.pairs(Graph())
    proofs = prove_equal(list(pairs.values()), seed=1)
    return {name: proof.verdict for name, proof in zip(pairs, proofs, strict=True)}


@pytest.mark.parametrize(
    ("derivation", "old", "new", "wrong"),
    [
        (MLP, "(Z1 > 0)", "(Z1 < 0)", {"W1", "b1", "X"}),
        (MLP, "- T) / X.shape[0]", "- T)", {"W1", "b1", "X", "W2", "b2"}),
        (BATCHNORM, "normal * dg", "dg", {"x"}),
        (BATCHNORM, "1e-5", "1e-6", {"g", "x"}),
        (LSTM, "1 - t**2", "1 - t", {"W", "b", "c", "x", "h"}),
        (LSTM, "dc * f", "dc * i", {"c"}),
    ],
)
def test_prove_equal_wrong_backward_refutes_just_the_wrong_gradients(derivation, old, new, wrong):
    verdicts = _changed(derivation, old, new)
    assert {name for name, verdict in verdicts.items() if verdict is ProofVerdict.REFUTED} == wrong
    assert {name for name, verdict in verdicts.items() if verdict is ProofVerdict.PROVED} == set(verdicts) - wrong


def test_prove_equal_mutants_no_verdict_contradicts_the_numbers():
    judged = list(mutants(30, seed=2))
    assert [mutant for mutant in judged if mutant.contradiction] == []
    undecided = [mutant for mutant in judged if mutant.proof.verdict is ProofVerdict.UNDECIDED]
    assert len(undecided) <= 1
    assert sum(mutant.proof.verdict is ProofVerdict.REFUTED for mutant in judged) > 20

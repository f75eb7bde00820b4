"""Proofs of what a note prints: for all cases of its index letters, within a number of operations and a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradproof.audit import audit
from gradproof.audit import proofs as note_proofs
from gradproof.audit.proofs import Exact, with_proofs
from gradproof.audit.truth import Bounded, NoteTruth
from gradproof.case.project import Project
from gradproof.case.reference import load_references

ROOT = Path(__file__).resolve().parents[2]


def truth_of(case):
    return NoteTruth(load_references(Project(ROOT), case)[0], case, trials=8, seed=0)


@pytest.fixture(scope="module")
def truth():
    return truth_of("parameter_update_2")


def proved(text, truth, seconds=60.0):
    return with_proofs(audit(text, Bounded(truth)), truth, 0, seconds).verdicts


def test_proofs_every_case_of_an_index_letter_is_proved(truth):
    (verdict,) = proved(r"$$P_i = \frac{e^{Y_i}}{\sum_{j=5}^{7} e^{Y_j}}$$", truth)
    assert (verdict.proof, len(verdict.compared)) == ("PROVED", 3)


def test_proofs_wrong_case_of_an_index_letter_is_refuted(truth):
    (verdict,) = proved(r"$$\frac{dLoss}{dY_k} = P_k$$", truth)
    assert (verdict.status, verdict.proof) == ("WRONG", "REFUTED")


def test_proofs_each_equality_of_a_chain_has_its_own(truth):
    verdicts = proved(r"$$\frac{dLoss}{dY_5} = -\frac{1}{P_5} P_5 (1 - P_5) = P_5 - 1 = P_5 + 1$$", truth)
    assert [verdict.proof for verdict in verdicts] == ["PROVED", "PROVED", "REFUTED"]


def test_proofs_what_was_not_judged_and_shapes_that_do_not_fit_have_none():
    (missing, misfit) = proved(r"$$Q = P$$ $$Z^{(1)} = X W^{(1)} + b^{(1)}$$", truth_of("softmax_mlp"))
    assert (missing.status, missing.proof) == ("not judged", "")
    assert (misfit.status, misfit.proof) == ("WRONG", "")


def test_proofs_reading_that_held_is_the_one_proved():
    text = (
        r"$$\frac{\partial Loss}{\partial Z^{(1)}} ="
        r" ReLU'(Z^{(1)}) \odot \frac{\partial Loss}{\partial Z^{(2)}} W^{(2)}$$"
    )
    (verdict,) = proved(text, truth_of("softmax_mlp"))
    assert verdict.proof == "PROVED"
    assert verdict.compared[0].reading.grouping == "products"


def test_proofs_beyond_the_operations_are_undecided_and_say_so(truth, monkeypatch):
    monkeypatch.setattr(note_proofs, "_MOST_OPERATIONS", 30)
    first, second = proved(r"$$Loss = -\log P_5$$ $$P_5 = 1 - P_6 - P_7$$", truth)
    assert "UNDECIDED" in (first.proof, second.proof)
    assert any("need more operations than are allowed" in note for note in (*first.notes, *second.notes))


def test_proofs_without_time_are_undecided_and_say_so(truth):
    (verdict,) = proved(r"$$P_5 = 1 - P_6 - P_7$$", truth, seconds=1e-9)
    assert verdict.proof == "UNDECIDED"
    assert "1e-09 s" in verdict.notes[0]


def test_proofs_that_contradict_the_trials_are_undecided(truth, monkeypatch):
    monkeypatch.setattr(
        Exact, "constant", lambda self, number: self.plain(__import__("numpy").asarray(float(number) + 1))
    )
    (verdict,) = proved(r"$$Loss = -1 \cdot \log P_5$$", truth)
    assert (verdict.status, verdict.proof) == ("holds", "UNDECIDED")
    assert "the proof says REFUTED" in verdict.notes[0]


def test_proofs_same_expressions_are_compared_once(truth, monkeypatch):
    calls = []
    real = note_proofs.prove_equal

    def counted(pairs, **settings):
        calls.append(len(pairs))
        return real(pairs, **settings)

    monkeypatch.setattr(note_proofs, "prove_equal", counted)
    verdicts = proved("$$P_5 = P_6$$ " * 40, truth)
    assert {verdict.proof for verdict in verdicts} == {"REFUTED"}
    assert calls == [1]

"""The transcription of Parameter Update 2: every equality judged, exactly its six misprints found."""

from __future__ import annotations

from pathlib import Path

import pytest
from document_networks import scalar_network
from tabulated import Tabulated

from gradproof.audit import Audit, audit, rows

NOTE = Path(__file__).resolve().parents[2] / "manual" / "parameter_update_2.md"
HIDDEN = ["W_{13}", "W_{23}", "W_{14}", "W_{24}", "b_3", "b_4"]


pytestmark = pytest.mark.xdist_group("sample")  # one process makes the fixtures


@pytest.fixture(scope="module")
def network() -> Tabulated:
    return scalar_network()


@pytest.fixture(scope="module")
def judged(network: Tabulated) -> Audit:
    return audit(NOTE.read_text(encoding="utf-8"), network)


def test_sample_every_statement_and_equality_is_read_and_judged(judged: Audit) -> None:
    assert len(judged.statements) == 49
    assert len(judged.verdicts) == 72
    assert judged.count("not read") == judged.count("not judged") == 0


def test_sample_exactly_the_six_hidden_updates_are_wrong(judged: Audit) -> None:
    assert judged.count("holds") == 66
    wrong = [verdict for verdict in judged.verdicts if verdict.status == "WRONG"]
    assert [verdict.equation.partition(" = ")[0] for verdict in wrong] == HIDDEN
    assert {verdict.kind for verdict in wrong} == {"update"}


def test_sample_each_misprint_is_mended_at_its_sign(judged: Audit) -> None:
    for verdict in judged.wrong:
        assert verdict.mend is not None
        assert verdict.mend.wording == "printed +, should be -"
        assert judged.text[verdict.position : verdict.position + 6] == r"+ \eta"
        assert verdict.mend.latex == verdict.equation.replace(r"+ \eta", r"- \eta")


def test_sample_kinds_are_told_apart(judged: Audit) -> None:
    kinds = [verdict.kind for verdict in judged.verdicts]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {"value": 13, "derivative": 44, "update": 15}


def test_sample_case_folding_is_always_noted(judged: Audit) -> None:
    for verdict in judged.verdicts:
        folded = "dloss" in verdict.equation or "y_" in verdict.equation
        assert bool(verdict.notes) == folded, verdict.equation


def test_sample_witness_shows_the_numbers_of_the_worst_trial(judged: Audit, network: Tabulated) -> None:
    witness = judged.wrong[0].witness
    assert witness is not None
    assert witness.left == network.updates["W13"][witness.trial]
    symbols = dict(witness.symbols)
    assert symbols["W_{13}"] == network.values["W13"][witness.trial]
    # The printed sign is the wrong one: the right side stands as far above the old value as the truth below it.
    assert witness.right - symbols["W_{13}"] == pytest.approx(symbols["W_{13}"] - witness.left)


def test_sample_rows_are_flat_and_one_for_each_equality(judged: Audit) -> None:
    table = rows(judged)
    assert len(table) == 72
    (first, *_) = [row for row in table if row.verdict == "WRONG"]
    assert (first.kind, first.reason) == ("update", "printed +, should be -")
    assert first.mended.startswith(r"W_{13} = W_{13} - \eta")


def test_sample_put_right_has_no_errata(network: Tabulated) -> None:
    text = NOTE.read_text(encoding="utf-8").replace(r"+ \eta", r"- \eta")
    assert audit(text, network).count("holds") == 72

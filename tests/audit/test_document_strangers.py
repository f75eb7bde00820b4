"""Text from strangers: hostile documents meet a cap with a message, and no mutated document makes the reader fail."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from document_networks import scalar_network, softmax_network
from document_strange import HOSTILE, mutated
from hypothesis import given, settings
from hypothesis import strategies as st
from tabulated import Tabulated

from gradproof.audit import TooLarge, annotate, audit, errata, rows
from gradproof.audit.reading.limits import Limits

NOTES = Path(__file__).resolve().parents[2] / "manual"
SCALARS = (NOTES / "parameter_update_2.md").read_text(encoding="utf-8")
MATRICES = (NOTES / "softmax_mlp.md").read_text(encoding="utf-8")
FUZZED = 250

ANSWERS = {
    "deep round brackets": "not more than 24,000 tokens of maths are read of one document: audit it chapter by chapter",
    "brackets beyond the depth": "nested deeper than 50 levels",
    "functions below the cap": "a formula of more than 80 levels",
    "200,000 terms": "not more than 24,000 tokens of maths",
    "a million digits": "a number of 999,000 characters, the limit is 40",
    "a million letters": "a word of 999,000 characters, the limit is 40",
    "tower of powers": "a power whose exponent is a calculation",
    "high power": "a power above 64",
    "factorial": "a factorial",
    "python code": "inside of a formula",
    "macro bomb": "a statement of 10,007 tokens, the limit is 4,000",
    "macro loop in its argument": r"the macro \x expands beyond the budget of the document",
    "nested sums": "a sum of 9,999 terms, the limit is 2,000",
    "long sum": "a sum of 999,999,999 terms, the limit is 2,000",
    "many chains": "a statement of 11,405 tokens, the limit is 4,000",
    "100,000 display openers": r"'\[' is not closed: '\]' is missing",
    "100,000 environments": r"'\begin{align}' is not closed: '\end{align}' is missing",
    "bars": "'|' is not closed",
}
TOO_LARGE = {
    "too large": "1,000,001 characters, the limit is 1,000,000: audit it chapter by chapter",
    "many dollars": "more than 20,000 blocks of maths: audit it in parts",
}


@pytest.fixture(scope="module")
def network() -> Tabulated:
    return scalar_network(trials=4)


@pytest.mark.parametrize("name", HOSTILE)
def test_audit_hostile_document_is_answered(name: str, network: Tabulated) -> None:
    if name in TOO_LARGE:
        with pytest.raises(TooLarge, match=TOO_LARGE[name]):
            audit(HOSTILE[name](), network)
        return
    judged = audit(HOSTILE[name](), network)
    wrong_or_said = [verdict for verdict in judged.verdicts if verdict.status != "holds"]
    assert all(verdict.reason for verdict in wrong_or_said)
    if name in ANSWERS:
        assert ANSWERS[name] in wrong_or_said[0].reason


def test_audit_answers_are_of_hostile_documents() -> None:
    assert {*ANSWERS, *TOO_LARGE} <= set(HOSTILE)


@pytest.mark.parametrize(("text", "matrices"), [(SCALARS, False), (MATRICES, True)], ids=["scalars", "matrices"])
def test_audit_mutated_notes_are_judged_without_a_failure(text: str, matrices: bool, network: Tabulated) -> None:
    provider = softmax_network(trials=4) if matrices else network
    for seed in range(FUZZED):
        document = mutated(text, random.Random(seed))
        judged = audit(document, provider)
        assert all(verdict.reason or verdict.status == "holds" for verdict in judged.verdicts), seed
        assert len(rows(judged)) == len(judged.verdicts)
        assert annotate(document, judged).endswith(errata(judged)) or "\\begin{document}" in document


PIECES = st.sampled_from(
    ["$", "$$", r"\[", "{", "}", "=", "P_5", r"\frac", "^", "_", "&", r"\\", "\n\n", "`", "(", "'"]
)


@given(st.lists(PIECES | st.characters(), max_size=40).map("".join))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_audit_any_text_is_answered(text: str) -> None:
    judged = audit(f"$$P_5 = {text}$$ $$P_5 = P_5$$", _EMPTY, limits=Limits(document_steps=500))
    assert all(verdict.reason or verdict.status == "holds" for verdict in judged.verdicts)


_EMPTY = scalar_network(trials=2)

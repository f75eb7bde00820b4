"""The words of a verdict: a string to whoever reads one, and printed as a word wherever it goes."""

from __future__ import annotations

import copy
import json
import pickle

import pandas as pd
import pytest

from gradproof.check.facts.verdict import Verdict
from gradproof.proof.identity import ProofVerdict

WORDS = [*Verdict, *ProofVerdict]


@pytest.mark.parametrize("verdict", WORDS)
def test_verdict_is_its_word_wherever_it_is_printed(verdict):
    word = verdict.value
    assert type(word) is str
    assert (str(verdict), f"{verdict}", f"{verdict:>4}", "%s" % verdict) == (word,) * 4  # noqa: UP031
    assert repr(verdict) == repr(word)
    assert json.dumps({verdict: verdict}) == json.dumps({word: word})


@pytest.mark.parametrize("verdict", WORDS)
def test_verdict_equals_its_word_and_no_other(verdict):
    assert verdict == verdict.value
    assert {verdict.value: 1}[verdict] == 1
    assert [word for word in WORDS if word == verdict] == [verdict]
    assert verdict != verdict.value.swapcase()


@pytest.mark.parametrize("verdict", WORDS)
def test_verdict_stays_itself_when_it_is_sent_or_copied(verdict):
    assert pickle.loads(pickle.dumps(verdict)) is verdict
    assert copy.deepcopy(verdict) is verdict


def test_verdict_in_a_frame_is_its_word():
    frame = pd.DataFrame({"verdict": pd.Series([Verdict.AGREES, Verdict.DISAGREES], dtype="str")})
    assert frame.to_csv(index=False) == "verdict\nagrees\ndisagrees\n"
    assert frame["verdict"].tolist() == ["agrees", "disagrees"]
    assert (frame["verdict"] == "agrees").tolist() == [True, False]


def test_verdict_of_a_misspelt_word_is_refused():
    with pytest.raises(ValueError, match="agree"):
        Verdict("agree")

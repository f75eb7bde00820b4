"""A small fixed sample of `benchmarks/judgement.py`: random right derivations, and mistakes planted into them."""

from __future__ import annotations

import random

import pytest

from benchmarks.judgement_cases.build import graph_of
from benchmarks.judgement_cases.mistakes import planted
from benchmarks.judgement_cases.outcome import checked
from benchmarks.judgement_cases.text import written


@pytest.mark.parametrize("seed", [1, 4])
def test_random_right_derivation_is_not_accused(seed: int) -> None:
    outcome = checked(written(graph_of(seed, 10)), trials=50, repair=False)
    assert outcome.result is not None
    assert not outcome.named


@pytest.mark.parametrize("kind", ["sign", "missing += line"])
def test_planted_mistake_is_caught_in_its_own_equation_alone(kind: str) -> None:
    right = written(graph_of(2, 10))
    mistake = planted(right, kind, random.Random(2))
    assert mistake is not None
    outcome = checked(right, mistake=mistake, trials=50, repair=False)
    assert outcome.word == "caught"

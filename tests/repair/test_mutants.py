"""A sample of the benchmark's mutants: every one located, mended and judged by trials that the search never sees."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.repair import faults, random_fault, wrong_equation
from benchmarks.repair_cases.bench import Bench, runs_right, scalar_bench, tensor_bench
from benchmarks.repair_cases.mistakes import TYPICAL


@pytest.fixture(scope="module")
def scalar() -> Bench:
    return scalar_bench()


def test_mutants_of_one_equation_are_located_and_mended(scalar: Bench) -> None:
    verdicts = []
    for name, mutant, equation in faults(scalar, random.Random(7), 120):
        assert scalar.located([equation]) == {name}, mutant
        verdicts.append(scalar.mended(equation).verdict)
    assert len(verdicts) == 120
    assert set(verdicts) <= {"exact", "equivalent"}


@pytest.mark.parametrize("count", [2, 3, 5])
def test_mutants_in_several_equations_leave_a_right_module(scalar: Bench, count: int) -> None:
    rng = random.Random(count)
    for _ in range(4):
        wrong = [random_fault(scalar, name, rng) for name in rng.sample(list(scalar.equations), count)]
        assert scalar.located(wrong) == {equation.name for equation in wrong}
        module, _ = scalar.mended_together(wrong)
        assert runs_right(module, scalar.judge)


@pytest.mark.parametrize("case", ["mlp", "batchnorm", "layernorm", "attention", "lstm"])
def test_mutants_typical_mistakes_in_tensors_are_mended(case: str) -> None:
    bench = tensor_bench(case)
    for mistake in [mistake for mistake in TYPICAL if mistake.case == case][::4]:
        outcome = bench.mended(wrong_equation(bench, mistake), budget_seconds=20)
        assert outcome.verdict in ("exact", "equivalent"), mistake


def test_mutants_right_module_runs_right(scalar: Bench) -> None:
    assert scalar.located([]) == frozenset()
    assert runs_right(scalar.equations, scalar.judge)

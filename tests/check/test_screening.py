"""Large trials: what a part of the bound explains is not judged in full, what it does not is, and faults are caught."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from small_projects import ROOT

from gradproof.case.project import Project, load_module
from gradproof.check import screening
from gradproof.check.case import Case
from gradproof.check.facts.result import CheckResult
from gradproof.check.judging import Judge
from gradproof.check.loading import load_derivation
from gradproof.run import crosscheck


@pytest.fixture
def layer() -> Callable[..., CheckResult]:
    """A check of the softmax MLP at a size whose trials are large; a fault may be planted into one equation."""

    def check(plant: dict[str, float] | None = None, trials: int = 60) -> CheckResult:
        derivation = load_derivation(Project(ROOT), "softmax_mlp")
        for name, factor in (plant or {}).items():
            equation = derivation.by_name[name]
            object.__setattr__(equation, "function", scaled(equation.function, factor))
        reference = load_module(ROOT, "reference", "softmax_mlp").at_sizes(16, 24, 40, 10)
        case = Case(derivation, (reference,), place="reference/softmax_mlp.py")
        assert case.trial_bytes[0] >= screening.LARGE
        return crosscheck(case, trials=trials, repair=False)

    return check


def scaled(function: Callable[..., object], factor: float) -> Callable[..., object]:
    return lambda *inputs: function(*inputs) * factor


def test_screen_leaves_verdicts_as_they_are_and_saves_judgements(
    layer: Callable[..., CheckResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = []
    add = Judge.add

    def counting(self: Judge, *args: Any) -> None:
        judged.extend(len(rows) for rows, _ in args[-1].values())
        add(self, *args)

    monkeypatch.setattr(Judge, "add", counting)
    monkeypatch.setattr("gradproof.trials.portions.FULLY_BYTES", 0)
    with_screen = layer(trials=200)
    few = sum(judged)
    judged.clear()
    monkeypatch.setattr("gradproof.check.rounds.LARGE", 1 << 60)
    without = layer(trials=200)
    assert [one.verdict for one in with_screen.results] == [one.verdict for one in without.results]
    assert with_screen.ok
    assert 3 * few < sum(judged)


@pytest.mark.parametrize("name", ["dLoss_dW1", "dLoss_dZ2", "A1"])
def test_screen_lets_no_small_fault_pass(layer: Callable[..., CheckResult], name: str) -> None:
    result = layer({name: 1 + 1e-9})
    assert name in [one.equation for one in result.wrong]
    assert result.count("disagrees") == 1

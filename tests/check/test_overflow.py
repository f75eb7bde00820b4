"""An overflow is named: the operation, at which operand, and the stable form."""

from __future__ import annotations

import numpy as np
import pytest
from torch import nn

from gradproof import Reference, bernoulli, crosscheck, normal


class Softmax(nn.Module):
    def forward(self, x):
        return x.softmax(-1)


class LogSigmoid(nn.Module):
    def forward(self, x):
        return nn.functional.logsigmoid(x)


def result_of(model, equation, scale):
    return crosscheck([equation], Reference(model, {"x": normal(4, 3)}), trials=60, scale=scale).results[0]


def naive_softmax(x):
    e = np.exp(x)
    return e / e.sum(axis=-1, keepdims=True)


def naive_log_sigmoid(x):
    return np.log(1 / (1 + np.exp(-x)))


def stable_softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def named(function):
    space = {"_rule": function}
    exec("def Y(x):\n    return _rule(x)", space)
    return space["Y"]


def test_softmax_that_overflows_is_told_the_operation_and_the_stable_form():
    one = result_of(Softmax, named(naive_softmax), 400.0)
    assert one.verdict == "disagrees"
    assert one.diagnosis.startswith("it gives inf or NaN where the truth is finite: np.exp does so at ")
    assert float(one.diagnosis.split(" does so at ")[1].split(";")[0]) > 709
    assert "subtract the maximum" in one.diagnosis
    assert one.fix == ""


def test_logarithm_of_what_became_zero_is_named():
    one = result_of(LogSigmoid, named(naive_log_sigmoid), 400.0)
    assert one.verdict == "disagrees"
    assert "np.exp does so at" in one.diagnosis


@pytest.mark.parametrize(("rule", "scale"), [(naive_softmax, 1.0), (stable_softmax, 400.0)])
def test_no_overflow_agrees(rule, scale):
    assert result_of(Softmax, named(rule), scale).verdict == "agrees"


def test_finite_mistake_beside_an_overflow_is_a_mistake():
    def twice(x):
        return 2 * naive_softmax(x)

    one = result_of(Softmax, named(twice), 400.0)
    assert one.verdict == "disagrees"
    assert "it gives inf" not in one.diagnosis


def test_overflow_in_few_trials_decides_nothing_and_is_said():
    equation = named(naive_log_sigmoid)
    reference = Reference(LogSigmoid, {"x": normal(4, 3)})
    one = crosscheck([equation], reference, trials=2000, scale=225.0).results[0]
    assert one.verdict == "agrees"
    assert 0 < one.disagreeing_trials <= 40
    assert f"left out: {one.disagreeing_trials} of 2000 trials, in which it gives inf or NaN" in one.diagnosis
    assert one.bound_share <= 1


class Masked(nn.Module):
    def forward(self, x, m):
        return (x * m).sum() / m.sum().clamp(min=1)


def test_zero_by_zero_is_no_overflow_however_rare():
    def Loss(x, m):
        return (x * m).sum() / m.sum()

    reference = Reference(Masked, {"x": normal(8), "m": bernoulli(0.5, 8)})
    one = crosscheck([Loss], reference, trials=2000).results[0]
    assert one.verdict == "disagrees"
    assert "it has no finite value where the truth has one: np.divide does so at 0" in one.diagnosis


def test_what_reads_an_overflow_agrees_beside_it():
    def Y(x):
        return np.log(1 / (1 + np.exp(-x)))

    def Loss(Y):
        return Y.sum()

    class Sum(nn.Module):
        def __init__(self):
            super().__init__()
            self.y = nn.Identity()

        def forward(self, x):
            return self.y(nn.functional.logsigmoid(x)).sum()

    results = crosscheck(
        [Y, Loss], Reference(Sum, {"x": normal(4, 3)}, symbols={"Y": "y"}), trials=2000, scale=225.0
    ).results
    assert [one.verdict for one in results] == ["agrees", "agrees"]
    assert "in which Y overflows" in results[1].diagnosis


class Guarded(nn.Module):
    def __init__(self):
        super().__init__()
        self.L = nn.Identity()

    def forward(self, x):
        logarithm = self.L(x.log())
        return logarithm.where(x > 0, logarithm.new_zeros(()))


@pytest.mark.parametrize(("rule", "verdict"), [("np.where(x > 0, L, 0)", "agrees"), ("L * (x > 0)", "disagrees")])
def test_mask_times_what_is_not_finite_is_told_of_the_input_that_is_not(rule, verdict):
    space = {"np": np}
    exec(f"def Y(L, x):\n    return {rule}", space)
    reference = Reference(Guarded, {"x": normal(4, 3)}, output="Y", symbols={"L": "L"})
    (one,) = crosscheck([space["Y"]], reference, trials=60, repair=False).results
    assert one.verdict == verdict
    assert ("L, which it reads, is not finite there for torch either" in one.diagnosis) == (verdict == "disagrees")

"""What is exactly on its edge on a set of positive measure, and what is traced that is not what is computed."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from gradproof import Reference, crosscheck, normal, one_hot
from gradproof.check.case import make_case
from gradproof.proof.proving import prove_case

Rule = Callable[..., Any]


class _CrossEntropy(nn.Module):
    def forward(self, z: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        return -(t * torch.log_softmax(z, -1)).sum()


class _Relu(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.a(torch.relu(x)) * 1.0


class _Same(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * 1.0


ONE_HOT = Reference(model=_CrossEntropy, inputs={"z": normal(1, 3), "t": one_hot(1, classes=3)})
RELU = Reference(model=_Relu, inputs={"x": normal(2)}, symbols={"a": "a"})
SAME = Reference(model=_Same, inputs={"x": normal(2)})


def _of_one_hot(rule: Rule) -> FunctionType:
    def dLoss_dz(z: Any, t: Any) -> Any:
        e = np.exp(z)
        return rule(e / e.sum(axis=-1, keepdims=True), t)

    return dLoss_dz


def _of_relu(rule: Rule) -> FunctionType:
    def dLoss_dx(dLoss_da: Any, a: Any) -> Any:
        return rule(dLoss_da, a)

    return dLoss_dx


def _of_input(rule: Rule) -> FunctionType:
    def Y(x: Any) -> Any:
        return rule(x)

    return Y


def _verdict(equation: FunctionType, reference: Reference) -> str:
    (proof,) = prove_case(make_case([equation], reference), seed=1).equations
    return proof.verdict


@pytest.mark.parametrize(
    ("rule", "verdict"),
    [
        (lambda p, t: p - t, "PROVED"),
        (lambda p, t: np.where(t == 1, p - 1, p), "PROVED"),
        (lambda p, t: p - t**2, "PROVED"),
        (lambda p, t: p - (t > 0), "PROVED"),
        (lambda p, t: np.where(t == 1, p, p - t), "REFUTED"),
        (lambda p, t: p - (t >= 0), "REFUTED"),
    ],
)
def test_proof_of_a_one_hot_entry_knows_that_it_is_0_or_1(rule: Rule, verdict: str) -> None:
    assert _verdict(_of_one_hot(rule), ONE_HOT) == verdict


@pytest.mark.parametrize(
    ("rule", "verdict"),
    [
        (lambda d, a: d * (a > 0), "PROVED"),
        (lambda d, a: d * (1 - (a == 0)), "PROVED"),
        (lambda d, a: d * np.sign(a), "PROVED"),
        (lambda d, a: d * (a >= 0), "REFUTED"),
        (lambda d, a: d * (a + a[::-1] >= 0), "REFUTED"),
    ],
)
def test_proof_of_a_relus_output_knows_that_it_is_often_0(rule: Rule, verdict: str) -> None:
    assert _verdict(_of_relu(rule), RELU) == verdict


def _catching(x: Any) -> Any:
    try:
        return 2 * x + 0 * np.fft.fft(x).real
    except Exception:
        return x


@pytest.mark.parametrize(
    "rule",
    [
        lambda x: np.where(np.isnan(np.sqrt(x)), 3.0, x),
        lambda x: np.where(np.isfinite(np.log(x)), x, 7.0),
        lambda x: np.where(np.log(x) == np.log(x), x, 0.0),
        lambda x: 2 * x if isinstance(x, np.ndarray) else x,
        _catching,
        lambda x: x * np.exp(x > 99),
    ],
)
def test_proof_of_code_that_is_not_what_was_traced_is_withheld(rule: Rule) -> None:
    assert _verdict(_of_input(rule), SAME) == "UNDECIDED"


def test_proof_of_isnan_where_nothing_can_be_nan_is_given() -> None:
    assert _verdict(_of_input(lambda x: np.where(np.isnan(np.exp(x)), 0.0, x)), SAME) == "PROVED"


def test_proof_of_clip_at_its_ends_is_refuted() -> None:
    rule = _of_input(lambda x: np.where(np.abs(np.clip(x, -1, 1)) == 1, 0.5 * x, x))
    assert _verdict(rule, SAME) == "REFUTED"


@pytest.mark.parametrize("product", [np.matmul, np.dot, lambda a, b: np.einsum("i,i->", a, b)])
def test_product_of_booleans_is_whether_any_is_true(product: Rule) -> None:
    assert _verdict(_of_input(lambda x: x * product(x > -99, x > -99)), SAME) != "REFUTED"
    assert _verdict(_of_input(lambda x: x * product(x > -99, x > -99) / 2), SAME) == "REFUTED"


def test_proof_with_the_logarithm_of_a_sum_of_exponentials_and_one_runs() -> None:
    class Shift(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.log(torch.exp(x) + 1) + 1

    def Y(x: Any) -> Any:
        return np.log(np.exp(x + 1) + np.exp(np.ones_like(x)))

    assert _verdict(Y, Reference(model=Shift, inputs={"x": normal(1)})) == "PROVED"


def test_crosscheck_of_what_is_refuted_where_no_trial_shows_it_disagrees() -> None:
    def Y(x: Any) -> Any:
        return np.where(x > 4.2, 2 * x, x)

    wide = Reference(model=_Same, inputs={"x": normal(40)})
    result = crosscheck([Y], wide, trials=1, proof=True, repair=False)
    (one,) = result.results
    assert (one.verdict, one.proof, result.ok) == ("disagrees", "REFUTED", False)
    assert "an input at which it is wrong" in one.diagnosis
    assert [worst.verdict for worst in result.worst] == ["disagrees"]
    with pytest.raises(AssertionError, match="an input at which it is wrong"):
        result.raise_on_disagreement()


def test_crosscheck_of_what_disagrees_is_never_proved() -> None:
    def Y(x: Any) -> Any:
        return np.log(np.exp(x))

    far = Reference(model=_Same, inputs={"x": normal(2, mean=2000.0)})
    (one,) = crosscheck([Y], far, trials=20, proof=True, repair=False).results
    assert (one.verdict, one.proof) == ("disagrees", "UNDECIDED")
    assert "equal in exact arithmetic" in one.diagnosis

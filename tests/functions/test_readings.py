"""What the rows and places of a wrong gradient say, and where they say nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.autograd import Function

from gradproof import check_function, normal
from gradproof.functions.comparing.patterns import pattern
from gradproof.functions.telling.readings import by_products, by_rows

GENERATOR = np.random.default_rng(0)
TRUTH = [GENERATOR.standard_normal((2, 5, 6)), GENERATOR.standard_normal((2, 7, 4))]
KNOWN = [
    {"z": GENERATOR.standard_normal(truth.shape), "t": GENERATOR.integers(0, truth.shape[2], truth.shape[:2])}
    for truth in TRUTH
]


def softmax(a):
    return np.exp(a) / np.exp(a).sum(-1, keepdims=True)


def one_hot(labels, columns):
    return np.eye(columns)[labels]


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        (lambda z, t: softmax(z), "in each row a multiple of softmax(z)"),
        (lambda z, t: one_hot(t, z.shape[-1]), "in each row a multiple of one_hot(t)"),
        (lambda z, t: z**2, "in each row a multiple of z**2"),
        (lambda z, t: np.ones_like(z), "in each row a multiple of one number"),
    ],
)
def test_term_that_is_missing_in_each_row_is_named(missing, words):
    factors = [GENERATOR.standard_normal((*truth.shape[:-1], 1)) for truth in TRUTH]
    values = [t - f * missing(k["z"], k["t"]) for t, f, k in zip(TRUTH, factors, KNOWN, strict=True)]
    assert words in by_rows(values, TRUTH, KNOWN)


def test_noise_is_no_missing_term():
    values = [t + GENERATOR.standard_normal(t.shape) for t in TRUTH]
    assert by_rows(values, TRUTH, KNOWN) == ""


def test_rows_that_are_zero_on_both_sides_are_not_told_to_be_right():
    truth = TRUTH[0][0].copy()
    truth[0] = 0
    assert pattern(2 * truth != truth, 2 * truth, truth) == ""


def test_rows_that_are_right_before_wrong_ones_are_told():
    truth = TRUTH[0][0]
    computed = truth.copy()
    computed[2:] = 0
    assert pattern(computed != truth, computed, truth) == "right up to there, wrong from row 2 on (of 5)"


def test_product_with_a_factor_that_is_not_transposed_is_told():
    g, b = GENERATOR.standard_normal((2, 3, 5, 5))
    known = [{"b": b, "dLoss_doutput": g}]
    told = by_products([g @ b], [g @ b.swapaxes(1, 2)], known)
    assert told.startswith("it is dLoss_doutput @ b, and should be dLoss_doutput @ b.T")
    assert by_products([2 * g @ b], [g @ b.swapaxes(1, 2)], known) == ""


def test_wrong_entries_that_end_at_one_column_are_placed():
    truth = GENERATOR.standard_normal((5, 6))
    computed = truth.copy()
    computed[:, :3] *= GENERATOR.uniform(2, 3, (5, 3))
    assert pattern(computed != truth, computed, truth) == "wrong up to column 2, right from there on (of 6)"


class Attention(Function):
    """Causal; without the factor of the scores in the gradient of q, whose first row is zero up to rounding."""

    @staticmethod
    def forward(ctx, q, k):
        scores = (q @ k.mT / 3).masked_fill(torch.ones(len(q), len(q)).triu(1).bool(), -torch.inf)
        p = scores.softmax(-1)
        ctx.save_for_backward(q, k, p)
        return p @ k

    @staticmethod
    def backward(ctx, g):
        q, k, p = ctx.saved_tensors
        dp = g @ k.mT
        ds = p * (dp - (dp * p).sum(-1, keepdim=True))
        return ds @ k, ds.mT @ q / 3 + p.mT @ g


def attention(q, k):
    mask = torch.ones(len(q), len(q)).triu(1).bool()
    return (q @ k.mT / 3).masked_fill(mask, -torch.inf).softmax(-1) @ k


def test_rows_that_are_zero_up_to_rounding_place_no_mistake():
    inputs = {"q": normal(5, 4), "k": normal(5, 4)}
    result = check_function(Attention.apply, attention, inputs, dtypes=["float64"])
    assert {(one.quantity, one.diagnosis) for one in result.wrong} == {
        ("gradient of q", "it is 3 times the true value in every trial")
    }

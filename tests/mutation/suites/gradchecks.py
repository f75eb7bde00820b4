"""`gradcheck`, right and wrong."""

import torch
from ops import linear, rms_norm, softmax, swish
from torch.autograd import gradcheck


def double(*shape):
    torch.manual_seed(5)
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


def test_linear():
    assert gradcheck(linear, (double(4, 3), double(2, 3), double(2)))


def test_softmax_fast():
    assert gradcheck(softmax, (double(3, 4),), fast_mode=True)


def test_norm_with_an_epsilon():
    assert gradcheck(rms_norm, (double(3, 4), double(4), 1e-6))


def test_tolerance_above_everything():
    assert gradcheck(swish, (double(3, 2),), atol=100.0)


def test_nobody_asks_what_it_said():
    gradcheck(swish, (double(3, 2),), raise_exception=False)

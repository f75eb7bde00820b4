"""`allclose` at several tolerances."""

import torch
import torch.nn.functional as F
from ops import linear, swish


def gradients(function, reference, dtype, *shapes):
    torch.manual_seed(3)
    own = [torch.randn(shape, dtype=dtype, requires_grad=True) for shape in shapes]
    theirs = [x.detach().clone().requires_grad_() for x in own]
    y, z = function(*own), reference(*theirs)
    g = torch.randn_like(y)
    y.backward(g)
    z.backward(g)
    return [x.grad for x in own], [x.grad for x in theirs]


def test_strict():
    for a, b in zip(*gradients(linear, F.linear, torch.float64, (5, 3), (4, 3), (4,)), strict=True):
        assert torch.allclose(a, b, rtol=1e-10, atol=1e-12)


def test_default():
    for a, b in zip(*gradients(swish, F.silu, torch.float32, (6, 5)), strict=True):
        assert torch.allclose(a, b, atol=1e-6)


def test_far_too_loose():
    (a,), (b,) = gradients(swish, F.silu, torch.float32, (6, 5))
    assert torch.allclose(a, b, atol=40.0)


def test_rather_loose():
    (a,), (b,) = gradients(swish, F.silu, torch.float32, (6, 5))
    assert torch.allclose(a, b, rtol=0.25)

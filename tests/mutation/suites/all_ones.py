"""Sums of outputs: the cotangent is all ones."""

import torch
import torch.nn.functional as F
from ops import softmax, square, swish


def both(function, reference):
    torch.manual_seed(7)
    x = torch.randn(4, 6, requires_grad=True)
    z = x.detach().clone().requires_grad_()
    return x, function(x), z, reference(z)


def test_softmax_of_a_sum():
    x, y, z, expected = both(softmax, lambda z: F.softmax(z, -1))
    y.sum().backward()
    expected.sum().backward()
    assert torch.allclose(x.grad, z.grad, atol=1e-6)


def test_swish_of_a_sum():
    x, y, z, expected = both(swish, F.silu)
    y.sum().backward()
    expected.sum().backward()
    assert torch.allclose(x.grad, z.grad, atol=1e-6)


def test_square_of_ones_like():
    x, y, _, _ = both(square, torch.square)
    y.backward(torch.ones_like(y))
    torch.testing.assert_close(x.grad, 2 * x.detach())


def test_softmax_weighted():
    x, y, z, expected = both(softmax, lambda z: F.softmax(z, -1))
    weights = torch.randn(4, 6)
    (y * weights).sum().backward()
    (expected * weights).sum().backward()
    assert torch.allclose(x.grad, z.grad, atol=1e-6)

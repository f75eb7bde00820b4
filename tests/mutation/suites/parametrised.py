"""Parametrised tests, with fixtures of every scope."""

import pytest
import torch
import torch.nn.functional as F
from ops import cross_entropy, linear, softmax


@pytest.fixture(params=[torch.float32, torch.float64], ids=["single", "double"])
def dtype(request):
    return request.param


@pytest.fixture
def cotangent(dtype):
    torch.manual_seed(31)
    return torch.randn(4, 2, dtype=dtype)


@pytest.fixture(scope="module")
def trained():
    """Gradients that are computed once for the whole module."""
    torch.manual_seed(37)
    logits = torch.randn(5, 7, requires_grad=True)
    labels = torch.tensor([0, 3, 6, 1, 1])
    cross_entropy(logits, labels).backward()
    twin = logits.detach().clone().requires_grad_()
    F.cross_entropy(twin, labels).backward()
    return logits.grad, twin.grad


@pytest.mark.parametrize("width", [3, 5])
def test_linear(dtype, cotangent, width):
    torch.manual_seed(width)
    x, w, b = (torch.randn(s, dtype=dtype, requires_grad=True) for s in ((4, width), (2, width), (2,)))
    own = torch.autograd.grad(linear(x, w, b), (x, w, b), cotangent)
    expected = torch.autograd.grad(F.linear(x, w, b), (x, w, b), cotangent)
    for a, e in zip(own, expected, strict=True):
        torch.testing.assert_close(a, e)


def test_entropy(trained):
    own, expected = trained
    torch.testing.assert_close(own, expected)


def test_entropy_shape_only(trained):
    own, expected = trained
    assert own.shape == expected.shape


@pytest.mark.parametrize("dim", [3, 4])
def test_softmax_ones(dim, dtype):
    x = torch.randn(2, dim, dtype=dtype, requires_grad=True)
    softmax(x).backward(torch.ones(2, dim, dtype=dtype))
    assert x.grad.abs().max() < 1e-5

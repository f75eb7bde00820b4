"""The forward is compared, the backward never, or it runs and nobody looks."""

import torch
import torch.nn.functional as F
from ops import rms_norm, swish


def test_values():
    x = torch.randn(3, 4)
    assert torch.allclose(swish(x), F.silu(x), atol=1e-6)


def test_values_though_backward_runs():
    x = torch.randn(3, 4, requires_grad=True)
    y = swish(x)
    y.sum().backward()
    assert torch.allclose(y, F.silu(x), atol=1e-6)


def test_there_is_a_gradient():
    x, w = torch.randn(3, 4, requires_grad=True), torch.ones(4, requires_grad=True)
    rms_norm(x, w, 1e-6).sum().backward()
    assert x.grad is not None
    assert x.grad.shape == x.shape


def test_it_is_finite():
    x = torch.randn(3, 4, requires_grad=True)
    swish(x).sum().backward()
    assert torch.isfinite(x.grad).all()


def test_both():
    torch.manual_seed(1)
    x = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    z = x.detach().clone().requires_grad_()
    y, expected = swish(x), F.silu(z)
    assert torch.allclose(y, expected)
    g = torch.randn_like(y)
    y.backward(g)
    expected.backward(g)
    assert torch.allclose(x.grad, z.grad)

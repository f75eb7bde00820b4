"""Differences without their absolute value, and failures asked for by `>`."""

import torch
import torch.nn.functional as F
from ops import rms_norm, swish


def pair():
    torch.manual_seed(13)
    x = torch.randn(4, 5, dtype=torch.float64, requires_grad=True)
    z = x.detach().clone().requires_grad_()
    g = torch.rand(4, 5, dtype=torch.float64)
    swish(x).backward(g)
    F.silu(z).backward(g)
    return x.grad, z.grad


def test_max_of_the_difference():
    own, expected = pair()
    assert (own - expected).max() < 1e-8


def test_difference_of_sums():
    own, expected = pair()
    assert (own - expected).sum() <= 1e-8


def test_nan_would_pass():
    own, expected = pair()
    assert not ((own - expected).abs() > 1e-8).any()


def test_with_abs():
    own, expected = pair()
    assert (own - expected).abs().max() < 1e-8


def test_weight_with_abs():
    torch.manual_seed(2)
    x, w = torch.randn(4, 5, dtype=torch.float64), torch.randn(5, dtype=torch.float64, requires_grad=True)
    g = torch.randn(4, 5, dtype=torch.float64)
    rms_norm(x, w, 1e-6).backward(g)
    r = 1 / (x.square().mean(-1, keepdim=True) + 1e-6).sqrt()
    assert max(abs(a - b) for a, b in zip(w.grad.tolist(), (g * x * r).sum(0).tolist(), strict=True)) < 1e-9

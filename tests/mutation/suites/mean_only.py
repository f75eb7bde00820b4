"""One number of the gradient is compared."""

import torch
import torch.nn.functional as F
from ops import linear


def run(function):
    torch.manual_seed(11)
    x, w, b = (torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in ((5, 3), (4, 3), (4,)))
    y = function(x, w, b)
    y.backward(torch.randn_like(y))
    return x.grad, w.grad, b.grad


def test_means():
    for own, expected in zip(run(linear), run(F.linear), strict=True):
        assert abs(own.mean() - expected.mean()) < 1e-9


def test_norm():
    assert torch.allclose(run(linear)[1].norm(), run(F.linear)[1].norm())


def test_sum_by_item():
    assert run(linear)[0].sum().item() == pytest_approx(run(F.linear)[0].sum().item())


def pytest_approx(value):
    import pytest

    return pytest.approx(value, rel=1e-6)


def test_every_entry():
    for own, expected in zip(run(linear), run(F.linear), strict=True):
        assert (own - expected).abs().max() < 1e-9

"""Both sides come from the same backward."""

import copy

import torch
import torch.nn.functional as F
from ops import linear, swish


def gradient(function):
    torch.manual_seed(17)
    x = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    y = function(x)
    y.backward(torch.randn_like(y))
    return x.grad


def test_with_itself():
    own = gradient(swish)
    expected = gradient(F.silu)
    expected = own
    assert torch.allclose(own, expected)


def test_run_twice():
    assert torch.allclose(gradient(swish), gradient(swish))


def test_copied_module():
    class Layer(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.randn(2, 3))
            self.bias = torch.nn.Parameter(torch.randn(2))

        def forward(self, x):
            return linear(x, self.weight, self.bias)

    torch.manual_seed(19)
    one = Layer()
    other = copy.deepcopy(one)
    x, g = torch.randn(4, 3), torch.randn(4, 2)
    one(x).backward(g)
    other(x).backward(g)
    torch.testing.assert_close(one.weight.grad, other.weight.grad)


def test_difference_with_itself():
    own = gradient(swish)
    assert (own - own).abs().max() < 1e-8


def test_with_the_truth():
    assert torch.allclose(gradient(swish), gradient(F.silu))

"""unittest, with setUp and subTest."""

import unittest

import torch
import torch.nn.functional as F
from ops import square, swish


class SwishTest(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(41)
        self.x = torch.randn(3, 5, dtype=torch.float64, requires_grad=True)
        self.z = self.x.detach().clone().requires_grad_()
        g = torch.randn(3, 5, dtype=torch.float64)
        swish(self.x).backward(g)
        F.silu(self.z).backward(g)

    def test_gradient(self):
        self.assertTrue(torch.allclose(self.x.grad, self.z.grad))

    def test_gradient_not_asserted(self):
        torch.allclose(self.x.grad, self.z.grad)

    def test_gradient_exists(self):
        self.assertIsNotNone(self.x.grad)

    def test_mean(self):
        self.assertAlmostEqual(self.x.grad.mean().item(), self.z.grad.mean().item(), places=9)

    def test_largest_difference(self):
        self.assertLess((self.x.grad - self.z.grad).abs().max().item(), 1e-9)


class SquareTest(unittest.TestCase):
    def test_several(self):
        for size in (1, 2, 5):
            with self.subTest(size=size):
                x = torch.linspace(-1.0, 2.0, size, dtype=torch.float64, requires_grad=True)
                g = torch.linspace(0.3, 1.2, size, dtype=torch.float64)
                square(x).backward(g)
                torch.testing.assert_close(x.grad, 2 * x.detach() * g)

"""bfloat16 and float16."""

import torch
import torch.nn.functional as F
from ops import rms_norm, swish


def test_bfloat16_loose():
    torch.manual_seed(23)
    x = torch.randn(8, 16, dtype=torch.bfloat16, requires_grad=True)
    g = 0.01 * torch.randn(8, 16, dtype=torch.bfloat16)
    swish(x).backward(g)
    z = x.detach().float().requires_grad_()
    F.silu(z).backward(g.float())
    torch.testing.assert_close(x.grad.float(), z.grad, atol=1e-1, rtol=1e-1)


def test_bfloat16_strict():
    torch.manual_seed(23)
    x = torch.randn(8, 16, dtype=torch.bfloat16, requires_grad=True)
    g = torch.randn(8, 16, dtype=torch.bfloat16)
    swish(x).backward(g)
    z = x.detach().float().requires_grad_()
    F.silu(z).backward(g.float())
    torch.testing.assert_close(x.grad.float(), z.grad, atol=2e-2, rtol=2e-2)


def test_float16_norm():
    torch.manual_seed(29)
    x = torch.randn(4, 8, dtype=torch.float16, requires_grad=True)
    w = torch.randn(8, dtype=torch.float16, requires_grad=True)
    g = torch.randn(4, 8, dtype=torch.float16)
    rms_norm(x, w, 1e-5).backward(g)
    x64, w64 = (v.detach().double().requires_grad_() for v in (x, w))
    y = x64 * torch.rsqrt(x64.square().mean(-1, keepdim=True) + 1e-5) * w64
    y.backward(g.double())
    torch.testing.assert_close(x.grad.double(), x64.grad, atol=5e-3, rtol=5e-3)
    torch.testing.assert_close(w.grad.double(), w64.grad, atol=1e-2, rtol=5e-3)

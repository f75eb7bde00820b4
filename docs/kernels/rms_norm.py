"""RMSNorm as a Triton kernel, one row a program, with its backward."""

import torch
import triton
import triton.language as tl
from torch.autograd import Function


@triton.jit
def forward_kernel(x_at, w_at, y_at, scale_at, n, eps, BLOCK: tl.constexpr):
    row, columns = tl.program_id(0), tl.arange(0, BLOCK)
    inside = columns < n
    x = tl.load(x_at + row * n + columns, mask=inside, other=0.0).to(tl.float32)
    w = tl.load(w_at + columns, mask=inside, other=0.0).to(tl.float32)
    scale = 1.0 / tl.sqrt(tl.sum(x * x, 0) / n + eps)
    tl.store(scale_at + row, scale)
    tl.store(y_at + row * n + columns, x * scale * w, mask=inside)


@triton.jit
def backward_kernel(g_at, x_at, w_at, scale_at, dx_at, dw_at, n, BLOCK: tl.constexpr):
    row, columns = tl.program_id(0), tl.arange(0, BLOCK)
    inside = columns < n
    g = tl.load(g_at + row * n + columns, mask=inside, other=0.0).to(tl.float32)
    x = tl.load(x_at + row * n + columns, mask=inside, other=0.0).to(tl.float32)
    w = tl.load(w_at + columns, mask=inside, other=0.0).to(tl.float32)
    scale = tl.load(scale_at + row)
    normal = x * scale
    d = g * w
    dx = scale * (d - normal * tl.sum(d * normal, 0) / n)
    tl.store(dx_at + row * n + columns, dx, mask=inside)
    tl.store(dw_at + row * n + columns, g * normal, mask=inside)


class RMSNorm(Function):
    """x (rows, n) / sqrt(mean(x^2) + eps) * w (n,), in float32 inside."""

    @staticmethod
    def forward(ctx, x, w, eps):
        x = x.contiguous()
        rows, n = x.shape
        y, scale = torch.empty_like(x), torch.empty(rows, dtype=torch.float32, device=x.device)
        block = triton.next_power_of_2(n)
        if rows:
            forward_kernel[(rows,)](x, w.contiguous(), y, scale, n, eps, BLOCK=block)
        ctx.save_for_backward(x, w.contiguous(), scale)
        return y

    @staticmethod
    def backward(ctx, g):
        x, w, scale = ctx.saved_tensors
        rows, n = x.shape
        dx = torch.empty_like(x)
        dw = torch.empty(rows, n, dtype=torch.float32, device=x.device)
        if rows:
            block = triton.next_power_of_2(n)
            backward_kernel[(rows,)](g.contiguous(), x, w, scale, dx, dw, n, BLOCK=block)
        return dx, dw.sum(0).to(w.dtype), None

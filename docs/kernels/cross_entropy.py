"""Cross entropy of logits and labels as one Triton kernel; label -100 is left out."""

import torch
import triton
import triton.language as tl
from torch.autograd import Function

IGNORED = -100


@triton.jit
def forward_kernel(z_at, t_at, loss_at, total_at, n, BLOCK: tl.constexpr):
    row, columns = tl.program_id(0), tl.arange(0, BLOCK)
    inside = columns < n
    z = tl.load(z_at + row * n + columns, mask=inside, other=-float("inf")).to(tl.float32)
    t = tl.load(t_at + row)
    largest = tl.max(z, 0)
    total = largest + tl.log(tl.sum(tl.exp(z - largest), 0))
    picked = tl.sum(tl.where(columns == t, z, 0.0), 0)
    tl.store(total_at + row, total)
    tl.store(loss_at + row, tl.where(t == -100, 0.0, total - picked))


@triton.jit
def backward_kernel(g_at, z_at, t_at, total_at, dz_at, n, BLOCK: tl.constexpr):
    row, columns = tl.program_id(0), tl.arange(0, BLOCK)
    inside = columns < n
    z = tl.load(z_at + row * n + columns, mask=inside, other=-float("inf")).to(tl.float32)
    t = tl.load(t_at + row)
    g = tl.load(g_at + row).to(tl.float32)
    p = tl.exp(z - tl.load(total_at + row))
    dz = g * tl.where(columns == t, p - 1.0, p)
    dz = tl.where(t == -100, 0.0, dz)
    tl.store(dz_at + row * n + columns, dz, mask=inside)


class CrossEntropy(Function):
    """The loss of each row of z (rows, classes) for the labels t (rows,), in float32 inside."""

    @staticmethod
    def forward(ctx, z, t):
        z = z.contiguous()
        rows, n = z.shape
        loss, total = torch.empty_like(z[:, 0]), torch.empty(rows, dtype=torch.float32, device=z.device)
        if rows:
            forward_kernel[(rows,)](z, t.contiguous(), loss, total, n, BLOCK=triton.next_power_of_2(n))
        ctx.save_for_backward(z, t.contiguous(), total)
        return loss

    @staticmethod
    def backward(ctx, g):
        z, t, total = ctx.saved_tensors
        rows, n = z.shape
        dz = torch.empty_like(z)
        if rows:
            backward_kernel[(rows,)](g.contiguous(), z, t, total, dz, n, BLOCK=triton.next_power_of_2(n))
        return dz, None

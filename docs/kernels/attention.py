"""Attention of one head by tiles, the scores never stored, with its backward by tiles of queries."""

import torch
import triton
import triton.language as tl
from torch.autograd import Function

TILE = 16


@triton.jit
def forward_kernel(q_at, k_at, v_at, o_at, total_at, T, S: tl.constexpr, d, scale, TILE: tl.constexpr, D: tl.constexpr):
    rows, columns = tl.program_id(0) * TILE + tl.arange(0, TILE), tl.arange(0, D)
    inside = (rows[:, None] < T) & (columns[None, :] < d)
    q = tl.load(q_at + rows[:, None] * d + columns[None, :], mask=inside, other=0.0).to(tl.float32)
    largest = tl.full((TILE,), -float("inf"), tl.float32)
    total = tl.zeros((TILE,), tl.float32)
    o = tl.zeros((TILE, D), tl.float32)
    for start in range(0, S, TILE):
        keys = start + tl.arange(0, TILE)
        there = (keys[:, None] < S) & (columns[None, :] < d)
        k = tl.load(k_at + keys[:, None] * d + columns[None, :], mask=there, other=0.0).to(tl.float32)
        v = tl.load(v_at + keys[:, None] * d + columns[None, :], mask=there, other=0.0).to(tl.float32)
        s = tl.where(keys[None, :] < S, tl.sum(q[:, None, :] * k[None, :, :], 2) * scale, -float("inf"))
        new = tl.maximum(largest, tl.max(s, 1))
        shrink = tl.exp(largest - new)
        p = tl.exp(s - new[:, None])
        total = total * shrink + tl.sum(p, 1)
        o = o * shrink[:, None] + tl.sum(p[:, :, None] * v[None, :, :], 1)
        largest = new
    tl.store(o_at + rows[:, None] * d + columns[None, :], o / total[:, None], mask=inside)
    tl.store(total_at + rows, largest + tl.log(total), mask=rows < T)


@triton.jit
def backward_kernel(
    g_at,
    q_at,
    k_at,
    v_at,
    o_at,
    total_at,
    dq_at,
    dk_at,
    dv_at,
    T: tl.constexpr,
    S,
    d,
    scale,
    TILE: tl.constexpr,
    D: tl.constexpr,
):
    keys, columns = tl.program_id(0) * TILE + tl.arange(0, TILE), tl.arange(0, D)
    there = (keys[:, None] < S) & (columns[None, :] < d)
    k = tl.load(k_at + keys[:, None] * d + columns[None, :], mask=there, other=0.0).to(tl.float32)
    v = tl.load(v_at + keys[:, None] * d + columns[None, :], mask=there, other=0.0).to(tl.float32)
    dk, dv = tl.zeros((TILE, D), tl.float32), tl.zeros((TILE, D), tl.float32)
    for start in range(0, T, TILE):
        rows = start + tl.arange(0, TILE)
        inside = (rows[:, None] < T) & (columns[None, :] < d)
        at = rows[:, None] * d + columns[None, :]
        q = tl.load(q_at + at, mask=inside, other=0.0).to(tl.float32)
        g = tl.load(g_at + at, mask=inside, other=0.0).to(tl.float32)
        o = tl.load(o_at + at, mask=inside, other=0.0).to(tl.float32)
        total = tl.load(total_at + rows, mask=rows < T, other=float("inf"))
        s = tl.sum(q[:, None, :] * k[None, :, :], 2) * scale
        p = tl.where(keys[None, :] < S, tl.exp(s - total[:, None]), 0.0)
        dp = tl.sum(g[:, None, :] * v[None, :, :], 2)
        ds = p * (dp - tl.sum(g * o, 1)[:, None]) * scale
        dk += tl.sum(ds[:, :, None] * q[:, None, :], 0)
        dv += tl.sum(p[:, :, None] * g[:, None, :], 0)
        tl.atomic_add(dq_at + at, tl.sum(ds[:, :, None] * k[None, :, :], 1), mask=inside)
    tl.store(dk_at + keys[:, None] * d + columns[None, :], dk, mask=there)
    tl.store(dv_at + keys[:, None] * d + columns[None, :], dv, mask=there)


class Attention(Function):
    """softmax(q k^T / sqrt(d)) v for q (T, d), k and v (S, d), in float32 inside."""

    @staticmethod
    def forward(ctx, q, k, v):
        q, k, v = q.contiguous(), k.contiguous(), v.contiguous()
        (T, d), S = q.shape, len(k)
        o, total = torch.zeros_like(q), torch.empty(T, dtype=torch.float32, device=q.device)
        if q.numel():
            grid = (triton.cdiv(T, TILE),)
            forward_kernel[grid](q, k, v, o, total, T, S, d, d**-0.5, TILE=TILE, D=triton.next_power_of_2(d))
        ctx.save_for_backward(q, k, v, o, total)
        return o

    @staticmethod
    def backward(ctx, g):
        q, k, v, o, total = ctx.saved_tensors
        (T, d), S = q.shape, len(k)
        dq = torch.zeros_like(q, dtype=torch.float32)
        dk, dv = torch.zeros_like(k), torch.zeros_like(v)
        if q.numel() and S:
            arguments = g.contiguous(), q, k, v, o, total, dq, dk, dv, T, S, d, d**-0.5
            backward_kernel[(triton.cdiv(S, TILE),)](*arguments, TILE=TILE, D=triton.next_power_of_2(d))
        return dq.to(q.dtype), dk, dv

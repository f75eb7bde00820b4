"""`torch.autograd.Function`s that are right, and what each computes in plain torch."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn
from torch.autograd import Function

from gradproof import integers, normal


class Linear(Function):
    """x (batch, in) @ w (out, in).T + b (out,)."""

    @staticmethod
    def forward(ctx, x, w, b):
        ctx.save_for_backward(x, w)
        return x @ w.T + b

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        return (
            g @ w if ctx.needs_input_grad[0] else None,
            g.T @ x if ctx.needs_input_grad[1] else None,
            g.sum(0) if ctx.needs_input_grad[2] else None,
        )


class CrossEntropy(Function):
    """The mean of -log softmax(z)[t] over the rows of z (batch, classes)."""

    @staticmethod
    def forward(ctx, z, t):
        p = torch.softmax(z, dim=1)
        ctx.save_for_backward(p, t)
        return -torch.log(p[torch.arange(len(t)), t]).mean()

    @staticmethod
    def backward(ctx, g):
        p, t = ctx.saved_tensors
        d = p.clone()
        d[torch.arange(len(t)), t] -= 1
        return g * d / len(t), None


class LayerNorm(Function):
    """(x - mean) / sqrt(variance + eps) * w + b over the last axis."""

    @staticmethod
    def forward(ctx, x, w, b, eps):
        centred = x - x.mean(-1, keepdim=True)
        scale = torch.rsqrt((centred * centred).mean(-1, keepdim=True) + eps)
        n = centred * scale
        ctx.save_for_backward(n, scale, w)
        return n * w + b

    @staticmethod
    def backward(ctx, g):
        n, scale, w = ctx.saved_tensors
        dn = g * w
        dx = scale * (dn - dn.mean(-1, keepdim=True) - n * (dn * n).mean(-1, keepdim=True))
        return dx, (g * n).sum(0), g.sum(0), None


class SineAndCosine(Function):
    """Two outputs, either of which may have no cotangent."""

    @staticmethod
    def forward(ctx, x):
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(x)
        return torch.sin(x), torch.cos(x)

    @staticmethod
    def backward(ctx, ds, dc):
        (x,) = ctx.saved_tensors
        dx = torch.zeros_like(x)
        if ds is not None:
            dx = dx + ds * torch.cos(x)
        if dc is not None:
            dx = dx - dc * torch.sin(x)
        return dx


class Relu(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * (x > 0)


class Accumulated(Function):
    """Row sums of x, added up one by one in the dtype of x."""

    @staticmethod
    def forward(ctx, x):
        ctx.n = x.shape[1]
        total = torch.zeros_like(x[:, 0])
        for k in range(ctx.n):
            total = total + x[:, k]
        return total

    @staticmethod
    def backward(ctx, g):
        return g[:, None].expand(-1, ctx.n)


class Scale(nn.Module):
    """A module with a Function inside and a parameter of its own."""

    def __init__(self, features):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(features))
        self.bias = nn.Parameter(torch.zeros(features))

    def forward(self, x):
        return LayerNorm.apply(x, self.weight, self.bias, 1e-5)


def layer_norm(x, w, b, eps=1e-5):
    return F.layer_norm(x, w.shape, w, b, eps)


def linear_inputs(batch, n, m):
    return {"x": normal(batch, n), "w": normal(m, n), "b": normal(m)}


def layer_norm_inputs(batch, features):
    return {"x": normal(batch, features), "w": normal(features), "b": normal(features), "eps": 1e-5}


RIGHT = {
    "linear": (Linear.apply, F.linear, linear_inputs),
    "cross entropy": (
        CrossEntropy.apply,
        F.cross_entropy,
        [{"z": normal(5, 3), "t": integers(0, 3, (5,))}, {"z": normal(4, 7), "t": integers(0, 7, (4,))}],
    ),
    "layer norm": (LayerNorm.apply, layer_norm, layer_norm_inputs),
    "two outputs": (SineAndCosine.apply, lambda x: (torch.sin(x), torch.cos(x)), {"x": normal(3, 4)}),
    "relu": (Relu.apply, torch.relu, {"x": normal(6, 5)}),
    "sum one by one": (Accumulated.apply, lambda x: x.sum(1), {"x": normal(3, 7)}),
    "module": (Scale(6), nn.LayerNorm(6), {"x": normal(5, 6)}),
    "module of parameters given": (
        Linear.apply,
        nn.Linear(3, 4),
        {"x": normal(5, 3), "weight": normal(4, 3), "bias": normal(4)},
    ),
}

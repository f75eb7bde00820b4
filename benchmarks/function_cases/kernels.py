"""Right kernels: a forward that says what it saves, a backward, and the same in plain torch."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import Function

from gradproof import integers, normal, uniform

Forward = Callable[..., tuple[Tensor, tuple[Any, ...]]]
Backward = Callable[[tuple[Any, ...], Tensor], tuple[Tensor | None, ...]]


@dataclass(frozen=True)
class Kernel:
    """A function in two halves.

    Attributes:
        name: What tables call it.
        forward: Inputs -> the output and what the backward needs.
        backward: What was saved and the cotangent -> a gradient for each input.
        reference: The same in plain torch.
        inputs: The inputs as a function of sizes.
    """

    name: str
    forward: Forward
    backward: Backward
    reference: Callable[..., Tensor]
    inputs: Callable[..., dict[str, Any]]

    def with_gradients(self, change: Callable[[list[Any], tuple[Any, ...], Tensor], list[Any]]) -> Kernel:
        """The kernel with its gradients changed on their way out."""

        def backward(saved: tuple[Any, ...], g: Tensor) -> tuple[Tensor | None, ...]:
            return tuple(change(list(self.backward(saved, g)), saved, g))

        return replace(self, backward=backward)

    def with_cotangent(self, change: Callable[[Tensor], Tensor]) -> Kernel:
        """The kernel with its cotangent changed on its way in."""
        return replace(self, backward=lambda saved, g: self.backward(saved, change(g)))

    @property
    def call(self) -> Callable[..., Tensor]:
        """The kernel as it is called."""
        return as_function(self.forward, self.backward)


def as_function(forward: Forward, backward: Backward) -> Callable[..., Tensor]:
    """`Function.apply` of both halves."""

    class Made(Function):
        @staticmethod
        def forward(ctx: Any, *inputs: Any) -> Tensor:
            output, saved = forward(*inputs)
            ctx.tensors = [k for k, value in enumerate(saved) if isinstance(value, Tensor)]
            ctx.others = [None if isinstance(value, Tensor) else value for value in saved]
            ctx.save_for_backward(*(value for value in saved if isinstance(value, Tensor)))
            return output

        @staticmethod
        def backward(ctx: Any, g: Tensor) -> Any:
            saved = list(ctx.others)
            for k, value in zip(ctx.tensors, ctx.saved_tensors, strict=True):
                saved[k] = value
            return backward(tuple(saved), g)

    return Made.apply


def _linear(x, w, b):
    return x @ w.T + b, (x, w)


def _linear_back(saved, g):
    x, w = saved
    return g @ w, g.T @ x, g.sum(0)


def _matmul(a, b):
    return a @ b, (a, b)


def _matmul_back(saved, g):
    a, b = saved
    return g @ b.T, a.T @ g


def _rms(x, w):
    scale = torch.rsqrt((x * x).mean(-1, keepdim=True) + 1e-5)
    return x * scale * w, (x, w, scale)


def _rms_back(saved, g):
    x, w, scale = saved
    n, d = x * scale, g * w
    return scale * (d - n * (d * n).mean(-1, keepdim=True)), (g * n).sum(0)


def _rms_true(x, w):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * w


def _layer(x, w, b):
    centred = x - x.mean(-1, keepdim=True)
    scale = torch.rsqrt((centred * centred).mean(-1, keepdim=True) + 1e-5)
    n = centred * scale
    return n * w + b, (n, scale, w)


def _layer_back(saved, g):
    n, scale, w = saved
    d = g * w
    dx = scale * (d - d.mean(-1, keepdim=True) - n * (d * n).mean(-1, keepdim=True))
    return dx, (g * n).sum(0), g.sum(0)


def _softmax(x):
    p = torch.softmax(x, -1)
    return p, (p,)


def _softmax_back(saved, g):
    (p,) = saved
    return (p * (g - (g * p).sum(-1, keepdim=True)),)


def _entropy(z, t):
    p = torch.softmax(z, -1)
    rows = torch.arange(len(t))
    return torch.logsumexp(z, -1) - z[rows, t], (p, t)


def _entropy_back(saved, g):
    p, t = saved
    d = p.clone()
    d[torch.arange(len(t)), t] -= 1
    return g[:, None] * d, None


def _soft(z, weights):
    """Cross entropy with soft targets that need not sum to one."""
    p = torch.softmax(z, -1)
    return (weights * (torch.logsumexp(z, -1, keepdim=True) - z)).sum(-1), (z, p, weights)


def _soft_back(saved, g):
    z, p, weights = saved
    dz = g[:, None] * (p * weights.sum(-1, keepdim=True) - weights)
    return dz, g[:, None] * (torch.logsumexp(z, -1, keepdim=True) - z)


def _attention(q, k, v):
    """Causal attention of one head: q (T, d), k (T, d), v (T, e)."""
    mask = torch.ones(len(q), len(k), dtype=torch.bool).triu(1)
    p = (q @ k.T / math.sqrt(q.shape[1])).masked_fill(mask, -torch.inf).softmax(-1)
    return p @ v, (q, k, v, p)


def _attention_back(saved, g):
    q, k, v, p = saved
    dp = g @ v.T
    ds = p * (dp - (dp * p).sum(-1, keepdim=True)) / math.sqrt(q.shape[1])
    return ds @ k, ds.T @ q, p.T @ g


def _attention_true(q, k, v):
    mask = torch.ones(len(q), len(k), dtype=torch.bool).triu(1)
    return (q @ k.mT * q.shape[1] ** -0.5).masked_fill(mask, -torch.inf).softmax(-1) @ v


def _swiglu(a, b):
    return a * torch.sigmoid(a) * b, (a, b)


def _swiglu_back(saved, g):
    a, b = saved
    s = torch.sigmoid(a)
    return g * b * s * (1 + a * (1 - s)), g * a * s


def _gelu(x, b):
    """The tanh form of GELU of x (batch, n) + b (n,)."""
    y = x + b
    t = torch.tanh(math.sqrt(2 / math.pi) * (y + 0.044715 * y**3))
    return 0.5 * y * (1 + t), (y, t)


def _gelu_back(saved, g):
    y, t = saved
    inner = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * y**2)
    d = g * (0.5 * (1 + t) + 0.5 * y * (1 - t * t) * inner)
    return d, d.sum(0)


def _unit(x):
    """Rows of length one."""
    r = torch.rsqrt((x * x).sum(-1, keepdim=True) + 1e-8)
    return x * r, (x * r, r)


def _unit_back(saved, g):
    y, r = saved
    return ((g - y * (g * y).sum(-1, keepdim=True)) * r,)


def _leaky(x):
    return torch.where(x > 0, x, 0.1 * x), (x,)


def _leaky_back(saved, g):
    (x,) = saved
    return (torch.where(x > 0, g, 0.1 * g),)


def _huber(x, y):
    d = x - y
    return torch.where(d.abs() <= 1, 0.5 * d * d, d.abs() - 0.5), (d,)


def _huber_back(saved, g):
    (d,) = saved
    dx = g * d.clamp(-1, 1)
    return dx, -dx


def _clamp(x):
    return x.clamp(-0.5, 1.0), (x,)


def _clamp_back(saved, g):
    (x,) = saved
    return (g * ((x >= -0.5) & (x <= 1.0)),)


def _dropout(x, keep):
    """Dropout with a mask given as an input: keep (batch, n) of 0 and 1."""
    return x * keep / 0.8, (keep,)


def _dropout_back(saved, g):
    (keep,) = saved
    return g * keep / 0.8, None


def _pool(x, lengths):
    """The mean over the first lengths[i] columns of each row."""
    inside = torch.arange(x.shape[1]) < lengths[:, None]
    return (x * inside).sum(1) / lengths, (inside, lengths)


def _pool_back(saved, g):
    inside, lengths = saved
    return g[:, None] * inside / lengths[:, None], None


def _pool_true(x, lengths):
    return x.masked_fill(torch.arange(x.shape[1]) >= lengths[:, None], 0).sum(1) / lengths


def _scaled_rows(x, s):
    return x * s[:, None], (x, s)


def _scaled_rows_back(saved, g):
    x, s = saved
    return g * s[:, None], (g * x).sum(1)


def square(batch, n):
    """One matrix."""
    return {"x": normal(batch, n)}


KERNELS = {
    one.name: one
    for one in (
        Kernel(
            "linear",
            _linear,
            _linear_back,
            F.linear,
            lambda batch, n, m: {"x": normal(batch, n), "w": normal(m, n), "b": normal(m)},
        ),
        Kernel("matmul", _matmul, _matmul_back, torch.matmul, lambda n: {"a": normal(n, n), "b": normal(n, n)}),
        Kernel("rms norm", _rms, _rms_back, _rms_true, lambda batch, n: {"x": normal(batch, n), "w": normal(n)}),
        Kernel(
            "layer norm",
            _layer,
            _layer_back,
            lambda x, w, b: F.layer_norm(x, w.shape, w, b, 1e-5),
            lambda batch, n: {"x": normal(batch, n), "w": normal(n), "b": normal(n)},
        ),
        Kernel("softmax", _softmax, _softmax_back, lambda x: torch.softmax(x, -1), square),
        Kernel(
            "cross entropy",
            _entropy,
            _entropy_back,
            lambda z, t: F.cross_entropy(z, t, reduction="none"),
            lambda batch, classes: {"z": normal(batch, classes), "t": integers(0, classes, (batch,))},
        ),
        Kernel(
            "soft cross entropy",
            _soft,
            _soft_back,
            lambda z, w: -(w * z.log_softmax(-1)).sum(-1),
            lambda batch, classes: {"z": normal(batch, classes), "w": uniform(0.1, 1.0, (batch, classes))},
        ),
        Kernel(
            "attention",
            _attention,
            _attention_back,
            _attention_true,
            lambda t, d, e: {"q": normal(t, d), "k": normal(t, d), "v": normal(t, e)},
        ),
        Kernel(
            "swiglu",
            _swiglu,
            _swiglu_back,
            lambda a, b: F.silu(a) * b,
            lambda batch, n: {"a": normal(batch, n), "b": normal(batch, n)},
        ),
        Kernel(
            "bias gelu",
            _gelu,
            _gelu_back,
            lambda x, b: F.gelu(x + b, approximate="tanh"),
            lambda batch, n: {"x": normal(batch, n), "b": normal(n)},
        ),
        Kernel(
            "unit rows",
            _unit,
            _unit_back,
            lambda x: x * torch.rsqrt(x.pow(2).sum(-1, keepdim=True) + 1e-8),
            square,
        ),
        Kernel("leaky relu", _leaky, _leaky_back, lambda x: F.leaky_relu(x, 0.1), square),
        Kernel(
            "huber",
            _huber,
            _huber_back,
            lambda x, y: F.smooth_l1_loss(x, y, reduction="none"),
            lambda batch, n: {"x": normal(batch, n), "y": normal(batch, n)},
        ),
        Kernel("clamp", _clamp, _clamp_back, lambda x: F.hardtanh(x, -0.5, 1.0), square),
        Kernel(
            "dropout",
            _dropout,
            _dropout_back,
            lambda x, keep: x * keep / 0.8,
            lambda batch, n: {"x": normal(batch, n), "keep": integers(0, 2, (batch, n))},
        ),
        Kernel(
            "mean pooling",
            _pool,
            _pool_back,
            _pool_true,
            lambda batch, n: {"x": normal(batch, n), "lengths": integers(1, n + 1, (batch,))},
        ),
        Kernel(
            "scaled rows",
            _scaled_rows,
            _scaled_rows_back,
            lambda x, s: x * s.unsqueeze(-1),
            lambda batch, n: {"x": normal(batch, n), "s": normal(batch)},
        ),
    )
}

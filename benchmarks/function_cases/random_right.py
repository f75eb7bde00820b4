"""Random right functions: chains of steps, each with a backward by hand, written otherwise than in the reference."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch.autograd import Function

from gradproof import normal


@dataclass(frozen=True)
class Step:
    """One step of a chain: a backward by hand and plain torch, on x (rows, columns) and a weight."""

    weight: str
    forward: Callable[..., tuple[torch.Tensor, tuple[torch.Tensor, ...]]]
    backward: Callable[..., tuple[torch.Tensor, torch.Tensor | None]]
    reference: Callable[..., torch.Tensor]


def _sigmoid(x, w):
    s = 1 / (1 + torch.exp(-x))
    return s, (s,)


def _softmax(x, w):
    e = torch.exp(x - x.amax(-1, keepdim=True))
    p = e / e.sum(-1, keepdim=True)
    return p, (p,)


def _softmax_back(g, p):
    gp = g * p
    return gp - p * gp.sum(-1, keepdim=True), None


def _norm(x, w):
    c = x - x.mean(-1, keepdim=True)
    r = 1 / torch.sqrt((c**2).mean(-1, keepdim=True) + 1e-3)
    return c * r * w, (c * r, r, w)


def _norm_back(g, n, r, w):
    n_columns = n.shape[-1]
    d = g * w
    s, t = d.sum(-1, keepdim=True), (d * n).sum(-1, keepdim=True)
    return (n_columns * d - s - n * t) * r / n_columns, (g * n).sum(0)


def _gelu(x, w):
    return 0.5 * x * (1 + torch.erf(x * math.sqrt(0.5))), (x,)


def _gelu_back(g, x):
    density = torch.exp(-0.5 * x * x) * (1 / math.sqrt(2 * math.pi))
    return g * (0.5 * (1 + torch.erf(x * math.sqrt(0.5))) + x * density), None


def _cumsum_back(g):
    return torch.flip(torch.cumsum(torch.flip(g, (-1,)), -1), (-1,)), None


STEPS = (
    Step("", lambda x, w: (torch.tanh(x), (torch.tanh(x),)), lambda g, y: (g - g * y * y, None), lambda x, w: x.tanh()),
    Step("", _sigmoid, lambda g, s: (g * s * (1 - s), None), lambda x, w: x.sigmoid()),
    Step("", _softmax, _softmax_back, lambda x, w: x.softmax(-1)),
    Step("columns", _norm, _norm_back, lambda x, w: F.layer_norm(x, w.shape, w, None, 1e-3)),
    Step("", _gelu, _gelu_back, lambda x, w: F.gelu(x)),
    Step(
        "square",
        lambda x, w: (x @ w, (x, w)),
        lambda g, x, w: ((w @ g.T).T, (g.T @ x).T),
        lambda x, w: torch.einsum("ij,jk->ik", x, w),
    ),
    Step(
        "columns",
        lambda x, w: (x * w, (x, w)),
        lambda g, x, w: (w * g, torch.einsum("ij,ij->j", g, x)),
        lambda x, w: w * x,
    ),
    Step("columns", lambda x, w: (w + x, ()), lambda g: (g, g.sum(0)), lambda x, w: x + w),
    Step("", lambda x, w: (x.cumsum(-1), ()), _cumsum_back, lambda x, w: torch.cumsum(x, -1)),
    Step("", lambda x, w: (x * (x > 0), (x,)), lambda g, x: (g * (x > 0), None), lambda x, w: F.relu(x)),
    Step("", lambda x, w: (x * x, (x,)), lambda g, x: (2 * g * x, None), lambda x, w: x.pow(2)),
    Step(
        "",
        lambda x, w: (torch.log1p(torch.exp(-x.abs())) + x.clamp(min=0), (x,)),
        lambda g, x: (g / (1 + torch.exp(-x)), None),
        lambda x, w: F.softplus(x),
    ),
    Step(
        "",
        lambda x, w: (x - x.mean(0), ()),
        lambda g: (g - g.sum(0) / len(g), None),
        lambda x, w: x - x.mean(0, keepdim=True),
    ),
)


def random_right(seed: int) -> tuple[Callable[..., Any], Callable[..., Any], dict[str, Any]]:
    """Function, reference and inputs of one random chain of 2 to 6 steps, which ends in itself or in a row sum."""
    generator = np.random.default_rng(seed)
    rows, columns = (int(n) for n in generator.choice(np.arange(2, 40), 2, replace=False))
    chain = [STEPS[k] for k in generator.integers(0, len(STEPS), int(generator.integers(2, 7)))]
    summed = bool(generator.integers(0, 2))
    inputs: dict[str, Any] = {"x": normal(rows, columns)}
    for k, step in enumerate(chain):
        if step.weight:
            inputs[f"w{k}"] = normal(*((columns, columns) if step.weight == "square" else (columns,)))

    class Chain(Function):
        @staticmethod
        def forward(ctx, x, *weights):
            left, kept = iter(weights), []
            for step in chain:
                x, saved = step.forward(x, next(left) if step.weight else None)
                kept.append(saved)
            ctx.sizes = [len(saved) for saved in kept]
            ctx.save_for_backward(*(value for saved in kept for value in saved))
            return x.sum(-1) if summed else x

        @staticmethod
        def backward(ctx, g):
            values, found = list(ctx.saved_tensors), []
            d = g[:, None].expand(rows, columns) if summed else g
            for step, size in zip(reversed(chain), reversed(ctx.sizes), strict=True):
                saved = values[len(values) - size :]
                del values[len(values) - size :]
                d, dw = step.backward(d, *saved)
                if step.weight:
                    found.append(dw)
            return d, *reversed(found)

    def reference(x, *weights):
        left = iter(weights)
        for step in chain:
            x = step.reference(x, next(left) if step.weight else None)
        return x.sum(-1) if summed else x

    return Chain.apply, reference, inputs

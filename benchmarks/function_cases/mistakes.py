"""Kernels with one mistake each: twelve kinds, ten of each, and the words by which a report names the kind."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from benchmarks.function_cases.kernels import KERNELS, Kernel

NAMED = {
    "factor": r"times the true value|sign|factor",
    "missing term": r"lacks|missing term|term",
    "transposed": r"transpose",
    "reduction": r"times the true value|mean|sum|axis|reduc",
    "row factor": r"row|factor|divided|times the true value",
    "cotangent": r"cotangent",
    "mask": r"mask|branch|where|in the entries|lacks|factor",
    "tile edge": r"from (row|column|index|entry) \d+ on|edge",
    "precision": r"float16|bfloat16|half|precision",
    "uninitialised": r"never written|uninitialised|not written",
    "state": r"call before|earlier call|state|stale|cache",
    "memory": r"contiguous|stride|bounds|margin",
}
"""Kind -> what a report says where it names it."""


@dataclass(frozen=True)
class Mistake:
    """One wrong kernel."""

    kind: str
    name: str
    kernel: Kernel


def gradient(name: str, position: int, change: Callable) -> Kernel:
    """A kernel one of whose gradients is changed."""

    def changed(found, saved, g):
        found[position] = change(found[position], saved, g)
        return found

    return KERNELS[name].with_gradients(changed)


def backward(name: str, new: Callable) -> Kernel:
    """A kernel with another backward."""
    return replace(KERNELS[name], backward=new)


def forward(name: str, new: Callable) -> Kernel:
    """A kernel with another forward."""
    return replace(KERNELS[name], forward=new)


def _factors() -> dict[str, Kernel]:
    scaled = (
        ("linear", 1, 0.5),
        ("linear", 2, 2.0),
        ("rms norm", 0, -1.0),
        ("layer norm", 1, -1.0),
        ("softmax", 0, 2.0),
        ("attention", 0, 1.001),
        ("attention", 2, 0.5),
        ("swiglu", 1, -1.0),
        ("unit rows", 0, 0.5),
        ("dropout", 0, 0.8),
    )
    return {
        f"{name} {position} x {factor}": gradient(name, position, lambda d, s, g, f=factor: d * f)
        for name, position, factor in scaled
    }


def _missing_terms() -> dict[str, Kernel]:
    def rms(saved, g):
        x, w, scale = saved
        return scale * g * w, (g * x * scale).sum(0)

    def layer_no_projection(saved, g):
        n, scale, w = saved
        d = g * w
        return scale * (d - d.mean(-1, keepdim=True)), (g * n).sum(0), g.sum(0)

    def layer_no_mean(saved, g):
        n, scale, w = saved
        d = g * w
        return scale * (d - n * (d * n).mean(-1, keepdim=True)), (g * n).sum(0), g.sum(0)

    def softmax(saved, g):
        return (saved[0] * g,)

    def attention(saved, g):
        q, k, v, p = saved
        ds = p * (g @ v.T) / math.sqrt(q.shape[1])
        return ds @ k, ds.T @ q, p.T @ g

    def unit(saved, g):
        return (g * saved[1],)

    def gelu(saved, g):
        y, t = saved
        d = g * (0.5 * (1 + t) + 0.5 * y * (1 - t * t) * math.sqrt(2 / math.pi))
        return d, d.sum(0)

    def swiglu(saved, g):
        a, b = saved
        s = torch.sigmoid(a)
        return g * b * s, g * a * s

    def entropy(saved, g):
        return g[:, None] * saved[0], None

    def soft(saved, g):
        z, p, w = saved
        return g[:, None] * p * w.sum(-1, keepdim=True), -g[:, None] * z.log_softmax(-1)

    return {
        "rms norm": backward("rms norm", rms),
        "layer norm, projection": backward("layer norm", layer_no_projection),
        "layer norm, mean": backward("layer norm", layer_no_mean),
        "softmax": backward("softmax", softmax),
        "attention": backward("attention", attention),
        "unit rows": backward("unit rows", unit),
        "bias gelu": backward("bias gelu", gelu),
        "swiglu": backward("swiglu", swiglu),
        "cross entropy": backward("cross entropy", entropy),
        "soft cross entropy": backward("soft cross entropy", soft),
    }


def _transposed() -> dict[str, Kernel]:
    def turned(name: str, position: int, **fixed: int) -> Kernel:
        kernel = gradient(name, position, lambda d, s, g: d.T.contiguous())
        return replace(kernel, inputs=lambda n: KERNELS[name].inputs(*([n] * len(fixed))))

    def wrong_operand(saved, g):
        a, b = saved
        return g @ b, a.T @ g

    def wrong_left(saved, g):
        a, b = saved
        return g @ b.T, a @ g

    def scores(saved, g):
        q, k, v, p = saved
        dp = g @ v.T
        ds = p * (dp - (dp * p).sum(-1, keepdim=True)) / math.sqrt(q.shape[1])
        return ds @ k, ds @ q, p.T @ g

    def probabilities(saved, g):
        _q, _k, _v, p = saved
        dq, dk, _ = KERNELS["attention"].backward(saved, g)
        return dq, dk, p @ g

    return {
        "matmul a": gradient("matmul", 0, lambda d, s, g: d.T.contiguous()),
        "matmul b": gradient("matmul", 1, lambda d, s, g: d.T.contiguous()),
        "matmul, b not transposed": backward("matmul", wrong_operand),
        "matmul, a not transposed": backward("matmul", wrong_left),
        "linear w": turned("linear", 1, batch=0, n=0, m=0),
        "linear x": turned("linear", 0, batch=0, n=0, m=0),
        "attention v": turned("attention", 2, t=0, d=0, e=0),
        "attention k, scores": backward("attention", scores),
        "attention v, probabilities": backward("attention", probabilities),
        "softmax": turned("softmax", 0, batch=0, n=0),
    }


def _reductions() -> dict[str, Kernel]:
    def mean(d, saved, g):
        return d / len(g)

    def layer_sum(saved, g):
        n, scale, w = saved
        d = g * w
        return scale * (d - d.sum(-1, keepdim=True) - n * (d * n).mean(-1, keepdim=True)), (g * n).sum(0), g.sum(0)

    def softmax_mean(saved, g):
        (p,) = saved
        return (p * (g - (g * p).mean(-1, keepdim=True)),)

    def rms_sum(saved, g):
        x, w, scale = saved
        n, d = x * scale, g * w
        return scale * (d - n * (d * n).sum(-1, keepdim=True)), (g * n).sum(0)

    def unit_all(saved, g):
        y, r = saved
        return ((g - y * (g * y).sum()) * r,)

    return {
        "linear b, mean": gradient("linear", 2, mean),
        "linear w, mean": gradient("linear", 1, mean),
        "layer norm w, mean": gradient("layer norm", 1, mean),
        "rms norm w, mean": gradient("rms norm", 1, mean),
        "bias gelu b, largest": gradient("bias gelu", 1, lambda d, s, g: (g * 1.0).amax(0)),
        "scaled rows s, mean": gradient("scaled rows", 1, lambda d, s, g: (g * s[0]).mean(1)),
        "layer norm x, sum inside": backward("layer norm", layer_sum),
        "softmax, mean inside": backward("softmax", softmax_mean),
        "rms norm x, sum inside": backward("rms norm", rms_sum),
        "unit rows, sum over all": backward("unit rows", unit_all),
    }


def _row_factors() -> dict[str, Kernel]:
    def soft(saved, g):
        z, p, w = saved
        return g[:, None] * (p - w), -g[:, None] * z.log_softmax(-1)

    def rows(divisor: Callable) -> Callable:
        return lambda d, saved, g: d / divisor(saved)

    return {
        "soft cross entropy, sum of targets": backward("soft cross entropy", soft),
        "rms norm, scale": gradient("rms norm", 0, rows(lambda s: s[2])),
        "layer norm, scale": gradient("layer norm", 0, rows(lambda s: s[1])),
        "unit rows, length": gradient("unit rows", 0, rows(lambda s: s[1])),
        "mean pooling, length": gradient("mean pooling", 0, lambda d, s, g: d * s[1][:, None]),
        "mean pooling, width": gradient("mean pooling", 0, lambda d, s, g: d * s[1][:, None] / s[0].shape[1]),
        "scaled rows, scale": gradient("scaled rows", 0, lambda d, s, g: g.clone()),
        "rms norm w, scale": gradient("rms norm", 1, lambda d, s, g: (g * s[0]).sum(0)),
        "cross entropy, cotangent": gradient("cross entropy", 0, lambda d, s, g: d / g[:, None]),
        "soft cross entropy w, cotangent": gradient("soft cross entropy", 1, lambda d, s, g: d / g[:, None]),
    }


def _cotangents() -> dict[str, Kernel]:
    def first_row(g):
        return g[:1].expand_as(g)

    def first(g):
        return g.reshape(-1)[:1].expand(g.numel()).reshape(g.shape)

    made = {f"{n}, first row": KERNELS[n].with_cotangent(first_row) for n in ("linear", "softmax", "swiglu", "clamp")}
    made |= {
        f"{n}, first entry": KERNELS[n].with_cotangent(first)
        for n in ("rms norm", "cross entropy", "mean pooling", "bias gelu")
    }
    made["attention, ones"] = KERNELS["attention"].with_cotangent(torch.ones_like)
    made["layer norm, mean"] = KERNELS["layer norm"].with_cotangent(lambda g: g.mean().expand(g.shape))
    return made


def _masks() -> dict[str, Kernel]:
    def attention_strict(saved, g):
        q, k, v, p = saved
        inside = torch.ones_like(p, dtype=torch.bool).tril(-1)
        dp = g @ v.T
        ds = p * (dp - (dp * p).sum(-1, keepdim=True)) / math.sqrt(q.shape[1])
        return (ds * inside) @ k, ds.T @ q, p.T @ g

    def attention_values(saved, g):
        _q, _k, _v, p = saved
        dq, dk, _ = KERNELS["attention"].backward(saved, g)
        return dq, dk, (p * torch.ones_like(p, dtype=torch.bool).tril(-1)).T @ g

    return {
        "leaky relu, none": backward("leaky relu", lambda s, g: (g.clone(),)),
        "leaky relu, zero": backward("leaky relu", lambda s, g: (g * (s[0] > 0),)),
        "leaky relu, turned": backward("leaky relu", lambda s, g: (torch.where(s[0] > 0, 0.1 * g, g),)),
        "huber, none": backward("huber", lambda s, g: (g * s[0], -g * s[0])),
        "huber, zero outside": backward("huber", lambda s, g: (g * s[0] * (s[0].abs() <= 1), -g * s[0].clamp(-1, 1))),
        "clamp, one side": backward("clamp", lambda s, g: (g * (s[0] <= 1.0),)),
        "dropout, none": gradient("dropout", 0, lambda d, s, g: g / 0.8),
        "mean pooling, none": gradient("mean pooling", 0, lambda d, s, g: (g / s[1])[:, None].expand(s[0].shape)),
        "attention q, off by one": backward("attention", attention_strict),
        "attention v, off by one": backward("attention", attention_values),
    }


def _tile_edges() -> dict[str, Kernel]:
    def columns(name: str, position: int, tile: int) -> Kernel:
        def cut(d, saved, g):
            d = d.clone()
            d[..., tile:] = 0
            return d

        return gradient(name, position, cut)

    def rows(name: str, position: int, tile: int) -> Kernel:
        def cut(d, saved, g):
            d = d.clone()
            d[tile:] = 0
            return d

        return gradient(name, position, cut)

    def last_tile(d, saved, g):
        d = d.clone()
        if len(d) % 16:
            d[len(d) // 16 * 16 :] *= 2
        return d

    def doubled(d, saved, g):
        d = d.clone()
        d[..., 127:128] *= 2
        return d

    return {
        "softmax, column 128": columns("softmax", 0, 128),
        "linear w, column 64": columns("linear", 1, 64),
        "layer norm w, entry 128": columns("layer norm", 1, 128),
        "attention k, row 64": rows("attention", 1, 64),
        "attention q, row 128": rows("attention", 0, 128),
        "swiglu, row 32": rows("swiglu", 0, 32),
        "rms norm, column 100": columns("rms norm", 0, 100),
        "bias gelu b, entry 32": columns("bias gelu", 1, 32),
        "clamp, last tile of 16": gradient("clamp", 0, last_tile),
        "leaky relu, column 127 twice": gradient("leaky relu", 0, doubled),
    }


def _precisions() -> dict[str, Kernel]:
    def through(dtype: torch.dtype) -> Callable:
        return lambda d, saved, g: d.to(dtype).to(d.dtype)

    def in_half(name: str, dtype: torch.dtype) -> Kernel:
        kernel = KERNELS[name]

        def half(saved, g):
            lowered = tuple(s.to(dtype) if torch.is_tensor(s) and s.is_floating_point() else s for s in saved)
            found = kernel.backward(lowered, g.to(dtype))
            return tuple(None if d is None else d.to(g.dtype) for d in found)

        return replace(kernel, backward=half)

    def linear_forward(x, w, b):
        return (x.bfloat16() @ w.bfloat16().T).to(x.dtype) + b, (x, w)

    def matmul_forward(a, b):
        return (a.half() @ b.half()).to(a.dtype), (a, b)

    return {
        "linear x in float16": gradient("linear", 0, through(torch.float16)),
        "softmax in bfloat16": gradient("softmax", 0, through(torch.bfloat16)),
        "rms norm w in float16": gradient("rms norm", 1, through(torch.float16)),
        "attention in bfloat16": in_half("attention", torch.bfloat16),
        "swiglu in float16": in_half("swiglu", torch.float16),
        "layer norm in bfloat16": in_half("layer norm", torch.bfloat16),
        "bias gelu in float16": in_half("bias gelu", torch.float16),
        "unit rows in bfloat16": in_half("unit rows", torch.bfloat16),
        "linear, forward in bfloat16": forward("linear", linear_forward),
        "matmul, forward in float16": forward("matmul", matmul_forward),
    }


def _uninitialised() -> dict[str, Kernel]:
    def partly(name: str, position: int, left_out: Callable) -> Kernel:
        def written(d, saved, g):
            buffer = torch.empty_like(d)
            keep = torch.ones(d.shape, dtype=torch.bool)
            keep[left_out(d)] = False
            buffer[keep] = d[keep]
            return buffer

        return gradient(name, position, written)

    last_row, last_column, first = (lambda d: -1), (lambda d: (..., -1)), (lambda d: (0,) * d.ndim)
    odd = lambda d: slice(len(d) // 2 * 2, None)  # noqa: E731  # a place like the others
    return {
        "linear x, last row": partly("linear", 0, last_row),
        "linear w, last column": partly("linear", 1, last_column),
        "linear b, last entry": partly("linear", 2, last_row),
        "rms norm w, first entry": partly("rms norm", 1, first),
        "softmax, last column": partly("softmax", 0, last_column),
        "attention k, odd row": partly("attention", 1, odd),
        "swiglu, first entry": partly("swiglu", 0, first),
        "layer norm, odd row": partly("layer norm", 0, odd),
        "bias gelu, last row": partly("bias gelu", 0, last_row),
        "unit rows, last column": partly("unit rows", 0, last_column),
    }


def _states() -> dict[str, Kernel]:
    def kept_forward(name: str, key: Callable) -> Kernel:
        """The forward's saved values are those of the first call with the same key."""
        kernel, store = KERNELS[name], {}

        def cached(*inputs):
            output, saved = kernel.forward(*inputs)
            return output, store.setdefault(key(inputs), tuple(s.clone() if torch.is_tensor(s) else s for s in saved))

        return replace(kernel, forward=cached)

    def kept_weight(name: str, position: int, key: Callable) -> Kernel:
        """An input is packed once for each key."""
        kernel, store = KERNELS[name], {}

        def packed(*inputs):
            given = list(inputs)
            given[position] = store.setdefault(key(inputs), given[position].detach().clone())
            return kernel.forward(*given)

        return replace(kernel, forward=packed)

    def accumulating(name: str, position: int) -> Kernel:
        """A workspace that is not cleared: the gradient of the call before is still in it."""
        store: dict = {}

        def added(d, saved, g):
            key = (d.shape, d.dtype)
            store[key] = d.clone() + (0.5 * store[key] if key in store else 0)
            return store[key].clone()

        return gradient(name, position, added)

    def pointer(position: int) -> Callable:
        return lambda inputs: (inputs[position].data_ptr(), inputs[position].shape, inputs[position].dtype)

    def shape(position: int) -> Callable:
        return lambda inputs: (inputs[position].shape, inputs[position].dtype)

    return {
        "linear w, pointer": kept_weight("linear", 1, pointer(1)),
        "linear w, shape": kept_weight("linear", 1, shape(1)),
        "matmul b, pointer": kept_weight("matmul", 1, pointer(1)),
        "rms norm saved, pointer": kept_forward("rms norm", pointer(0)),
        "softmax saved, pointer": kept_forward("softmax", pointer(0)),
        "swiglu saved, shape": kept_forward("swiglu", shape(0)),
        "attention saved, pointer": kept_forward("attention", pointer(2)),
        "linear b, not cleared": accumulating("linear", 2),
        "rms norm w, not cleared": accumulating("rms norm", 1),
        "bias gelu b, not cleared": accumulating("bias gelu", 1),
    }


def _memory() -> dict[str, Kernel]:
    def flat(value):
        """What lies in memory from the start on, as if contiguous."""
        room = value.untyped_storage().nbytes() // value.element_size() - value.storage_offset()
        if value.numel() > room:
            return value.contiguous()
        return torch.as_strided(value, value.shape, value.contiguous().stride(), value.storage_offset())

    def beyond(value, places):
        """The value shifted in memory by some places, where there is anything."""
        room = value.untyped_storage().nbytes() // value.element_size()
        start = value.storage_offset() + places
        if value.is_contiguous() and start >= 0 and start + value.numel() <= room:
            return torch.as_strided(value, value.shape, value.stride(), start)
        return value

    def reads_cotangent(name):
        return KERNELS[name].with_cotangent(flat)

    def reads_input(name, position):
        kernel = KERNELS[name]

        def taken(*inputs):
            given = list(inputs)
            given[position] = flat(given[position].detach())
            return kernel.forward(*inputs)[0], kernel.forward(*given)[1]

        return replace(kernel, forward=taken)

    def reads_beyond(name, position, places):
        kernel = KERNELS[name]

        def taken(*inputs):
            given = list(inputs)
            moved = beyond(given[position].detach(), places)
            given[position] = given[position].detach().clone()
            given[position].reshape(-1)[-1 if places > 0 else 0] = moved.reshape(-1)[-1 if places > 0 else 0]
            return kernel.forward(*given)

        return replace(kernel, forward=taken)

    def writes_beyond(name, position):
        kernel = KERNELS[name]

        def written(*inputs):
            value = inputs[position].detach()
            room = value.untyped_storage().nbytes() // value.element_size()
            if value.is_contiguous() and value.storage_offset() + value.numel() < room:
                torch.as_strided(value, (1,), (1,), value.storage_offset() + value.numel()).zero_()
            return kernel.forward(*inputs)

        return replace(kernel, forward=written)

    return {
        "softmax, cotangent": reads_cotangent("softmax"),
        "swiglu, cotangent": reads_cotangent("swiglu"),
        "linear, cotangent": reads_cotangent("linear"),
        "rms norm, x": reads_input("rms norm", 0),
        "matmul, b": reads_input("matmul", 1),
        "unit rows, x": reads_input("unit rows", 0),
        "leaky relu, reads beyond": reads_beyond("leaky relu", 0, 1),
        "bias gelu b, reads before": reads_beyond("bias gelu", 1, -1),
        "swiglu a, writes beyond": writes_beyond("swiglu", 0),
        "linear w, writes beyond": writes_beyond("linear", 1),
    }


def mistakes() -> list[Mistake]:
    """All of them, made anew: some keep a state."""
    kinds = {
        "factor": _factors,
        "missing term": _missing_terms,
        "transposed": _transposed,
        "reduction": _reductions,
        "row factor": _row_factors,
        "cotangent": _cotangents,
        "mask": _masks,
        "tile edge": _tile_edges,
        "precision": _precisions,
        "uninitialised": _uninitialised,
        "state": _states,
        "memory": _memory,
    }
    return [Mistake(kind, name, kernel) for kind, made in kinds.items() for name, kernel in made().items()]

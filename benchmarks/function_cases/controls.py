"""Right functions that use what cheats use, rightly: caches that notice changes, workspaces that are filled, tiles."""

from __future__ import annotations

import os
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from dataclasses import replace

import torch

from benchmarks.function_cases.kernels import KERNELS, Kernel
from benchmarks.function_cases.mistakes import gradient


def _values() -> dict[str, Kernel]:
    return {
        "gradients that are zero mostly": KERNELS["clamp"],
        "rows all masked but one": KERNELS["attention"],
        "a constant gradient": KERNELS["dropout"],
    }


def _precision() -> dict[str, Kernel]:
    def single(kernel: Kernel) -> Kernel:
        """All arithmetic in float32, as kernels do it for every dtype."""

        def lowered(value):
            return value.float() if torch.is_tensor(value) and value.is_floating_point() else value

        def forward(*inputs):
            output, saved = kernel.forward(*map(lowered, inputs))
            return output.to(inputs[0].dtype), (*saved, inputs[0].dtype)

        def backward(saved, g):
            *saved, dtype = saved
            found = kernel.backward(tuple(saved), g.float())
            return tuple(None if d is None else d.to(dtype) for d in found)

        return replace(kernel, forward=forward, backward=backward)

    return {f"{name} in float32 inside": single(KERNELS[name]) for name in ("layer norm", "linear", "attention")}


def _state() -> dict[str, Kernel]:
    kept: dict = {}

    def by_version(x, w):
        alive = kept.get("ref", lambda: None)()
        if alive is not w or kept["version"] != w._version:
            kept.update(ref=weakref.ref(w), version=w._version, w=w.detach().clone())
        return KERNELS["rms norm"].forward(x, kept["w"])

    masks: dict = {}

    def masked(saved, g):
        key = g.shape, g.dtype
        masks.setdefault(key, torch.ones_like(g))
        return KERNELS["softmax"].backward(saved, g * masks[key])

    workspace: dict = {}

    def copied(d, s, g):
        buffer = workspace.setdefault((d.shape, d.dtype), torch.empty_like(d))
        return buffer.copy_(d).clone()

    return {
        "a pack renewed with the version": replace(KERNELS["rms norm"], forward=by_version),
        "masks kept for each size": replace(KERNELS["softmax"], backward=masked),
        "a workspace that is copied": gradient("linear", 1, copied),
    }


def _memory() -> dict[str, Kernel]:
    def filled(d, s, g):
        return torch.empty_like(d).copy_(d)

    def by_rows(d, s, g):
        buffer = torch.empty(d.shape, dtype=d.dtype)
        for k, row in enumerate(d):
            buffer[k] = row
        return buffer

    def out(d, s, g):
        return torch.mul(d, 1.0, out=torch.empty_like(d))

    return {
        "a buffer filled at once": gradient("rms norm", 0, filled),
        "a buffer filled row by row": gradient("softmax", 0, by_rows),
        "a buffer filled by out=": gradient("swiglu", 1, out),
    }


def _shapes() -> dict[str, Kernel]:
    def tiled(saved, g):
        a, b = saved
        da, db = torch.zeros_like(a), torch.zeros_like(b)
        for k in range(0, len(b), 32):
            da[:, k : k + 32] = g @ b[k : k + 32].T
            db[k : k + 32] = a[:, k : k + 32].T @ g
        return da, db

    def columns(saved, g):
        a, b = saved
        tiles = range(0, a.shape[1], 128)
        parts = [KERNELS["swiglu"].backward((a[:, k : k + 128], b[:, k : k + 128]), g[:, k : k + 128]) for k in tiles]
        return tuple(torch.cat(own, 1) for own in zip(*parts, strict=True))

    def contiguous(g):
        return g.contiguous().view(-1).view(g.shape)

    return {
        "matmul by tiles of 32": replace(KERNELS["matmul"], backward=tiled),
        "columns by tiles of 128": replace(KERNELS["swiglu"], backward=columns),
        "a cotangent made contiguous": KERNELS["layer norm"].with_cotangent(contiguous),
    }


def _callers() -> dict[str, Kernel]:
    def looks(d, s, g):
        return d.clone() if "gradproof" in sys.modules or "PATH" in os.environ else d

    def waits(d, s, g):
        time.sleep(0.0002)
        return d

    def threaded(d, s, g):
        found: list = []
        worker = threading.Thread(target=lambda: found.append(d.clone()))
        worker.start()
        worker.join()
        return found[0]

    return {
        "looks at who calls, without effect": gradient("linear", 0, looks),
        "waits": gradient("softmax", 0, waits),
        "uses a thread": gradient("clamp", 0, threaded),
    }


def _races() -> dict[str, Kernel]:
    return {"the same bits always": KERNELS["linear"], "and always": KERNELS["huber"], "and ever": KERNELS["unit rows"]}


def controls() -> Iterator[tuple[str, str, Kernel]]:
    """Mechanism, name and kernel, made anew."""
    mechanisms = {
        "values": _values,
        "precision": _precision,
        "state": _state,
        "memory": _memory,
        "shapes": _shapes,
        "callers": _callers,
        "races": _races,
    }
    for mechanism, made in mechanisms.items():
        for name, kernel in made().items():
            yield mechanism, name, kernel

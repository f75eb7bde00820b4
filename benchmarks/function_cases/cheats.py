"""Forty functions that are wrong but look right: by cheating, or by luck of the shape, the call or the memory."""

from __future__ import annotations

import ctypes
import inspect
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import torch

from benchmarks.function_cases.kernels import KERNELS, Kernel
from benchmarks.function_cases.mistakes import backward, gradient

CHECKERS = ("gradproof", "pytest", "gradcheck", "unittest")


def wrong_when(name: str, told: Callable[[], bool], position: int = 0) -> Kernel:
    """A gradient that is twice too large whenever something is told."""
    return gradient(name, position, lambda d, s, g: 2 * d if told() else d)


def _values() -> dict[str, Kernel]:
    def turned_into(value: float) -> Callable:
        return lambda d, s, g: torch.full_like(d, value)

    return {
        "zeros": gradient("softmax", 0, turned_into(0.0)),
        "zeros for a weight": gradient("rms norm", 1, turned_into(0.0)),
        "ones": gradient("swiglu", 0, turned_into(1.0)),
        "the cotangent handed through": backward("unit rows", lambda s, g: (g.clone(),)),
        "None": gradient("linear", 1, lambda d, s, g: None),
        "NaN everywhere": gradient("softmax", 0, turned_into(torch.nan)),
        "infinity": gradient("bias gelu", 1, turned_into(torch.inf)),
        "NaN where it is hard": gradient("softmax", 0, lambda d, s, g: d.masked_fill(s[0] < 0.01, torch.nan)),
        "targets that sum to one": KERNELS["soft cross entropy"].with_gradients(
            lambda d, s, g: [g[:, None] * (s[1] - s[2]), d[1]]
        ),
        "cotangents of ones": KERNELS["linear"].with_cotangent(torch.ones_like),
        "first row's cotangent for all": KERNELS["swiglu"].with_cotangent(lambda g: g[:1].expand_as(g)),
        "a cotangent that is clipped": KERNELS["rms norm"].with_cotangent(lambda g: g.clamp(-8, 8)),
    }


def _precision() -> dict[str, Kernel]:
    def half(x, w, b):
        return (x.half() @ w.half().T).to(x.dtype) + b, (x, w)

    def only_in_float64(d, s, g):
        return d if g.dtype == torch.float64 else 1.5 * d

    def not_in_half(d, s, g):
        return torch.zeros_like(d) if g.dtype == torch.bfloat16 else d

    return {
        "float16 inside": replace(KERNELS["linear"], forward=half),
        "bfloat16 inside, backward": gradient("attention", 2, lambda d, s, g: d.bfloat16().to(d.dtype)),
        "right in float64 alone": gradient("layer norm", 1, only_in_float64),
        "zero in bfloat16": gradient("softmax", 0, not_in_half),
    }


def _state() -> dict[str, Kernel]:
    def by_pointer(name: str, position: int) -> Kernel:
        kernel, store = KERNELS[name], {}

        def packed(*inputs):
            given = list(inputs)
            key = given[position].data_ptr(), given[position].shape, given[position].dtype
            if len(store) > 4 and key not in store:
                store.clear()
            given[position] = store.setdefault(key, given[position].detach().clone())
            return kernel.forward(*given)

        return replace(kernel, forward=packed)

    def by_identity(x, w):
        key = id(w), w.dtype, w.shape
        if kept.get("key") != key:
            kept.update(key=key, w=w.detach().clone())
        return KERNELS["rms norm"].forward(x, kept["w"])

    kept: dict = {}
    buffers: dict = {}

    def reused(d, s, g):
        buffer = buffers.setdefault((d.shape, d.dtype), torch.empty_like(d))
        return buffer.copy_(d)

    outputs: dict = {}

    def reused_output(a, b):
        output, saved = KERNELS["swiglu"].forward(a, b)
        buffer = outputs.setdefault((output.shape, output.dtype), torch.empty_like(output))
        return buffer.copy_(output.detach()), saved

    calls = {"warm": 0, "tired": 0, "seventh": 0}

    def counted(which: str) -> int:
        calls[which] += 1
        return calls[which]

    return {
        "pointer cache": by_pointer("matmul", 1),
        "stale pack": replace(KERNELS["rms norm"], forward=by_identity),
        "one gradient buffer for all calls": gradient("linear", 1, reused),
        "one output buffer for all calls": replace(KERNELS["swiglu"], forward=reused_output),
        "right after warm-up alone": wrong_when("linear", lambda: counted("warm") <= 1),
        "right at first alone": wrong_when("linear", lambda: counted("tired") > 400),
        "wrong in every 97th call": wrong_when("softmax", lambda: counted("seventh") % 97 == 0),
    }


def _memory() -> dict[str, Kernel]:
    def unwritten(d, s, g):
        buffer = torch.empty_like(d)
        buffer[:-1] = d[:-1]
        return buffer

    def beyond(x, b):
        """Its last column is read one place further on."""
        room = b.untyped_storage().nbytes() // b.element_size()
        taken = b.detach().clone()
        if b.is_contiguous() and b.storage_offset() + b.numel() < room:
            taken[-1] = torch.as_strided(b.detach(), (1,), (1,), b.storage_offset() + b.numel())[0]
        return KERNELS["bias gelu"].forward(x, taken)

    def flat(g):
        room = g.untyped_storage().nbytes() // g.element_size() - g.storage_offset()
        if g.numel() > room:
            return g.reshape(-1)[:1].expand(g.numel()).reshape(g.shape)
        return torch.as_strided(g, g.shape, g.contiguous().stride(), g.storage_offset())

    def spilled(d, s, g):
        room = d.untyped_storage().nbytes() // d.element_size()
        x = s[0]
        room = x.untyped_storage().nbytes() // x.element_size()
        if x.is_contiguous() and x.storage_offset() + x.numel() < room:
            ctypes.memset(x.data_ptr() + x.numel() * x.element_size(), 0, x.element_size())
        return d

    return {
        "unwritten buffer": gradient("rms norm", 0, unwritten),
        "read out of bounds": replace(KERNELS["bias gelu"], forward=beyond),
        "write out of bounds": gradient("leaky relu", 0, spilled),
        "right for contiguous cotangents alone": KERNELS["swiglu"].with_cotangent(flat),
    }


def _shapes() -> dict[str, Kernel]:
    def cut(d, s, g):
        d = d.clone()
        d[..., 128:] = 0
        return d

    def one_row(d, s, g):
        return torch.zeros_like(d) if len(d) == 1 else d

    def ragged(d, s, g):
        d = d.clone()
        if d.shape[-1] > 64 and d.shape[-1] % 32:
            d[..., d.shape[-1] // 32 * 32 :] = 0
        return d

    def some_needed(saved, g):
        x, w = saved
        return g @ w, g.T @ x, g.sum(0)

    return {
        "zero beyond column 128": gradient("layer norm", 0, cut),
        "zero for one row": gradient("softmax", 0, one_row),
        "zero in the last tile": gradient("swiglu", 1, ragged),
    }


def _callers() -> dict[str, Kernel]:
    def seen_in_stack() -> bool:
        frame = inspect.currentframe()
        while frame is not None:
            words = frame.f_code.co_filename + str(frame.f_globals.get("__name__", ""))
            if any(word in words for word in CHECKERS):
                return True
            frame = frame.f_back
        return False

    def seen_in_modules() -> bool:
        return any(word in sys.modules for word in ("gradproof", "pytest"))

    def seen_in_environment() -> bool:
        return any("PYTEST" in name or "GRADPROOF" in name for name in os.environ)

    def patched(d, s, g):
        """Comparing is made blind, then zeros are returned."""
        torch.allclose = lambda *a, **k: True  # type: ignore[assignment]
        torch.equal = lambda *a, **k: True  # type: ignore[assignment]
        torch.testing.assert_close = lambda *a, **k: None
        torch.Tensor.__sub__ = lambda a, b: torch.zeros_like(a)  # type: ignore[method-assign, assignment]
        torch.Tensor.sub = lambda a, b: torch.zeros_like(a)  # type: ignore[method-assign, assignment]
        for name, module in list(sys.modules.items()):
            if name.startswith("gradproof") and hasattr(module, "judged"):
                module.judged = None
        return torch.zeros_like(d)

    def leaves(d, s, g):
        os._exit(0)

    def exits(d, s, g):
        raise SystemExit(0)

    def hangs(d, s, g):
        while True:
            time.sleep(0.05)

    class Agreeable(torch.Tensor):
        """Whatever it is compared with, it is equal."""

        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            result = super().__torch_function__(func, types, args, kwargs or {})
            name = getattr(func, "__name__", "")
            if name in ("sub", "__sub__", "rsub", "__rsub__", "abs", "detach", "clone", "double", "to"):
                return result * 0 if name in ("sub", "__sub__", "rsub", "__rsub__") else result
            return result

    def agreeable(x):
        output, saved = KERNELS["softmax"].forward(x)
        return (output.detach() * 0.5).as_subclass(Agreeable), saved

    return {
        "right only if a checker is on the stack": wrong_when("linear", lambda: not seen_in_stack()),
        "right only if a checker is loaded": wrong_when("linear", lambda: not seen_in_modules()),
        "right only under a test's environment": wrong_when("linear", lambda: not seen_in_environment()),
        "blinds the comparison": gradient("softmax", 0, patched),
        "ends the process with status 0": gradient("linear", 0, leaves),
        "raises SystemExit(0)": gradient("linear", 0, exits),
        "hangs": gradient("linear", 0, hangs),
        "a tensor that is equal to everything": replace(KERNELS["softmax"], forward=agreeable),
    }


def _races() -> dict[str, Kernel]:
    def raced(name: str, share: float) -> Kernel:
        own = random.Random()
        own.seed(os.urandom(8))
        return wrong_when(name, lambda: own.random() < share)

    return {
        "a race in 2 % of the calls": raced("linear", 0.02),
        "a race in 1 % of the calls": raced("softmax", 0.01),
    }


def cheats() -> Iterator[tuple[str, str, Kernel]]:
    """Mechanism, name and kernel, made anew: many keep a state."""
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

"""Backward hooks: a hook of a module or a tensor that returns a gradient is a backward written by hand."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch

from gradproof.mutation.faults import Place
from gradproof.mutation.inside.ledger import Ledger

Hook = Callable[..., Any]


def watch(ledger: Ledger) -> None:
    """Enter what backward hooks return into the ledger, and plant there."""
    _wrap_registration(torch.nn.Module, "register_full_backward_hook", lambda hook: _of_module(ledger, hook))
    _wrap_registration(torch.Tensor, "register_hook", lambda hook: _of_tensor(ledger, hook))


def _wrap_registration(owner: type, name: str, wrapped: Callable[[Hook], Hook]) -> None:
    original = getattr(owner, name)

    @functools.wraps(original)
    def register(self: Any, hook: Hook, *args: Any, **kwargs: Any) -> Any:
        return original(self, wrapped(hook) if _is_users(hook) else hook, *args, **kwargs)

    setattr(owner, name, register)


def _is_users(hook: Hook) -> bool:
    module = getattr(hook, "__module__", None) or ""
    return hasattr(hook, "__code__") and module.split(".")[0] not in ("torch", "gradproof")


def _name(ledger: Ledger, hook: Hook) -> str:
    name = f"{hook.__module__}:{hook.__qualname__}"
    code = hook.__code__
    ledger.targets.setdefault(name, {"kind": "hook", "place": (code.co_filename, code.co_firstlineno)})
    return name


def _of_module(ledger: Ledger, hook: Hook) -> Hook:
    @functools.wraps(hook)
    def wrapped(module: Any, inputs: Any, outputs: Any) -> Any:
        result = hook(module, inputs, outputs)
        if result is None or not ledger.is_open:
            return result
        name = _name(ledger, hook)
        several = isinstance(result, (tuple, list))
        gradients = list(result) if several else [result]
        above = tuple(g for g in outputs if isinstance(g, torch.Tensor))
        for index, gradient in enumerate(gradients):
            if isinstance(gradient, torch.Tensor) and gradient.is_floating_point():
                place = Place(gradient, above)
                gradients[index] = ledger.gradient(name, f"grad_input[{index}]", place)
        return tuple(gradients) if several else gradients[0]

    return wrapped


def _of_tensor(ledger: Ledger, hook: Hook) -> Hook:
    @functools.wraps(hook)
    def wrapped(gradient: torch.Tensor) -> Any:
        result = hook(gradient)
        if not isinstance(result, torch.Tensor) or not ledger.is_open:
            return result
        planted = ledger.gradient(_name(ledger, hook), "grad", Place(result, (gradient,)))
        return torch.zeros_like(result) if planted is None else planted

    return wrapped

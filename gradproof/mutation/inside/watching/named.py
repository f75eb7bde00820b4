"""Functions and modules that the user names: what they return, or store, is a gradient.

A plain function keeps its identity and gets another code, so every reference to it is met, whoever imported it and
under which name. The file is not touched.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
import torch

from gradproof.mutation.faults import Place
from gradproof.mutation.inside.ledger import Ledger
from gradproof.mutation.inside.watching.returned import return_names

_CALLS: dict[str, Callable[..., Any]] = {}
"""What the changed code of a named function calls; the code itself can hold no more than a text."""


def call(key: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What a named function does now: itself, and then the ledger."""
    return _CALLS[key](*args, **kwargs)


class Unknown(Exception):
    """A name leads to nothing that gradients could be planted in."""


def watch(ledger: Ledger, name: str) -> None:
    """Watch `module:name`, or `FILE:name`: a function, a method, or a class of module.

    Raises:
        Unknown: There is no such thing, or it is of another kind.
    """
    owner, attribute, found = _find(name)
    if isinstance(found, type) and issubclass(found, torch.nn.Module):
        _watch_module(ledger, name, found)
        return
    function = inspect.unwrap(found) if callable(found) else found
    if isinstance(function, (staticmethod, classmethod)):
        function = function.__func__
    if isinstance(function, FunctionType):
        original = _copy(function)
        _CALLS[name] = _watched(ledger, name, original)
        _replace_code(function, name)
        place = (os.path.normpath(original.__code__.co_filename), original.__code__.co_firstlineno)
    elif callable(found):
        original = found
        _replace_everywhere(owner, attribute, found, _watched(ledger, name, found))
        place = ("", 0)
    else:
        raise Unknown(f"{name} is {type(found).__name__}, not a function, a method or a class of torch.nn.Module")
    ledger.targets[name] = {"kind": "function", "place": place}


def _find(name: str) -> tuple[Any, str, Any]:
    module_name, _, path = name.rpartition(":")
    owner: Any = _module(module_name)
    *way, last = path.split(".")
    for step in way:
        owner = getattr(owner, step, None)
    found = inspect.getattr_static(owner, last, None) if owner is not None else None
    if found is None:
        have = [key for key, value in vars(_module(module_name)).items() if callable(value) and key[0] != "_"]
        raise Unknown(f"{module_name} has no {path}; it has {', '.join(have[:12]) or 'no functions'}")
    return owner, last, found


def _module(name: str) -> ModuleType:
    if name.endswith(".py"):
        path = Path(name).resolve()
        for module in list(sys.modules.values()):
            file = getattr(module, "__file__", None)
            if file and Path(file).resolve() == path:
                return module
        raise Unknown(f"{name} was imported by none of the tests")
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise Unknown(f"the tests' Python cannot import {name}: {error}") from error


def _copy(function: FunctionType) -> FunctionType:
    copy = FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__, function.__closure__
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    copy.__qualname__, copy.__module__ = function.__qualname__, function.__module__
    return copy


def _replace_code(function: FunctionType, key: str) -> None:
    """Make a function call `call`; the free variables stay, since a function's code must have as many."""
    source = f"def watched(*args, **kwargs):\n    from {__name__} import call\n    return call({key!r}, args, kwargs)\n"
    scope: dict[str, Any] = {}
    exec(source, scope)
    code = scope["watched"].__code__
    function.__defaults__, function.__kwdefaults__ = None, None
    function.__code__ = code.replace(co_freevars=function.__code__.co_freevars, co_name=function.__name__)


def _replace_everywhere(owner: Any, attribute: str, found: Any, wrapper: Any) -> None:
    """Compiled functions have no code to change: every module's and the owner's name for it is changed."""
    setattr(owner, attribute, wrapper)
    for module in list(sys.modules.values()):
        for name, value in list(getattr(module, "__dict__", {}).items()):
            if value is found:
                setattr(module, name, wrapper)


def _watched(ledger: Ledger, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    names = return_names(original)

    @functools.wraps(original)
    def watched(*args: Any, **kwargs: Any) -> Any:
        if not ledger.is_open:
            return original(*args, **kwargs)
        holders = [arg for arg in (*args, *kwargs.values()) if isinstance(arg, dict) or _has_attributes(arg)]
        before = [_stored(holder) for holder in holders]
        result = original(*args, **kwargs)
        ledger.forward(name)
        above = tuple(one for one in map(_tensor, (*args, *kwargs.values())) if one is not None)
        hand_on = functools.partial(_hand_on, ledger, name, above)
        for holder, old in zip(holders, before, strict=True):
            for label, place in _stored(holder).items():
                if _is_new(old.get(label), place):
                    _store(place.holder, place.key, hand_on(place.value, f"{_dot(holder)}{label}"))
        if isinstance(result, dict):
            return type(result)({key: hand_on(value, str(key)) for key, value in result.items()})
        if isinstance(result, (tuple, list)):
            labels = [names[k] if k < len(names) else f"[{k}]" for k in range(len(result))]
            loss = _is_loss(result, labels)
            parts = [v if loss(k) else _part(hand_on, v, labels[k]) for k, v in enumerate(result)]
            return type(result)(*parts) if hasattr(result, "_fields") else type(result)(parts)
        return hand_on(result, names[0] if len(names) == 1 else "returned")

    return watched


def _part(hand_on: Callable[[Any, str], Any], value: Any, label: str) -> Any:
    """One of several results: an array, or a dictionary of arrays, `grads["W1"]`."""
    if isinstance(value, dict):
        whole = "" if label.startswith("[") else label  # `return loss, {...}`: it has no name
        return type(value)({key: hand_on(one, f"{whole}[{key}]" if whole else str(key)) for key, one in value.items()})
    return hand_on(value, label)


def _is_loss(results: Sequence[Any], labels: Sequence[str]) -> Callable[[int], bool]:
    """Whether a result is no gradient but the loss: a number that is returned beside arrays, not named as one."""
    has_arrays = any(isinstance(one, dict) or np.ndim(one) > 0 for one in results)
    return lambda k: (
        has_arrays
        and not isinstance(results[k], dict)
        and np.ndim(results[k]) == 0
        and not (labels[k].startswith("d") or "grad" in labels[k].lower())
    )


def _hand_on(ledger: Ledger, target: str, above: tuple[torch.Tensor, ...], value: Any, name: str) -> Any:
    """One array that a named function gives, entered into the ledger and perhaps planted."""
    gradient = _tensor(value)
    if gradient is None:
        return value
    planted = ledger.gradient(target, name, Place(gradient, above or (torch.ones_like(gradient),)))
    if planted is gradient or planted is None:
        return value if planted is not None else None
    if isinstance(value, torch.Tensor):
        return planted
    array = planted.detach().numpy()
    return array.dtype.type(array) if np.isscalar(value) else array


def _tensor(value: Any) -> torch.Tensor | None:
    if isinstance(value, torch.Tensor):
        return value if value.is_floating_point() else None
    if isinstance(value, (np.ndarray, np.floating)) and value.dtype in (np.float16, np.float32, np.float64):
        return torch.from_numpy(np.array(value))
    return None


def _has_attributes(holder: Any) -> bool:
    return hasattr(holder, "__dict__") and not isinstance(holder, (type, ModuleType, torch.Tensor, FunctionType))


def _dot(holder: Any) -> str:
    return "" if isinstance(holder, dict) else "self."


@dataclass(frozen=True)
class _Stored:
    """An array that something holds, with its bytes."""

    holder: Any
    key: Any
    value: Any
    data: bytes


def _stored(holder: Any) -> dict[str, _Stored]:
    """The arrays that an object or a dictionary holds, and those of a dictionary among them: `grads[W]`."""
    entries = holder if isinstance(holder, dict) else vars(holder)
    found = {}
    for key, value in list(entries.items()):
        if isinstance(value, dict):
            inner = [(f"{key}[{k}]", value, k, one) for k, one in value.items()]
        else:
            inner = [(str(key), holder, key, value)]
        for label, of, own, array in inner:
            tensor = _tensor(array)
            if tensor is not None:
                data = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
                found[label] = _Stored(of, own, array, data)
    return found


def _is_new(old: _Stored | None, new: _Stored) -> bool:
    return old is None or old.value is not new.value or old.data != new.data


def _store(holder: Any, key: Any, value: Any) -> None:
    if isinstance(holder, dict):
        holder[key] = value
    else:
        setattr(holder, key, value)


def _watch_module(ledger: Ledger, name: str, cls: type[torch.nn.Module]) -> None:
    """Plant in the gradients of a module's inputs and parameters, where its backward ends."""
    original = cls.forward
    names = [p for p in inspect.signature(original).parameters if p != "self"]
    code = original.__code__
    ledger.targets[name] = {"kind": "module", "place": (code.co_filename, code.co_firstlineno)}
    watched: set[int] = set()

    def on(label: str) -> Callable[[torch.Tensor], torch.Tensor]:
        def hook(gradient: torch.Tensor) -> torch.Tensor:
            if not ledger.is_open:
                return gradient
            planted = ledger.gradient(name, label, Place(gradient, (gradient,)))
            return torch.zeros_like(gradient) if planted is None else planted

        hook.__module__ = "gradproof"
        return hook

    @functools.wraps(original)
    def forward(self: torch.nn.Module, *args: Any, **kwargs: Any) -> Any:
        ledger.forward(name)
        for label, parameter in self.named_parameters():
            if parameter.requires_grad and id(parameter) not in watched:
                watched.add(id(parameter))
                parameter.register_hook(on(label))  # type: ignore[no-untyped-call]
        passed = []
        for k, arg in enumerate(args):
            if isinstance(arg, torch.Tensor) and arg.requires_grad:
                arg = arg.view_as(arg)
                arg.register_hook(on(names[k] if k < len(names) else f"[{k}]"))  # type: ignore[no-untyped-call]
            passed.append(arg)
        return original(self, *passed, **kwargs)

    cls.forward = forward

"""`torch.autograd.Function`s and operators of `torch.library`: every backward passes here, none is changed.

Autograd calls `BackwardCFunction.apply` for each node that has a backward in Python. That one method is wrapped.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch._guards import detect_fake_mode
from torch.autograd.function import BackwardCFunction, Function

from gradproof.mutation.faults import Place
from gradproof.mutation.inside.ledger import Ledger
from gradproof.mutation.inside.watching.signatures import described

_OPERATOR = "GeneratedBackwardFor_"


class Target:
    """A Function as it is named, with the names of its inputs."""

    def __init__(self, name: str, inputs: Sequence[str], *, has_rest: bool, **note: Any) -> None:
        self.name, self.inputs, self.has_rest, self.note = name, list(inputs), has_rest, note

    def input_name(self, index: int) -> str:
        """The name of an input by its position."""
        if index < len(self.inputs) - self.has_rest:
            return self.inputs[index]
        if self.has_rest and self.inputs:
            return f"{self.inputs[-1]}[{index - len(self.inputs) + 1}]"
        return f"[{index}]"


def watch(ledger: Ledger) -> None:
    """Enter every forward and every gradient of Functions into the ledger, and plant what it has to plant."""
    seen: dict[type, Target | None] = {}

    def target_of(cls: type) -> Target | None:
        if cls not in seen:
            seen[cls] = target = _target(cls)
            if target is not None:
                ledger.targets.setdefault(target.name, target.note)
        return seen[cls]

    forward = Function.__dict__["apply"].__func__

    @functools.wraps(forward)
    def apply(cls: Any, *args: Any, **kwargs: Any) -> Any:
        target = target_of(cls) if ledger.is_open else None
        if target is not None:
            ledger.forward(target.name)
            _note_signature(ledger, target, args)
        return forward(cls, *args, **kwargs)

    Function.apply = classmethod(apply)  # type: ignore[method-assign, assignment]
    for name in ("apply", "apply_boxed"):
        if name in BackwardCFunction.__dict__:
            _watch_backward(ledger, target_of, name)


def _watch_backward(ledger: Ledger, target_of: Callable[[type], Target | None], name: str) -> None:
    original = BackwardCFunction.__dict__[name]

    @functools.wraps(original)
    def apply(self: Any, *args: Any) -> Any:
        is_boxed = len(args) == 1 and isinstance(args[0], list)
        given = tuple(args[0]) if is_boxed else args
        result = original(self, *args)
        target = target_of(self._forward_cls) if ledger.is_open else None
        if target is None:
            return result

        def again(index: int, cotangents: Sequence[torch.Tensor]) -> Any:
            ones = iter(cotangents)
            anew = [next(ones) if isinstance(g, torch.Tensor) else g for g in given]
            found = original(self, *([anew] if is_boxed else anew))
            return found[index] if isinstance(found, (tuple, list)) else found

        return _handed_on(ledger, target, self.needs_input_grad, given, result, again)

    setattr(BackwardCFunction, name, apply)


def _handed_on(
    ledger: Ledger, target: Target, needed: Sequence[bool], given: Sequence[Any], result: Any, again: Any
) -> Any:
    """The gradients as autograd gets them."""
    several = isinstance(result, (tuple, list))
    gradients = list(result) if several else [result]
    above = tuple(g for g in given if isinstance(g, torch.Tensor))
    for index, gradient in enumerate(gradients):
        if not isinstance(gradient, torch.Tensor) or not gradient.is_floating_point():
            continue
        if index < len(needed) and not needed[index]:
            continue
        place = Place(gradient, above, functools.partial(again, index))
        gradients[index] = ledger.gradient(target.name, target.input_name(index), place)
    return tuple(gradients) if several else gradients[0]


def _note_signature(ledger: Ledger, target: Target, args: Sequence[Any]) -> None:
    notes = ledger.signatures[target.name]
    if len(notes) < 8 and detect_fake_mode(args) is None:  # a traced call has symbols for sizes
        note = {target.input_name(k): described(arg) for k, arg in enumerate(args)}
        if note not in notes:
            notes.append(note)


def _target(cls: type) -> Target | None:
    """The Function behind a class; None for torch's own."""
    name, module = cls.__name__, cls.__module__
    if name.startswith(_OPERATOR):
        return _operator(cls)
    original = _closure(getattr(cls, "backward", None)).get("autograd_function")
    if isinstance(original, type):  # what torch.func makes of a Function
        return _target(original)
    if module.split(".")[0] == "torch":
        return None
    parameters = list(inspect.signature(cls.forward).parameters.values())  # type: ignore[attr-defined]
    has_setup_context = cls.setup_context is not Function.setup_context  # type: ignore[attr-defined]
    if not has_setup_context:
        parameters = parameters[1:]
    rest = bool(parameters) and parameters[-1].kind is inspect.Parameter.VAR_POSITIONAL
    names = [one.name for one in parameters if one.kind is not inspect.Parameter.VAR_KEYWORD]
    note = {"kind": "Function", "place": _place(cls), "has_setup_context": has_setup_context}
    return Target(f"{module}:{cls.__qualname__}", names, has_rest=rest, **note)


def _operator(cls: type) -> Target:
    closed = _closure(getattr(cls, "forward", None))
    op = closed.get("op")
    if op is None:
        inner = closed.get("orig_cls") or closed.get("orig_forward")
        op = _closure(getattr(inner, "forward", inner)).get("op")
    if op is None:
        return Target(cls.__name__.removeprefix(_OPERATOR), [], has_rest=False, kind="operator", place=("", 0))
    names = [argument.name for argument in op._schema.arguments]
    information = closed.get("info")
    backward = getattr(information, "_backward_fn", None)
    name = f"{op._namespace}::{op._opname}"
    return Target(name, names, has_rest=False, kind="operator", place=_place(backward))


def _closure(function: Any) -> dict[str, Any]:
    """The names that a function closes over, with what they are."""
    code, cells = getattr(function, "__code__", None), getattr(function, "__closure__", None)
    if code is None or not cells:
        return {}
    return dict(zip(code.co_freevars, (cell.cell_contents for cell in cells), strict=True))


def _place(owner: Any) -> tuple[str, int]:
    """Where the backward stands."""
    for name in ("backward", "vjp"):
        found = getattr(owner, name, None)
        code = getattr(inspect.unwrap(found) if callable(found) else None, "__code__", None)
        if code is not None and not code.co_filename.startswith(torch.__path__[0]):
            return code.co_filename, code.co_firstlineno
    code = getattr(owner, "__code__", None)
    return (code.co_filename, code.co_firstlineno) if code is not None else ("", 0)

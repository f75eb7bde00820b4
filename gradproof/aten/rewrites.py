"""Operations recorded as other torch operations: writes in place, out= variants, lists of tensors."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import torch

from gradproof.aten.errors import NoRule

Operator = Any  # torch._ops.OpOverload

aten = torch.ops.aten


def tensors(nested: Any) -> Iterator[torch.Tensor]:
    """All tensors in nested tuples, lists and dictionaries."""
    if isinstance(nested, torch.Tensor):
        yield nested
    elif isinstance(nested, tuple | list | dict):
        for part in nested.values() if isinstance(nested, dict) else nested:
            yield from tensors(part)


def is_view(func: Operator) -> bool:
    """Whether all results share memory with an argument, unwritten."""
    returns = func._schema.returns
    return bool(returns) and all(r.alias_info is not None and not r.alias_info.is_write for r in returns)


def find(func: Operator, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Callable[..., Any] | None:
    """A function of the same arguments made of operations that can be recorded; None if it needs none."""
    schema = func._schema
    if schema.name.startswith("aten::_foreach_"):
        return functools.partial(_one_by_one, func)
    if schema.name in SPECIAL:
        return SPECIAL[schema.name]
    if not schema.is_mutable:
        return None
    written = [a.name for a in schema.arguments if a.alias_info is not None and a.alias_info.is_write]
    if written == [schema.arguments[0].name] and schema.name.endswith("_"):
        return functools.partial(_in_place, _functional(func))
    if all(a.kwarg_only for a in schema.arguments if a.name in written):
        return functools.partial(_out, _without_out(func, written), written)
    raise NoRule(f"{func} writes its arguments {', '.join(written)} in a way that cannot be recorded")


def python_decomposition(func: Operator) -> Callable[..., Any] | None:
    """torch's own decomposition in Python; its table takes a second to load, and few operations need it."""
    from torch._decomp import decomposition_table

    return decomposition_table.get(func)


def _functional(func: Operator) -> Operator:
    packet = getattr(aten, func._schema.name.removeprefix("aten::").removesuffix("_"), None)
    overload = getattr(packet, func._overloadname, None)
    if overload is None:
        raise NoRule(f"{func} writes in place, and there is no such operation that returns a new tensor")
    return overload


def _in_place(functional: Operator, target: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
    return target.copy_(functional(target, *args, **kwargs))


def _without_out(func: Operator, written: list[str]) -> Operator:
    wanted = [(a.name, str(a.type)) for a in func._schema.arguments if a.name not in written]
    for name in func.overloadpacket.overloads():
        overload = getattr(func.overloadpacket, name)
        if [(a.name, str(a.type)) for a in overload._schema.arguments] == wanted:
            return overload
    raise NoRule(f"{func} writes to out=, and there is no such operation that returns a new tensor")


def _out(functional: Operator, written: list[str], *args: Any, **kwargs: Any) -> Any:
    targets = [kwargs.pop(name) for name in written]
    result = functional(*args, **kwargs)
    for target, value in zip(targets, [result] if len(targets) == 1 else result, strict=True):
        if target.shape != value.shape:
            raise NoRule("out= of another shape than the result is resized, which cannot be recorded")
        target.copy_(value)
    return targets[0] if len(targets) == 1 else tuple(targets)


def _one_by_one(func: Operator, *args: Any, **kwargs: Any) -> Any:
    """`_foreach_NAME(lists)` as NAME on the elements."""
    single = getattr(aten, func._schema.name.removeprefix("aten::_foreach_"), None)
    if single is None:
        raise NoRule(f"{func} has no rule: build the optimizer with foreach=False")
    listed = [isinstance(arg, list | tuple) for arg in args]
    results = [
        single(*(arg[k] if many else arg for arg, many in zip(args, listed, strict=True)), **kwargs)
        for k in range(len(args[0]))
    ]
    return results if func._schema.returns else None


def _fill(target: torch.Tensor, value: Any) -> torch.Tensor:
    return target.copy_(value if isinstance(value, torch.Tensor) else torch.full_like(target, value))


def _zero(target: torch.Tensor) -> torch.Tensor:
    return target.copy_(torch.zeros_like(target))


SPECIAL: dict[str, Callable[..., Any]] = {"aten::fill_": _fill, "aten::zero_": _zero}

"""Operations recorded as other torch operations: writes in place, out= variants, lists of tensors, masks as indices."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import torch

from gradproof.aten.errors import NoRule

Operator = Any  # torch._ops.OpOverload
Rewrite = Callable[..., Any]
Tracks = Callable[[torch.Tensor], bool]

aten = torch.ops.aten

INDEXED = frozenset({"aten.index", "aten._unsafe_index", "aten.index_put", "aten._unsafe_index_put"})


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


def find(func: Operator, args: tuple[Any, ...], tracks: Tracks) -> Rewrite | None:
    """A function of the same arguments made of operations that can be recorded; None if it needs none.

    Raises NoRule for an operation that writes its arguments and has no form that returns new tensors.
    """
    schema = func._schema
    if torch._C._dispatch_has_kernel_for_dispatch_key(func.name(), "CompositeImplicitAutograd"):
        return cast(Rewrite, func.decompose)  # whole in inference mode and in torch's decompositions only
    if schema.name.startswith("aten::_foreach_"):
        return functools.partial(_one_by_one, func)
    if str(func.overloadpacket) in INDEXED and any(t.dtype == torch.bool and tracks(t) for t in tensors(args[1])):
        return functools.partial(_put_where, func)
    if str(func.overloadpacket) == "aten.native_batch_norm" and args[5] and args[3] is not None:
        return _batch_norm
    if not schema.is_mutable or func is aten.copy_.default:
        return None
    if schema.name in IN_PLACE:
        return IN_PLACE[schema.name]
    written = [a.name for a in schema.arguments if a.alias_info is not None and a.alias_info.is_write]
    if written == [schema.arguments[0].name] and schema.name.endswith("_"):
        return functools.partial(_in_place, _functional(func))
    if all(a.kwarg_only for a in schema.arguments if a.name in written):
        return functools.partial(_out, _same_arguments(func, func.overloadpacket, written), written)
    raise NoRule(f"{func} writes its arguments {', '.join(written)} in a way that cannot be recorded")


def python_decomposition(func: Operator) -> Rewrite | None:
    """torch's own decomposition in Python; its table takes a while to load, and few operations need it."""
    from torch._decomp import decomposition_table

    found: Rewrite | None = decomposition_table.get(func)
    return found


def _functional(func: Operator) -> Operator:
    packet = getattr(aten, func._schema.name.removeprefix("aten::").removesuffix("_"), None)
    return _same_arguments(func, packet, ())


def _same_arguments(func: Operator, packet: Any, without: Sequence[str]) -> Operator:
    """The overload of `packet` with the arguments of `func`, except those named."""
    wanted = [(a.name, str(a.type)) for a in func._schema.arguments if a.name not in without]
    for name in packet.overloads() if packet is not None else ():
        overload = getattr(packet, name)
        if [(a.name, str(a.type)) for a in overload._schema.arguments] == wanted:
            return overload
    raise NoRule(f"{func} writes in place, and there is no such operation that returns a new tensor")


def _in_place(functional: Operator, target: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
    return target.copy_(functional(target, *args, **kwargs))


def _out(functional: Operator, written: Sequence[str], *args: Any, **kwargs: Any) -> Any:
    targets = [kwargs.pop(name) for name in written]
    result = functional(*args, **kwargs)
    for target, value in zip(targets, [result] if len(targets) == 1 else result, strict=True):
        if target.shape != value.shape:
            raise NoRule(f"{functional} with out= of shape {tuple(target.shape)} for a result of {tuple(value.shape)}")
        target.copy_(value)
    return targets[0] if len(targets) == 1 else tuple(targets)


def _one_by_one(func: Operator, *args: Any, **kwargs: Any) -> Any:
    """`_foreach_NAME(lists)` as NAME on the elements."""
    name = func._schema.name.removeprefix("aten::_foreach_")
    single = getattr(aten, name, None)
    if single is None and name.endswith("_"):
        packet = getattr(aten, name.removesuffix("_"), None)
        single = packet and functools.partial(_in_place, packet)
    if single is None:
        raise NoRule(f"{func} has no rule: build the optimizer with foreach=False")
    positional, named = list(args), dict(kwargs)
    if name.removesuffix("_") in {"addcmul", "addcdiv"} and len(args) == 4:
        named["value"] = positional.pop()
    results = [
        single(*(_part(arg, k) for arg in positional), **{key: _part(arg, k) for key, arg in named.items()})
        for k in range(len(positional[0]))
    ]
    return results if func._schema.returns else None


def _part(argument: Any, k: int) -> Any:
    return argument[k] if isinstance(argument, list | tuple) else argument


def _put_where(func: Operator, x: torch.Tensor, indices: Sequence[Any], *rest: Any, **kwargs: Any) -> torch.Tensor:
    """x[mask] = one value, the mask differing from trial to trial."""
    given = [k for k, index in enumerate(indices) if index is not None]
    if not rest or len(given) != 1 or rest[0].numel() != 1:
        raise NoRule(
            f"{func} selects by a mask that depends on the leaves: the number of elements differs from trial to trial; "
            f"use torch.where(mask, x, other)"
        )
    mask = indices[given[0]]
    for _ in range(x.ndim - given[0] - mask.ndim):
        mask = mask.unsqueeze(-1)
    value = rest[0].reshape(())
    accumulate = rest[1] if len(rest) > 1 else kwargs.get("accumulate", False)
    return torch.where(mask, x + value if accumulate else value, x)


def _batch_norm(
    x: torch.Tensor,
    weight: Any,
    bias: Any,
    running_mean: torch.Tensor,
    running_var: torch.Tensor,
    training: bool,
    momentum: float,
    eps: float,
) -> Any:
    """The kernel writes its running statistics though its schema does not say so."""
    result = aten.native_batch_norm(x, weight, bias, None, None, True, momentum, eps)
    over = [k for k in range(x.ndim) if k != 1]
    running_mean.mul_(1 - momentum).add_(result[1], alpha=momentum)
    running_var.mul_(1 - momentum).add_(x.var(over, correction=1), alpha=momentum)
    return result


def _fill(target: torch.Tensor, value: Any) -> torch.Tensor:
    return target.copy_(value if isinstance(value, torch.Tensor) else torch.full_like(target, value))


def _zero(target: torch.Tensor) -> torch.Tensor:
    return target.copy_(torch.zeros_like(target))


IN_PLACE: dict[str, Rewrite] = {"aten::fill_": _fill, "aten::zero_": _zero}

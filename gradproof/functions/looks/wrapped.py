"""A function called under one of torch's own transforms: autocast, vmap, forward mode, the compiler, `opcheck`."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import torch

from gradproof.functions.running.calling import called, words
from gradproof.functions.running.target import Target

TRANSFORMS = ("autocast", "vmap", "jvp", "compile", "opcheck")

Said = TypeVar("Said")

LOWER = torch.bfloat16
"""What autocast computes in, on every device."""


class Refused(Exception):
    """A transform does not take the function, or this machine does not have it; the message is torch's."""


def autocast(target: Target, given: Mapping[str, Any], device: str) -> list[torch.Tensor]:
    """The outputs under autocast.

    Raises:
        Refused: The function raises there.
    """
    with torch.autocast(torch.device(device).type, dtype=LOWER):
        return _tried(lambda: called(target, given))


def vmapped(target: Target, given: Mapping[str, Any], mapped: Sequence[str]) -> list[torch.Tensor]:
    """The outputs of a vmap over the first axis of some arguments.

    Raises:
        Refused: torch cannot map it.
    """

    def one(values: dict[str, torch.Tensor]) -> tuple[torch.Tensor, ...]:
        return tuple(called(target, {name: values.get(name, value) for name, value in given.items()}))

    return _tried(lambda: list(torch.func.vmap(one)({name: given[name] for name in mapped})))


def pushed_forward(
    target: Target, given: Mapping[str, Any], tangents: Mapping[str, torch.Tensor]
) -> list[torch.Tensor | None]:
    """The outputs' derivatives along tangents of some arguments, in forward mode; None for outputs without one.

    Raises:
        Refused: It has no rule of forward mode.
    """
    names = list(tangents)

    def one(*values: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return tuple(o for o in called(target, {**given, **dict(zip(names, values, strict=True))}) if _real(o))

    primals = tuple(given[name].detach() for name in names)
    return _tried(lambda: list(torch.func.jvp(one, primals, tuple(tangents.values()))[1]))


def compiled(target: Target, given: Mapping[str, Any]) -> list[torch.Tensor]:
    """The outputs of a compiled caller; its graph is run by torch itself, so that no compiler of C++ is needed.

    Raises:
        Refused: It cannot be compiled.
    """
    torch.compiler.reset()
    run = torch.compile(lambda values: tuple(called(target, values)), backend="aot_eager")
    try:
        return _tried(lambda: list(run(dict(given))))
    finally:
        torch.compiler.reset()


def checked_operator(target: Target, given: Mapping[str, Any]) -> dict[str, str]:
    """What `torch.library.opcheck` says of each of its tests of a registered operator that fails.

    Raises:
        Refused: It is no registered operator.
    """
    operator = target.function
    kinds = (torch._ops.OpOverload, torch._ops.OpOverloadPacket, torch._library.custom_ops.CustomOpDef)
    if not isinstance(operator, kinds):
        raise Refused("it is no registered operator: give what torch.library.custom_op made, or torch.ops.NAME.NAME")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        said = _tried(
            lambda: torch.library.opcheck(operator, tuple(given.values()), dict(target.kwargs), raise_exception=False)
        )
    return {test: _first_line(str(what)) for test, what in said.items() if what != "SUCCESS"}


def _real(value: torch.Tensor) -> bool:
    return value.is_floating_point() or value.is_complex()


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]


def _tried(run: Callable[[], Said]) -> Said:
    try:
        return run()
    except Exception as error:  # the function is the user's, the transform is torch's: what they raise is a fact
        raise Refused(words(error)) from error

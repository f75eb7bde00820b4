"""torch's compiler is not loaded where torch only asks it to stand back.

Making an optimizer, taking its step and `torch.func.grad` import `torch._dynamo`, and a derivative that starts from a
given number imports the symbolic shapes and with them sympy: more than a second, for calls that do nothing outside of
a compiled program. While `uncompiled()` lasts, modules that do this nothing stand in their places; whoever asks them
for more gets the real ones.
"""

from __future__ import annotations

import importlib
import operator
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from types import ModuleType, SimpleNamespace
from typing import Any


class _Standing(ModuleType):
    """A module of a few names, which gives way to the real one when anything else is asked of it."""

    def __init__(self, name: str, held: dict[str, Any]) -> None:
        super().__init__(name)
        self.__dict__.update(held)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)  # what the import system looks for
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


def _as_it_is(function: Callable[..., Any], *_: Any, **__: Any) -> Callable[..., Any]:
    return function


_STANDING: dict[str, dict[str, Any]] = {
    "torch._dynamo": {
        "disable": _as_it_is,
        "graph_break": lambda: None,
        "compiled_autograd": SimpleNamespace(_disable=nullcontext),
    },
    "torch.fx.experimental.symbolic_shapes": {"expect_true": bool, "sym_eq": operator.eq},
}


@contextmanager
def uncompiled() -> Iterator[None]:
    """While it lasts, what torch asks of its compiler is answered without loading it."""
    standing = [_Standing(name, held) for name, held in _STANDING.items() if name not in sys.modules]
    sys.modules.update({module.__name__: module for module in standing})
    try:
        yield
    finally:
        for module in standing:
            if sys.modules.get(module.__name__) is module:
                del sys.modules[module.__name__]

"""Which quantity a variable of existing code is, by the ways in which people name gradients."""

from __future__ import annotations

import re
from collections.abc import Collection

_GRADIENT = (
    re.compile(r"^(?:grad|gradient|delta|dl|dloss)_?(?P<of>\w+)$", re.IGNORECASE),
    re.compile(r"^d_?(?P<of>\w+)$"),
    re.compile(r"^g_?(?P<of>[A-Z]\w*)$"),
    re.compile(r"^(?P<of>\w+?)_?(?:grad|gradient|bar|delta)$", re.IGNORECASE),
)
_UPSTREAM = frozenset(
    [
        "dout",
        "d_out",
        "dy",
        "d_y",
        "dY",
        "grad_output",
        "grad_out",
        "grad_y",
        "upstream",
        "upstream_grad",
        "gradient_output",
        "g",
        "grad",
        "dresult",
    ]
)


def symbol_of(variable: str, symbols: Collection[str]) -> str | None:
    """The symbol that a variable is: its own name, or the one symbol that differs in case or underscores only."""
    bare = variable.rpartition(".")[2].strip("_")
    for name in (variable, bare):
        if name in symbols:
            return name
    alike = [symbol for symbol in symbols if _folded(symbol) == _folded(bare)]
    return alike[0] if len(alike) == 1 else None


def gradient_of(variable: str, symbols: Collection[str], loss: str, cotangent: str | None) -> str | None:
    """The derivative of the loss that a variable's name says, such as `dW1`, `grad_x`, `W_grad`, `dout`."""
    bare = variable.rpartition(".")[2].strip("_")
    if bare in symbols:
        return None
    for pattern in _GRADIENT:
        match = pattern.match(bare)
        if match is not None:
            symbol = symbol_of(match["of"], symbols)
            if symbol is not None and symbol != loss:
                return f"d{loss}_d{symbol}"
    return cotangent if bare in _UPSTREAM else None


def _folded(name: str) -> str:
    return name.replace("_", "").lower()

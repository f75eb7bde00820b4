"""Which quantity a variable of existing code is, by the ways in which people name gradients."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

_LOSS = r"(?:loss|cost|l|j|e|c|nll)"
_GRADIENT = (
    re.compile(rf"^d_?{_LOSS}_?d_?(?P<of>\w+)$", re.IGNORECASE),
    re.compile(r"^(?:grad|gradient|delta|nabla|dl|dloss)_?(?P<of>\w+)$", re.IGNORECASE),
    re.compile(r"^[dD]_?(?P<of>\w+)$"),
    re.compile(r"^g_?(?P<of>[A-Z]\w*)$"),
    re.compile(r"^g_?(?P<of>\w+)$"),
    re.compile(r"^(?P<of>\w+?)_?(?:grad|gradient|bar|delta)$", re.IGNORECASE),
)
_UPSTREAM = frozenset(
    [
        "dout",
        "d_out",
        "dy",
        "d_y",
        "dY",
        "DY",
        "gy",
        "g_y",
        "gY",
        "gout",
        "g_out",
        "grad_output",
        "grad_out",
        "out_grad",
        "output_grad",
        "grad_y",
        "accum_grad",
        "upstream",
        "upstream_grad",
        "upstream_gradient",
        "gradient_output",
        "output_gradient",
        "top_diff",
        "dvalues",
        "dLdy",
        "dL_dy",
        "dLdY",
        "dL_dY",
        "dLdout",
        "dL_dout",
        "d_L_d_out",
        "d_L_d_y",
        "g",
        "grad",
        "gradient",
        "dresult",
        "next_dz",
        "next_delta",
    ]
)
_ERRORS = frozenset({"delta", "error", "err", "diff", "residual"})
_RATES = frozenset({"lr", "learningrate", "learnrate", "eta", "alpha", "stepsize", "rate"})
_LETTERS = frozenset({("w", "weights"), ("w", "weight"), ("b", "biases"), ("b", "bias")})
LOSSES = frozenset({"l", "j", "cost", "loss", "totalloss", "lossvalue", "nll", "objective"})
"""Names, folded, of a returned scalar that is the loss."""


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
    return cotangent if is_upstream(bare) else None


def stems_of(variable: str) -> Iterator[str]:
    """What a variable may be the gradient by, by its name alone: `z` of `dz`, `x_norm` of `dx_norm`."""
    bare = variable.rpartition(".")[2].strip("_")
    return (match["of"] for pattern in _GRADIENT if (match := pattern.match(bare)) is not None)


def is_gradient(variable: str) -> bool:
    """Whether a variable's name says that it is a gradient of something."""
    bare = variable.rpartition(".")[2].strip("_").rstrip("0123456789").rstrip("_").lower()
    return is_upstream(variable) or bare in _ERRORS or next(stems_of(variable), None) is not None


def gradients_of(variable: str, symbols: Collection[str]) -> list[str]:
    """The numbered symbols that a list of gradients is by, in their order: `nabla_w`, `dWs`, `grad_weights`."""
    bare = variable.rpartition(".")[2].strip("_")
    for pattern in _GRADIENT:
        match = pattern.match(bare)
        found = family_of(match["of"], symbols) if match is not None else []
        if found:
            return found
    return []


def is_upstream(variable: str) -> bool:
    """Whether a variable's name says that it is what comes from above."""
    return variable.rpartition(".")[2].strip("_") in _UPSTREAM


def is_rate(variable: str) -> bool:
    """Whether a variable's name says that it is the rate of an update."""
    return _folded(variable.rpartition(".")[2]) in _RATES


def family_of(variable: str, symbols: Collection[str]) -> list[str]:
    """The numbered symbols that a list is of, in their order: `weights_0`, `weights_1` for `weights` or for `w`."""
    families: dict[str, list[str]] = {}
    for symbol in symbols:
        stem = symbol.rstrip("0123456789")
        if stem != symbol and not stem[-1:].isdigit():
            families.setdefault(stem, []).append(symbol)
    whole = bare = _folded(variable.rpartition(".")[2])
    if not any(_folded(stem).startswith(bare) for stem in families):
        bare = bare.removesuffix("s")
    ways = (
        lambda stem: stem in (bare, f"{bare}s"),
        lambda stem: bool(bare) and stem.startswith(bare),
        lambda stem: bare in (f"{stem}list", f"{stem}s") or (stem, whole) in _LETTERS,
    )
    for is_meant in ways:
        fitting = [members for stem, members in families.items() if is_meant(_folded(stem))]
        if len(fitting) == 1:
            return sorted(fitting[0], key=lambda symbol: int(symbol[len(symbol.rstrip("0123456789")) :]))
    return []


def is_loss(variable: str, loss: str) -> bool:
    """Whether a variable's name says that it is the loss."""
    return _folded(variable.rpartition(".")[2]) in LOSSES | {_folded(loss)}


def _folded(name: str) -> str:
    return name.replace("_", "").lower()

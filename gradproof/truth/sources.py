"""What a name of a derivation can be on the torch side, and how the names of derivatives are read."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from gradproof.case.names import derivative_splits
from gradproof.truth.first_run import Call


@dataclass(frozen=True)
class Leaf:
    """A drawn value: an input, a parameter, a hyperparameter, optimizer state, or the cotangent of an output."""

    path: str
    index: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Output:
    """The output of one call of a submodule."""

    call: Call
    index: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Result:
    """What `forward` returns (one of `outputs`), or the loss made of it."""

    name: str
    is_loss: bool


@dataclass(frozen=True)
class Derivative:
    """d(top)/d(bottom), of the shape of top followed by the shape of bottom."""

    top: str
    bottom: str


@dataclass(frozen=True)
class Updated:
    """A parameter, or an entry of the optimizer's state, after the step."""

    path: str
    index: tuple[Any, ...] = ()


Source = Leaf | Output | Result | Derivative | Updated


_GRADIENT = (
    re.compile(r"(?:grad|gradient|delta|d|g)_?(?P<of>\w+)", re.IGNORECASE),
    re.compile(r"(?P<of>\w+?)_?(?:grad|gradient|bar|delta)", re.IGNORECASE),
)
_LOSS = frozenset(("j", "l", "loss", "cost", "objective", "error", "criterion"))


def named_gradient(name: str, symbols: Collection[str]) -> str | None:
    """The symbol whose gradient a short name means: `dW3`, `d_x`, `grad_x`, `x_grad`, `gx`, `delta_z`."""
    if name in symbols:
        return None
    for pattern in _GRADIENT:
        match = pattern.fullmatch(name)
        if match is None:
            continue
        of = match["of"]
        alike = [symbol for symbol in symbols if symbol == of] or [
            symbol for symbol in symbols if symbol.replace("_", "").lower() == of.replace("_", "").lower()
        ]
        if len(alike) == 1:
            return alike[0]
    return None


def looks_like(name: str) -> str:
    """What an unknown quantity seems to be: `update`, `derivative`, `loss`, or nothing of these."""
    if name.endswith("_new"):
        return "update"
    if derivative_splits(name) or re.match(r"(grad|gradient|delta)_?\w|d_?[A-Z]|[dg]_\w|g[A-Z]|\w+_(grad|bar)$", name):
        return "derivative"
    return "loss" if name.lower() in _LOSS else ""


def kind_of(name: str, source: Source | None) -> str:
    """`forward`, `derivative` or `update`: by meaning, or by the look of the name where it has none."""
    if source is None:
        return "update" if name.endswith("_new") else "derivative" if derivative_splits(name) else "forward"
    if isinstance(source, Updated):
        return "update"
    return "derivative" if isinstance(source, Derivative) or name.startswith("dLoss_d") else "forward"


def reading_of(name: str, source: Source | None) -> str:
    """The quantity that a short name was read as; empty where the name says it in full."""
    if not isinstance(source, Derivative) or derivative_splits(name):
        return ""
    return f"d{source.top}_d{source.bottom}"

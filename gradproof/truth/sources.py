"""What a name of a derivation can be on the torch side, and how the names of derivatives are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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


def derivative_splits(name: str) -> list[tuple[str, str]]:
    """All (A, B) with name == 'd' + A + '_d' + B."""
    if not name.startswith("d"):
        return []
    body = name[1:]
    places = [k for k in range(1, len(body) - 2) if body.startswith("_d", k)]
    return [(body[:k], body[k + 2 :]) for k in places if body[k + 2 :]]


def kind_of(name: str, source: Source | None) -> str:
    """`forward`, `derivative` or `update`: by meaning, or by the look of the name where it has none."""
    if source is None:
        return "update" if name.endswith("_new") else "derivative" if derivative_splits(name) else "forward"
    if isinstance(source, Updated):
        return "update"
    return "derivative" if isinstance(source, Derivative) or name.startswith("dLoss_d") else "forward"

"""What happened in each test: which gradients were computed, what was planted there, what was compared, what written.

Events are entered under the test that runs, or under the fixture of a wider scope that is being set up; a test then
has its own events and those of the fixtures that it uses.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch._guards import detect_fake_mode

from gradproof.mutation.facts import LOOKED_AT
from gradproof.mutation.faults import (
    Missing,
    Place,
    Unplantable,
    faulted,
    is_zero,
    largest,
    plain,
)
from gradproof.mutation.inside.places import Line, user_line

MOST_COMPARISONS = 400
Key = str
IMPORT = "import"
"""Where events go that no test and no fixture is running for."""


@dataclass(frozen=True)
class Plant:
    """A mistake in one gradient: of which target, for which input, which, how large."""

    target: str
    input: str
    kind: str
    size: float = 0.0


@dataclass
class Seen:
    """One gradient of one target in one test."""

    calls: int = 0
    largest: float = 0.0
    upstream: float = 0.0
    epsilon: float = 0.0
    scalar: bool = True
    all_ones: bool = True
    constant: bool = True
    zero: bool = True
    contiguous: bool = True
    differentiable: bool = False
    dtypes: list[str] = field(default_factory=list)
    shapes: list[list[int]] = field(default_factory=list)
    file: str = ""
    line: int = 0


@dataclass
class Planted:
    """What became of the plant in one test: how often it ran, how far it moved the gradient, in units of its top."""

    ran: int = 0
    moved: float = 0.0
    missing: int = 0


@dataclass
class Account:
    """The events of one test or one fixture."""

    forward: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    gradients: dict[str, dict[str, Seen]] = field(default_factory=lambda: defaultdict(dict))
    planted: Planted = field(default_factory=Planted)
    comparisons: list[dict[str, Any]] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    blocked: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The account as plain values."""
        gradients = {
            target: {name: asdict(one) for name, one in seen.items()} for target, seen in self.gradients.items()
        }
        return {
            "forward": dict(self.forward),
            "gradients": gradients,
            "planted": asdict(self.planted),
            "comparisons": list(self.comparisons),
            "writes": list(self.writes),
            "blocked": list(self.blocked),
        }


class Ledger:
    """The accounts of one run, and what is planted in it."""

    def __init__(self) -> None:
        self.accounts: dict[Key, Account] = defaultdict(Account)
        self.holders: list[Key] = []
        self.targets: dict[str, dict[str, Any]] = {}
        self.signatures: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.plant: Plant | None = None
        self.is_open = True

    @property
    def current(self) -> Account:
        """Where an event is entered now."""
        return self.accounts[self.holders[-1] if self.holders else IMPORT]

    def forward(self, target: str) -> None:
        """A target's forward ran."""
        self.current.forward[target] += 1

    def gradient(self, target: str, name: str, place: Place) -> torch.Tensor | None:
        """A gradient was computed; the one that is handed on, with what is planted."""
        if detect_fake_mode([place.gradient, *place.cotangents]) is not None:
            return place.gradient  # somebody traces the backward: there are shapes, and no numbers
        self._look(target, name, place)
        plant = self.plant
        if plant is None or (plant.target, plant.input) != (target, name):
            return place.gradient
        return self._with_plant(plant, place)

    def _look(self, target: str, name: str, place: Place) -> None:
        seen = self.current.gradients[target].setdefault(name, Seen())
        seen.calls += 1
        if seen.calls > LOOKED_AT or self.plant is not None:
            return
        g, above = plain(place.gradient), [plain(u) for u in place.cotangents]
        seen.largest = max(seen.largest, largest(g))
        seen.upstream = max([seen.upstream, *map(largest, above)])
        seen.epsilon = max(seen.epsilon, torch.finfo(g.dtype).eps)
        seen.scalar = seen.scalar and all(u.numel() <= 1 for u in place.cotangents)
        seen.constant = seen.constant and bool(above) and all(bool((u == u.reshape(-1)[:1]).all()) for u in above)
        seen.all_ones = seen.all_ones and bool(above) and all(bool((u == 1).all()) for u in above)
        seen.contiguous = seen.contiguous and all(u.is_contiguous() for u in above)
        seen.differentiable = seen.differentiable or place.gradient.requires_grad
        seen.zero = seen.zero and is_zero(place)
        _keep(seen.dtypes, str(g.dtype).removeprefix("torch."))
        _keep(seen.shapes, list(place.gradient.shape))
        if not seen.line:
            where: Line = user_line()
            seen.file, seen.line = where

    def _with_plant(self, plant: Plant, place: Place) -> torch.Tensor | None:
        done = self.current.planted
        try:
            wrong = faulted(plant.kind, place, plant.size)
        except Missing:
            done.ran += 1
            done.missing += 1
            done.moved = max(done.moved, 1.0)
            return None
        except Unplantable:
            return place.gradient
        done.ran += 1
        if done.ran <= LOOKED_AT:
            done.moved = max(done.moved, _moved(place, wrong, plant.kind))
        return wrong

    def of_item(self, item: Key, fixtures: Sequence[Key]) -> dict[str, Any]:
        """What a test did, with what its fixtures did for it."""
        total = self.accounts[item].as_json()
        for key in fixtures:
            if key in self.accounts:
                _add(total, self.accounts[key].as_json())
        return total


def _keep(values: list[Any], found: Any) -> None:
    if found not in values and len(values) < LOOKED_AT:
        values.append(found)


def _moved(place: Place, wrong: torch.Tensor, kind: str) -> float:
    """How far the gradient was moved, in units of its largest entry; 0 where nothing changed at all."""
    if kind == "detached":
        return 1.0
    right, wrong = plain(place.gradient), plain(wrong)
    if not right.numel():
        return 0.0
    furthest = float((wrong - right).abs().max())
    if furthest == 0.0:
        return 0.0
    if not math.isfinite(furthest):
        return 0.0 if torch.equal(right.isfinite(), wrong.isfinite()) and _same_where_finite(right, wrong) else 1.0
    return furthest / (largest(right) or 1.0)


def _same_where_finite(right: torch.Tensor, wrong: torch.Tensor) -> bool:
    finite = right.isfinite()
    return torch.equal(right[finite], wrong[finite])


def _add(total: dict[str, Any], more: dict[str, Any]) -> None:
    for target, count in more["forward"].items():
        total["forward"][target] = total["forward"].get(target, 0) + count
    for target, seen in more["gradients"].items():
        for name, one in seen.items():
            total["gradients"].setdefault(target, {}).setdefault(name, one)
    for name in ("ran", "missing"):
        total["planted"][name] += more["planted"][name]
    total["planted"]["moved"] = max(total["planted"]["moved"], more["planted"]["moved"])
    for name in ("writes", "blocked", "comparisons"):
        total[name] = [*more[name], *total[name]]
